/** One routing decision on the exact load, and the details that the response gives about it. */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import { explainPick, retryAfterSeconds, scoreOfPick } from '../../core/balancing/explain.ts';
import { countCandidates } from '../../core/balancing/candidate-counts.ts';
import type { CandidatePool } from '../../core/balancing/candidate-pool.ts';
import { compilePool } from '../../core/balancing/candidate-pool.ts';
import type { NoPick, Pick, Picked } from '../../core/balancing/pick.ts';
import { NO_PICK_TEXTS, pickComponent } from '../../core/balancing/pick.ts';
import { fail } from '../../core/result.ts';
import type { LivePool } from './live-pool.ts';
import type { AcquireRequest, Acquired, NotAcquired } from '../contract/lease-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

export interface ExactPick<P extends Pick = Pick> {
  /** The pool of the decision: the registry's own, or one compiled for a dry run. */
  readonly pool: CandidatePool;
  readonly pick: P;
  /** Time of the decision, epoch ms. */
  readonly now: number;
}

/** `splitAt`, 0 to 1, is the request's place in the traffic split. */
export function pickExactly(livePool: LivePool, request: AcquireRequest, splitAt: number, now: number): ExactPick {
  const pool = request.dryRun?.policy ? underPolicy(livePool.pool, request.dryRun.policy, now) : livePool.pool;
  const { work } = livePool;
  const context = { work, now, random: Math.random, splitAt, mode: 'exact', aperture: null } as const;
  return { pool, pick: pickComponent(pool, request.route, context), now };
}

/**
 * To be called before the lease is counted: the score is the one at the moment of the pick. The registration is that of
 * the candidate, and in a response at once: keeping its text would cost as much memory as all registrations.
 */
export function pickedDetails(
  { work, registrationAt }: LivePool,
  { route, explain }: AcquireRequest,
  { pool, pick, now }: ExactPick<Picked>,
): Omit<Acquired, 'lease' | 'block' | 'revision'> {
  const { candidate, position, relaxed, fallbackTier } = pick;
  const score = scoreOfPick({ pool, work, request: route, now }, position);
  const explanation = explain ? explainPick({ pool, work, request: route, now, pick }) : null;
  const registration = registrationAt(position);
  return { ok: true, candidate, registration, policy: pool.settings.policy, score, relaxed, fallbackTier, explanation };
}

type PickRefusal = Extract<NotAcquired, { readonly explanation: object }>;

export function refusalDetails(
  { work }: LivePool,
  { route }: AcquireRequest,
  { pool, pick, now }: ExactPick<NoPick>,
  state: RegistryState,
): PickRefusal {
  const explanation = explainPick({ pool, work, request: route, now, pick });
  // The next check may find a healthy component. For `at-capacity` the allocator replaces this estimate.
  const seconds = retryAfterSeconds(state.index.nextCheckAt, now);
  const failure = fail(pick.reason, NO_PICK_TEXTS[pick.reason]);
  return { ...failure, retryAfterMs: 1_000 * seconds, explanation, counts: countCandidates(pool) };
}

/** The same components under another policy, for a dry run. */
const underPolicy = (pool: CandidatePool, policy: PolicyName, now: number): CandidatePool =>
  compilePool(pool.candidates, { ...pool.settings, policy }, now);
