/**
 * Work in flight as the router knows it, by position. Mutable: every decision updates it.
 *
 * `open` is the work in flight: the last value from the registry, plus assignments since, minus outcomes. `recent` is
 * the work assigned recently, finished or not. Among components with equal cost, the one with the least recent work for
 * its share is next.
 */
export interface OpenWork {
  open: Float64Array;
  recent: Float64Array;
}

export const noWork = (positions: number): OpenWork => ({
  open: new Float64Array(positions),
  recent: new Float64Array(positions),
});

/** Counts one new assignment. */
export function countAssignment(work: OpenWork, position: number): void {
  work.open[position]! += 1;
  work.recent[position]! += 1;
}

/** Smaller values become 0: subnormal numbers are slow to compute with and would never reach 0. */
const MIN_RECENT = 1e-300;

/** Decays `recent`, so that a new or returning component does not receive all the work that it missed. */
export function decayRecent({ recent }: OpenWork, factor: number): void {
  for (let at = 0; at < recent.length; at++) {
    const faded = recent[at]! * factor;
    recent[at] = faded < MIN_RECENT ? 0 : faded;
  }
}

/** Grows the arrays to at least this many positions. */
export function resizeWork(work: OpenWork, positions: number): void {
  if (positions <= work.open.length) return;
  const length = Math.max(positions, work.open.length * 2);
  for (const name of ['open', 'recent'] as const) {
    const next = new Float64Array(length);
    next.set(work[name]);
    work[name] = next;
  }
}
