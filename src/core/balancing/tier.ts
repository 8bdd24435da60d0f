/**
 * Fallback tiers: the sets of candidates in the order in which a decision tries them. Built once for a pool, because
 * every decision uses them.
 */
import type { BalancingSettings } from './balancing-settings.ts';
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

/** Numbers of components: routable healthy ones, the other routable ones, and all active ones whatever their health. */
export interface TierCounts {
  readonly healthy: number;
  readonly suspect: number;
  readonly active: number;
}

/**
 * Why routing ignores health: the healthy percentage is below the panic threshold, or no component is routable and the
 * policy is `fail-open`. Null if routing respects health.
 */
export function healthIgnoredBy(
  { panicThreshold, noHealthyPolicy }: BalancingSettings,
  { healthy, suspect, active }: TierCounts,
): 'panic' | 'fail-open' | null {
  if (panicThreshold > 0 && healthy * 100 < panicThreshold * active) return 'panic';
  return healthy + suspect === 0 && noHealthyPolicy === 'fail-open' ? 'fail-open' : null;
}
