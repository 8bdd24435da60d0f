/** Whether a component that had an incident is well again, so that the incident is over by itself. */
import type { ComponentRecord } from '../component/component-record.ts';
import { isSettled } from '../component/lifecycle.ts';
import type { FlapPolicy } from './flap-damping.ts';
import { isFlapping } from './flap-damping.ts';

/** `gone`: nobody can say any more, and nobody needs to. */
export type Stability = 'well' | 'ailing' | 'gone';

/** What is taken as proof: that a recovery has just proven it, or that it has been well for a while. */
export type StabilityCriterion = 'recovery' | 'time';

export interface StabilityPolicy extends FlapPolicy {
  readonly slowStartMs: number;
}

const LEAST_MS = 60_000;

/** One that falls again and again is not well because a recovery helped once more: it has to stay up for a while. */
export function stability(
  { health, lifecycle, recovery }: ComponentRecord,
  by: StabilityCriterion,
  policy: StabilityPolicy,
  now: number,
): Exclude<Stability, 'gone'> {
  if (by === 'recovery') return isFlapping(health.flap, policy, now) ? 'ailing' : 'well';
  const isUp = (health.status === 'healthy' || health.status === 'degraded') && !health.suspect;
  if (!isUp || recovery.active || !isSettled(lifecycle)) return 'ailing';
  const upFor = now - (health.backSince ?? health.since);
  return upFor >= Math.max(LEAST_MS, policy.slowStartMs) ? 'well' : 'ailing';
}
