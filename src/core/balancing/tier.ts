/** Who is asked in which order: made once for a fleet, since every decision goes by it. */
import type { WeightedSet } from './weighted-set.ts';

/** Why the chosen one was asked although it is not plainly healthy. */
export type FallbackTier = 'doubtful' | 'panic' | 'fail-open';

export interface Tier {
  readonly set: WeightedSet;
  readonly resort: FallbackTier | null;
}

export interface Tiers {
  readonly healthy: readonly Tier[];
  readonly healthyThenDoubtful: readonly Tier[];
  readonly panic: readonly Tier[];
  readonly failOpen: readonly Tier[];
}

export function tiersFrom(healthy: WeightedSet, doubtful: WeightedSet, active: WeightedSet): Tiers {
  const first: Tier = { set: healthy, resort: null };
  return {
    healthy: [first],
    healthyThenDoubtful: [first, { set: doubtful, resort: 'doubtful' }],
    panic: [{ set: active, resort: 'panic' }],
    failOpen: [{ set: active, resort: 'fail-open' }],
  };
}
