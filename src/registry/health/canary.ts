/**
 * The canary check of the self-doubt guard: finds out whether this registry can reach anything at all. The canary is
 * the URL that an operator configured. Without a URL, components of other types are the canaries, because they share
 * nothing with the failing components but the coordinator itself.
 */
import type { CanaryVerdict } from '../../core/health/self-doubt.ts';
import { combineVerdicts } from '../../core/health/self-doubt.ts';
import { healthUrlOf } from '../../core/component/health-url.ts';
import type { Member } from '../state/member.ts';
import type { Reachability } from '../../probe/probe-runner.ts';
import type { RegistryState } from '../state/registry-state.ts';

const MAX_TYPES = 5;
const MAX_CANARIES = 2;
/** A check that passed this recently, in ms, is not repeated. */
const FRESH_MS = 2_000;

export interface CanaryDeps {
  readonly checkReachability: (url: string) => Promise<Reachability>;
  /** Types other than this one that have components. */
  readonly otherTypes: () => Promise<readonly string[]>;
  readonly verdictOf: (type: string) => Promise<CanaryVerdict>;
}

const VERDICTS = { reachable: 'seen', unreachable: 'unseen', late: 'late' } as const;

export async function checkCanary(canaryUrl: string | null, deps: CanaryDeps): Promise<CanaryVerdict> {
  if (canaryUrl !== null) return VERDICTS[await deps.checkReachability(canaryUrl)];
  const types = (await deps.otherTypes()).slice(0, MAX_TYPES);
  return combineVerdicts(
    await Promise.all(types.map((type) => deps.verdictOf(type).catch((): CanaryVerdict => 'none'))),
  );
}

/** The last passed check of this type, and the call that reaches its canaries. */
export interface OwnCanaries {
  /** Epoch ms of the last passed check of any member. */
  readonly lastPassedAt: number;
  readonly checkReachability: (url: string) => Promise<Reachability>;
}

/**
 * Returns the verdict of this type's working components, requested by the registry of another type. Calls at most
 * `MAX_CANARIES` of them, unless a check passed within `FRESH_MS`. Any response counts. The calls are apart from the
 * checks of this type, so that no crowd of checks delays them.
 */
export async function canaryVerdict(
  state: RegistryState,
  { lastPassedAt, checkReachability }: OwnCanaries,
  now: number,
): Promise<CanaryVerdict> {
  const canaries = Array.from(state.members.values()).filter(isCanary);
  if (canaries.length === 0) return 'none';
  if (Math.abs(now - lastPassedAt) <= FRESH_MS) return 'seen';
  const called = canaries.toSorted((a, b) => a.idHash - b.idHash).slice(0, MAX_CANARIES);
  const reached = await Promise.all(called.map(({ record }) => checkReachability(healthUrlOf(record.registration))));
  return combineVerdicts(reached.map((each) => VERDICTS[each]));
}

const isCanary = ({ record: { registration, lifecycle, health } }: Member): boolean =>
  registration.healthCheck !== undefined &&
  lifecycle.state === 'active' &&
  (health.status === 'healthy' || health.status === 'degraded');
