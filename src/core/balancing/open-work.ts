/**
 * What whoever decides knows of the work under way, by position: mutable, because every decision moves it.
 *
 * `open` is the work in flight: as the registry last said, plus what was given since, and as each outcome
 * corrects it. `lately` is work given in the last moments, whether done or not: between components that
 * wait equally long it is the turn of the one that has had least of it for its share.
 */
export interface OpenWork {
  open: Float64Array;
  lately: Float64Array;
}

export const noWork = (positions: number): OpenWork => ({
  open: new Float64Array(positions),
  lately: new Float64Array(positions),
});

/** Counts one piece of work that was just given. */
export function noteAssigned(work: OpenWork, position: number): void {
  work.open[position]! += 1;
  work.lately[position]! += 1;
}

/** Less is nothing: numbers much smaller than this are slow to reckon with, and would never be 0. */
const LEAST = 1e-300;

/** Lets `lately` fade, so that who is new, or was away, is not owed all it missed. */
export function decay({ lately }: OpenWork, factor: number): void {
  for (let at = 0; at < lately.length; at++) {
    const faded = lately[at]! * factor;
    lately[at] = faded < LEAST ? 0 : faded;
  }
}

/** Room for so many positions. */
export function resizeWork(work: OpenWork, positions: number): void {
  if (positions <= work.open.length) return;
  const length = Math.max(positions, work.open.length * 2);
  for (const name of ['open', 'lately'] as const) {
    const next = new Float64Array(length);
    next.set(work[name]);
    work[name] = next;
  }
}
