/** Decides whether a component with an open incident is stable again, so that the incident can be resolved. */
import type { ComponentRecord } from '../component/component-record.ts';
import { isSettled } from '../component/lifecycle.ts';
import type { FlapPolicy } from './flap-damping.ts';
import { isFlapping } from './flap-damping.ts';

/** Stable again, not yet stable, or (`gone`) no longer registered. */
export type Stability = 'stable' | 'unstable' | 'gone';

/** The required proof: a recovery that just proved the component, or sufficient time without a failure. */
export type StabilityCriterion = 'recovery' | 'time';

export interface StabilityPolicy extends FlapPolicy {
  readonly slowStartMs: number;
}

const MIN_UP_MS = 60_000;

/** A successful recovery does not make a flapping component stable: the component must first stay up for a while. */
export function stability(
  { health, lifecycle, recovery }: ComponentRecord,
  criterion: StabilityCriterion,
  policy: StabilityPolicy,
  now: number,
): Exclude<Stability, 'gone'> {
  if (criterion === 'recovery') return isFlapping(health.flap, policy, now) ? 'unstable' : 'stable';
  const isUp = (health.status === 'healthy' || health.status === 'degraded') && !health.suspect;
  if (!isUp || recovery.active || !isSettled(lifecycle)) return 'unstable';
  const upForMs = now - (health.backSince ?? health.since);
  return upForMs >= Math.max(MIN_UP_MS, policy.slowStartMs) ? 'stable' : 'unstable';
}
