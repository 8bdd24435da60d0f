/**
 * Decides whether a component with an open incident is stable again, so that the incident can be resolved. Only
 * observations prove it. Time in which the coordinator was suspended proves nothing, because nothing was observed.
 */
import type { ComponentRecord } from '../component/component-record.ts';
import { isSettled } from '../component/lifecycle.ts';
import type { FlapPolicy } from './flap-damping.ts';
import { isFlapping } from './flap-damping.ts';

/** Stable again, not yet stable, or (`gone`) no longer registered. */
export type Stability = 'stable' | 'unstable' | 'gone';

/** The required proof: a recovery that just proved the component, or good observations over a sufficient time. */
export type StabilityCriterion = 'recovery' | 'time';

export interface StabilityPolicy extends FlapPolicy {
  readonly slowStartMs: number;
}

export interface StabilityClock {
  /** Epoch ms. */
  readonly now: number;
  /** Time since a moment (epoch ms) in which the registry could observe nothing, ms. */
  readonly unobservedSince: (time: number) => number;
}

/** From the return of the component to the last good observation. */
const MIN_UP_MS = 60_000;
/** Passed checks or good heartbeats. Fewer prove too little, however far apart they are. */
const MIN_OBSERVATIONS = 3;

/** A successful recovery does not make a flapping component stable: the component must first stay up for a while. */
export function stability(
  { health, lifecycle, recovery }: ComponentRecord,
  criterion: StabilityCriterion,
  policy: StabilityPolicy,
  clock: StabilityClock,
): Exclude<Stability, 'gone'> {
  if (criterion === 'recovery') return isFlapping(health.flap, policy, clock.now) ? 'unstable' : 'stable';
  const isUp = (health.status === 'healthy' || health.status === 'degraded') && !health.suspect;
  if (!isUp || recovery.active || !isSettled(lifecycle)) return 'unstable';
  const upSince = health.backSince ?? health.since;
  const observedMs = (health.lastGoodAt ?? upSince) - upSince - clock.unobservedSince(upSince);
  const isProven = health.goodInRow >= MIN_OBSERVATIONS && observedMs >= Math.max(MIN_UP_MS, policy.slowStartMs);
  return isProven ? 'stable' : 'unstable';
}
