/**
 * Leases of callers over time, by their own clock: from the response that granted one until its completion or expiry.
 * Evaluated afterwards, so that late timers cause no false findings.
 */
export interface Holding {
  readonly componentId: string;
  readonly key: string;
  readonly type: string;
  readonly slots: number;
  readonly from: number;
  /** Epoch ms; before the coordinator received the completion. */
  readonly to: number;
}

export class LeaseRecord {
  readonly holdings: Holding[] = [];
  readonly waits: number[] = [];
  readonly counts: Record<string, number> = {};

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  of(...what: readonly string[]): number {
    return what.reduce((sum, each) => sum + (this.counts[each] ?? 0), 0);
  }

  /** Maximum number of slots leased at once, grouped by the result of `by`. */
  most(by: (holding: Holding) => string): Map<string, number> {
    const moves = new Map<string, [at: number, slots: number][]>();
    for (const holding of this.holdings) {
      const own = moves.get(by(holding)) ?? [];
      own.push([holding.from, holding.slots], [holding.to, -holding.slots]);
      moves.set(by(holding), own);
    }
    return new Map(Array.from(moves, ([name, own]) => [name, highest(own)]));
  }
}

/** At equal times, an end counts before a beginning, because their real order is unknown. */
function highest(moves: [at: number, slots: number][]): number {
  let [leased, most] = [0, 0];
  for (const [, slots] of moves.toSorted(([a, slotsA], [b, slotsB]) => a - b || slotsA - slotsB)) {
    leased += slots;
    most = Math.max(most, leased);
  }
  return most;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0;
}
