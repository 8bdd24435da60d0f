/** Response times of the last good checks, and what they tell. In ms, rounded to tenths: they are stored. */

/** How many are kept: four minutes at the usual pace. */
export const TIMES_KEPT = 64;

export interface TimeSummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of how many good checks. */
  readonly count: number;
}

export const noteTime = (times: readonly number[], ms: number): readonly number[] => [
  ...times.slice(1 - TIMES_KEPT),
  Math.round(10 * ms) / 10,
];

/** Percentiles by nearest rank; null before the first good check. */
export function summarizeTimes(times: readonly number[]): TimeSummary | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
  return { p50: at(50), p95: at(95), p99: at(99), count: times.length };
}
