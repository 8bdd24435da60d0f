/** Slow start: a component that returns to service receives a growing part of its full share. */
import type { BalancingSettings } from './balancing-settings.ts';
import type { Candidate } from './candidate.ts';

/** Initial part of the full share in slow start. */
const INITIAL_SHARE = 0.1;

/** Part of the full share at `now`, 0.1 to 1: a linear ramp (Envoy's slow start with aggression 1). */
export function slowStartFactor({ backSince }: Candidate, { slowStartMs }: BalancingSettings, now: number): number {
  if (backSince === null || slowStartMs === 0) return 1;
  return Math.min(1, Math.max(INITIAL_SHARE, (now - backSince) / slowStartMs));
}
