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
const MOST_OF_ONE = 0.3;

/** The usual time after so many reports, gathered since the last one, of that mean. */
export function usualAfter(usualMs: number, latencyMs: number, sinceMs: number, reports = 1): number {
  const byTime = 1 - Math.exp(-Math.max(0, sinceMs) / SPAN_MS);
  const byCount = reports === 1 ? MOST_OF_ONE : 1 - (1 - MOST_OF_ONE) ** reports;
  return usualMs + Math.min(byTime, byCount) * (latencyMs - usualMs);
}

/** A slow one that gets no work is remembered for so long. */
const KEPT_MS = 10_000;
/** After that its time fades at this pace. */
const FADE_MS = 30_000;
/** It counts as slow above this part of what is typical. */
const SLOW = 1.25;
/** Once it no longer does, it is taken for this part of what is typical: it is its turn to be tried. */
const TRIED_AS = 0.5;

/**
 * The usual time of one that nobody has measured for a while. What was slow gets no work while others are idle, so
 * nobody would learn that it is fast again: it is taken for faster and faster until it is tried.
 */
export function usualUnmeasured(usualMs: number, typicalMs: number, unmeasuredMs: number, sinceMs: number): number {
  if (unmeasuredMs <= KEPT_MS || usualMs <= SLOW * typicalMs) return usualMs;
  const faded = usualMs * Math.exp(-Math.min(sinceMs, unmeasuredMs - KEPT_MS) / FADE_MS);
  return faded > SLOW * typicalMs ? faded : TRIED_AS * typicalMs;
}
