/**
 * What callers held when, by their own clock: from the answer that granted it until they gave it back or its time was
 * over. Judged afterwards, so that a timer that goes off late blames nobody.
 */
export interface Holding {
  readonly componentId: string;
  readonly key: string;
  readonly type: string;
  readonly slots: number;
  readonly from: number;
  /** Epoch ms; before the coordinator could know. */
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

  /** The most slots that were held at once, by what `by` answers of a holding. */
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

/** Of two moves at the same time what ends comes first: nobody can tell them apart. */
function highest(moves: [at: number, slots: number][]): number {
  let [held, most] = [0, 0];
  for (const [, slots] of moves.toSorted(([a, slotsA], [b, slotsB]) => a - b || slotsA - slotsB)) {
    held += slots;
    most = Math.max(most, held);
  }
  return most;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0;
}
