/**
 * Fallback tiers: the sets of candidates in the order in which a decision tries them. Built once for a pool, because
 * every decision uses them.
 */
import type { WeightedSet } from './weighted-set.ts';

/** Why the decision chose a component that is not plainly healthy. */
export type FallbackTier = 'suspect' | 'panic' | 'fail-open';

export interface Tier {
  readonly set: WeightedSet;
  readonly fallbackTier: FallbackTier | null;
}

export interface Tiers {
  readonly healthy: readonly Tier[];
  readonly healthyThenSuspect: readonly Tier[];
  readonly panic: readonly Tier[];
  readonly failOpen: readonly Tier[];
}

export function tiersFrom(healthy: WeightedSet, suspect: WeightedSet, active: WeightedSet): Tiers {
  const first: Tier = { set: healthy, fallbackTier: null };
  return {
    healthy: [first],
    healthyThenSuspect: [first, { set: suspect, fallbackTier: 'suspect' }],
    panic: [{ set: active, fallbackTier: 'panic' }],
    failOpen: [{ set: active, fallbackTier: 'fail-open' }],
  };
}
