/**
 * How long work usually takes somewhere: a moving average of what was measured, by time and not by count, so
 * that a busy component's is steady and an idle one's still moves.
 *
 * The times it takes in include waiting in the component: one that is behind counts as slow. Taking the queue
 * out made the simulation no better.
 */

/** About so far back it looks, ms: long enough to be steady, short enough to notice a slowdown in a second or two. */
const SPAN_MS = 2_000;
/** One report counts for so much at most, however long ago the last one was. */
const MOST_OF_ONE = 0.5;

/** The usual time after so many reports, gathered since the last one, of that mean. */
export function ewmaAfter(usualMs: number, latencyMs: number, sinceMs: number, reports = 1): number {
  const byTime = 1 - Math.exp(-Math.max(0, sinceMs) / SPAN_MS);
  const byCount = reports === 1 ? MOST_OF_ONE : 1 - (1 - MOST_OF_ONE) ** reports;
  return usualMs + Math.min(byTime, byCount) * (latencyMs - usualMs);
}

/** A slow one that gets no work is remembered for so long. */
const KEPT_MS = 2_000;
/** After that its time fades at this pace. */
const FADE_MS = 2_000;

/** Whether it was measured so lately that nothing of it has faded. */
export const isRemembered = (unmeasuredMs: number): boolean => unmeasuredMs <= KEPT_MS;

/**
 * The usual time of one that nobody has measured for a while. What was slow gets no work while others wait for less,
 * so nobody would learn that it is fast again: little by little it is taken for typical, until it is tried. It is
 * tried by one piece of work at a time, because a second would have to wait for the first.
 */
export function typicalUnmeasured(usualMs: number, typicalMs: number, unmeasuredMs: number, sinceMs: number): number {
  if (isRemembered(unmeasuredMs) || usualMs <= typicalMs) return usualMs;
  return Math.max(typicalMs, usualMs * Math.exp(-Math.min(sinceMs, unmeasuredMs - KEPT_MS) / FADE_MS));
}
