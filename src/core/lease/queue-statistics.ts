/**
 * Statistics of the lease requests of a type over the last five minutes: results by kind, and waiting times of the
 * granted ones. Mutable: every request updates them.
 *
 * Invariant: memory is constant, a fixed number of time spans and histogram buckets.
 */
export type QueueExit = 'granted' | 'timedOut' | 'atCapacity' | 'overQuota';

export interface QueueStatistics {
  /** Covered time, ms. */
  readonly windowMs: number;
  /** Granted after a wait. */
  readonly granted: number;
  /** Waited until `waitMs` had passed, without a grant. */
  readonly timedOut: number;
  /** Refused at once for lack of capacity. */
  readonly atCapacity: number;
  /** Refused because of the quota of the key. */
  readonly overQuota: number;
  /** Percentiles of the waiting time of the requests granted after a wait, ms; null if there were none. */
  readonly waitMs: { readonly p50: number | null; readonly p90: number | null; readonly p99: number | null };
}

interface Span {
  /** Index of the minute since the epoch; -1 if unused. */
  at: number;
  readonly exits: Record<QueueExit, number>;
  readonly waits: number[];
}

export type QueueLog = readonly Span[];

const SPAN_MS = 60_000;
const SPANS = 5;
/** Upper bounds of the histogram buckets, ms. The last one is slightly above the longest possible wait. */
const BOUNDS: readonly number[] = [
  2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000,
  15_000, 20_000, 25_000, 30_000, 31_000,
];

export const emptyLog = (): QueueLog =>
  Array.from({ length: SPANS }, () => ({
    at: -1,
    exits: { granted: 0, timedOut: 0, atCapacity: 0, overQuota: 0 },
    waits: BOUNDS.map(() => 0),
  }));

export function countExit(log: QueueLog, exit: QueueExit, now: number): void {
  spanAt(log, now).exits[exit] += 1;
}

export function countServed(log: QueueLog, waitedMs: number, now: number): void {
  const span = spanAt(log, now);
  span.exits.granted += 1;
  const found = BOUNDS.findIndex((bound) => waitedMs <= bound);
  span.waits[found === -1 ? BOUNDS.length - 1 : found]! += 1;
}

export function queueStatistics(log: QueueLog, now: number): QueueStatistics {
  const current = Math.floor(now / SPAN_MS);
  const spans = log.filter(({ at }) => at > current - SPANS && at <= current);
  const sum = (exit: QueueExit): number => spans.reduce((total, { exits }) => total + exits[exit], 0);
  const waits = BOUNDS.map((_, index) => spans.reduce((total, span) => total + span.waits[index]!, 0));
  return {
    windowMs: SPANS * SPAN_MS,
    granted: sum('granted'),
    timedOut: sum('timedOut'),
    atCapacity: sum('atCapacity'),
    overQuota: sum('overQuota'),
    waitMs: { p50: boundOf(waits, 0.5), p90: boundOf(waits, 0.9), p99: boundOf(waits, 0.99) },
  };
}

/** The upper bound of the bucket that contains the percentile. */
function boundOf(waits: readonly number[], part: number): number | null {
  const all = waits.reduce((total, count) => total + count, 0);
  if (all === 0) return null;
  let below = 0;
  return BOUNDS[waits.findIndex((count) => (below += count) >= part * all)]!;
}

/** Returns the span of that time, reset if it still counted an older one. */
function spanAt(log: QueueLog, now: number): Span {
  const at = Math.floor(now / SPAN_MS);
  const span = log[at % SPANS]!;
  if (span.at !== at) {
    span.at = at;
    span.waits.fill(0);
    for (const exit of Object.keys(span.exits) as QueueExit[]) span.exits[exit] = 0;
  }
  return span;
}
