/** One decision on the exact load, and what its caller is told of it. */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import { explainPick, retryAfterSeconds, scoreOfPick } from '../../core/balancing/explain.ts';
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import { compilePool } from '../../core/balancing/candidate-pool.ts';
import type { NoPick, Pick, Picked } from '../../core/balancing/pick.ts';
import { pickComponent } from '../../core/balancing/pick.ts';
import { fail } from '../../core/result.ts';
import type { LivePool } from './live-pool.ts';
import { nextCheckAt } from '../state/component-views.ts';
import type { AcquireRequest, Acquired, NotAcquired } from '../contract/lease-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

export interface ExactPick<P extends Pick = Pick> {
  /** The one decided from: the registry's own, or one compiled for a rehearsal. */
  readonly fleet: CandidatePool;
  readonly pick: P;
}

/** `splitAt` is where in the traffic split the request falls. */
export function pickExactly(exact: LivePool, asked: AcquireRequest, splitAt: number, now: number): ExactPick {
  const fleet = asked.rehearsal?.policy ? underPolicy(exact.fleet, asked.rehearsal.policy, now) : exact.fleet;
  const context = { work: exact.work, random: Math.random, splitAt, mode: 'exact', segment: null } as const;
  return { fleet, pick: pickComponent(fleet, asked.request, context) };
}

/** To be told before the lease is counted: its score is that of the moment it was chosen. */
export function pickedDetails(
  { work }: LivePool,
  { request, explain }: AcquireRequest,
  { fleet, pick }: ExactPick<Picked>,
): Omit<Acquired, 'lease' | 'block' | 'revision'> {
  const { candidate, position, relaxed, resort } = pick;
  const score = scoreOfPick(fleet, work, position, request);
  const explanation = explain ? explainPick({ fleet, work, request, pick }) : null;
  return { ok: true, candidate, policy: fleet.settings.policy, score, relaxed, resort, explanation };
}

type Nobody = Extract<NotAcquired, { readonly explanation: object }>;

export function refusalDetails(
  { work }: LivePool,
  { request }: AcquireRequest,
  { fleet, pick }: ExactPick<NoPick>,
  state: RegistryState,
  now: number,
): Nobody {
  const explanation = explainPick({ fleet, work, request, pick });
  // Somebody healthy is found by a check; when there is room again the line knows better.
  const seconds = retryAfterSeconds(nextCheckAt(state.members), now);
  return { ...fail(pick.reason, SAID[pick.reason]), retryAfterMs: 1_000 * seconds, explanation };
}

const SAID: Readonly<Record<NoPick['reason'], string>> = {
  'no-healthy-components': 'no component can take work right now',
  'at-capacity': 'nobody has that many slots free',
  'preferences-unmet': 'nobody meets the preferences',
};

/** The same components under another policy, for a rehearsal. */
const underPolicy = (fleet: CandidatePool, policy: PolicyName, now: number): CandidatePool =>
  compilePool(fleet.candidates, { ...fleet.settings, policy }, now);
