/**
 * The canary check of the self-doubt guard: finds out whether this registry can reach anything at all. The canary is
 * the URL that an operator configured. Without a URL, components of other types are the canaries, because they share
 * nothing with the failing components but the coordinator itself.
 */
import type { CanaryVerdict } from '../../core/health/self-doubt.ts';
import { combineVerdicts } from '../../core/health/self-doubt.ts';
import type { CheckRunner } from './check-runner.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

const MAX_TYPES = 5;
const MAX_CANARIES = 2;
/** A check that passed this recently, in ms, is not repeated. */
const FRESH_MS = 2_000;
const VERDICT_TIMEOUT_MS = 3_000;

export interface CanaryDeps {
  readonly isReachable: (url: string) => Promise<boolean>;
  /** Types other than this one that have components. */
  readonly otherTypes: () => Promise<readonly string[]>;
  readonly verdictOf: (type: string) => Promise<CanaryVerdict>;
}

export async function checkCanary(canaryUrl: string | null, deps: CanaryDeps): Promise<CanaryVerdict> {
  if (canaryUrl !== null) return (await deps.isReachable(canaryUrl)) ? 'seen' : 'unseen';
  const types = (await deps.otherTypes()).slice(0, MAX_TYPES);
  return combineVerdicts(
    await Promise.all(types.map((type) => deps.verdictOf(type).catch((): CanaryVerdict => 'none'))),
  );
}

/**
 * Returns the verdict of this type's working components, requested by the registry of another type. Checks at most
 * `MAX_CANARIES` of them, unless a check passed within `FRESH_MS`. No result within `VERDICT_TIMEOUT_MS` is `unseen`.
 */
export async function canaryVerdict(state: RegistryState, checks: CheckRunner, now: number): Promise<CanaryVerdict> {
  const canaries = Array.from(state.members.values()).filter(isCanary);
  if (canaries.length === 0) return 'none';
  if (Math.abs(now - checks.lastPassedAt) <= FRESH_MS) return 'seen';
  const probed = canaries.toSorted((a, b) => a.idHash - b.idHash).slice(0, MAX_CANARIES);
  const verdicts = probed.map(async (member): Promise<CanaryVerdict> => {
    const verdict = new Promise<CanaryVerdict>((resolve) =>
      member.waiters.push(({ outcome }) => resolve(outcome === 'passed' ? 'seen' : 'unseen')),
    );
    checks.startNow([member], now);
    return verdict;
  });
  const timedOut = new Promise<CanaryVerdict>((resolve) => setTimeout(() => resolve('unseen'), VERDICT_TIMEOUT_MS));
  return Promise.race([firstSeen(verdicts), timedOut]);
}

const isCanary = ({ record: { registration, lifecycle, health } }: Member): boolean =>
  registration.healthCheck !== undefined &&
  lifecycle.state === 'active' &&
  (health.status === 'healthy' || health.status === 'degraded');

/** Resolves at the first `seen`, or when all verdicts are in. */
const firstSeen = (verdicts: readonly Promise<CanaryVerdict>[]): Promise<CanaryVerdict> =>
  new Promise((resolve) => {
    for (const verdict of verdicts) void verdict.then((result) => (result === 'seen' ? resolve('seen') : undefined));
    void Promise.all(verdicts).then((results) => resolve(combineVerdicts(results)));
  });
