/**
 * Response times of the most recent passed checks, with percentiles. In ms, rounded to tenths to keep storage small.
 */

/** Number of times kept: about four minutes at the default check interval. */
export const MAX_TIMES = 64;

export interface TimeSummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Number of passed checks. */
  readonly count: number;
}

export const appendTime = (times: readonly number[], ms: number): readonly number[] => [
  ...times.slice(1 - MAX_TIMES),
  Math.round(10 * ms) / 10,
];

/** Percentiles by nearest rank; null before the first passed check. */
export function summarizeTimes(times: readonly number[]): TimeSummary | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1]!;
  return { p50: at(50), p95: at(95), p99: at(99), count: times.length };
}
