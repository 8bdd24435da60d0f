/**
 * Moving average of the response time of a component. The average is weighted by time, not by count: steady for a busy
 * component and still moving for an idle one. Registry and isolates use the same average.
 *
 * Invariant: one slow piece of work, however slow, keeps a component out of work for some seconds only. A slow report
 * is bounded and has a bounded weight, the average fades while no work is measured, and a quick report then counts in
 * full.
 *
 * Measured times include waiting inside the component, so a component with a backlog counts as slow. Excluding the
 * backlog did not improve the simulation.
 */

/** Time constant of the average, ms: long enough to be steady, short enough to notice a slowdown within two seconds. */
const TIME_CONSTANT_MS = 2_000;
/** Upper bound of the weight of one slow report, however long ago the previous one was. */
const MAX_REPORT_WEIGHT = 0.5;
/** A slower report counts as this multiple of the average. A component that stays slow is noticed all the same. */
const MAX_OUTLIER = 10;
/** Averages below this count as this long when an outlier is bounded. */
const MIN_TYPICAL_MS = 10;

/** Bounds a measurement, ms, by a multiple of the average before it. */
export const boundedOutlier = (ewmaMs: number, latencyMs: number): number =>
  Math.min(latencyMs, MAX_OUTLIER * Math.max(MIN_TYPICAL_MS, ewmaMs));

/** Returns the average after `reports` measurements with the mean `latencyMs`, gathered over the last `sinceMs`. */
export function ewmaAfter(ewmaMs: number, latencyMs: number, sinceMs: number, reports = 1): number {
  const byTime = 1 - Math.exp(-Math.max(0, sinceMs) / TIME_CONSTANT_MS);
  // Work that was quick proves that the component is quick now.
  if (latencyMs <= ewmaMs) return ewmaMs + byTime * (latencyMs - ewmaMs);
  const byCount = reports === 1 ? MAX_REPORT_WEIGHT : 1 - (1 - MAX_REPORT_WEIGHT) ** reports;
  return ewmaMs + Math.min(byTime, byCount) * (boundedOutlier(ewmaMs, latencyMs) - ewmaMs);
}

/** A slow average keeps its value for this long without a measurement. */
const FRESH_MS = 2_000;
/** Time constant of the fading after that. */
const FADE_MS = 2_000;

/** Whether the last measurement is so recent that the average has not faded. */
export const isFresh = (unmeasuredMs: number): boolean => unmeasuredMs <= FRESH_MS;

/**
 * Returns the average of a component that has had no measurement for a while.
 *
 * A slow component receives no work while others wait less, so its recovery would go unnoticed. Its average fades
 * towards the typical one until it receives work again. Only one piece of work at a time tries the component, because a
 * second would queue behind the first.
 */
export function fadedTowardsTypical(ewmaMs: number, typicalMs: number, unmeasuredMs: number, sinceMs: number): number {
  if (isFresh(unmeasuredMs) || ewmaMs <= typicalMs) return ewmaMs;
  return Math.max(typicalMs, ewmaMs * Math.exp(-Math.min(sinceMs, unmeasuredMs - FRESH_MS) / FADE_MS));
}
