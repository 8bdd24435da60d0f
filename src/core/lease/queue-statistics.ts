/**
 * What became of those who asked a type for leases, over the last minutes: counts, and how long those waited who
 * were served. Kept in a fixed number of spans and classes of times, however many come. Mutable: every caller moves it.
 */
export type QueueExit = 'granted' | 'timedOut' | 'atCapacity' | 'overQuota';

export interface QueueStatistics {
  /** The time that they are about, ms. */
  readonly overMs: number;
  /** Granted after a wait. */
  readonly granted: number;
  /** Waited for as long as they would, and got nothing. */
  readonly timedOut: number;
  /** Refused at once for want of room. */
  readonly atCapacity: number;
  /** Refused for what their key may hold. */
  readonly overQuota: number;
  /** Of those who were granted something after a wait: ms that this part of them did not wait longer than; null for none. */
  readonly waitMs: { readonly p50: number | null; readonly p90: number | null; readonly p99: number | null };
}

interface Span {
  /** Number of the span of time that it counts. */
  at: number;
  readonly ends: Record<QueueExit, number>;
  readonly waits: number[];
}

export type QueueLog = readonly Span[];

const SPAN_MS = 60_000;
const SPANS = 5;
/** Upper bounds of the classes, ms; the last is the longest that anybody waits, and a little. */
const BOUNDS: readonly number[] = [
  2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000,
  15_000, 20_000, 25_000, 30_000, 31_000,
];

export const emptyLog = (): QueueLog =>
  Array.from({ length: SPANS }, () => ({
    at: -1,
    ends: { granted: 0, timedOut: 0, atCapacity: 0, overQuota: 0 },
    waits: BOUNDS.map(() => 0),
  }));

export function noteEnd(log: QueueLog, end: QueueExit, now: number): void {
  spanAt(log, now).ends[end] += 1;
}

export function noteServed(log: QueueLog, waitedMs: number, now: number): void {
  const span = spanAt(log, now);
  span.ends.granted += 1;
  const found = BOUNDS.findIndex((bound) => waitedMs <= bound);
  span.waits[found === -1 ? BOUNDS.length - 1 : found]! += 1;
}

export function queueStatistics(log: QueueLog, now: number): QueueStatistics {
  const current = Math.floor(now / SPAN_MS);
  const spans = log.filter(({ at }) => at > current - SPANS && at <= current);
  const sum = (end: QueueExit): number => spans.reduce((total, { ends }) => total + ends[end], 0);
  const waits = BOUNDS.map((_, index) => spans.reduce((total, span) => total + span.waits[index]!, 0));
  return {
    overMs: SPANS * SPAN_MS,
    granted: sum('granted'),
    timedOut: sum('timedOut'),
    atCapacity: sum('atCapacity'),
    overQuota: sum('overQuota'),
    waitMs: { p50: boundOf(waits, 0.5), p90: boundOf(waits, 0.9), p99: boundOf(waits, 0.99) },
  };
}

/** The bound of the class in which that part of all is reached. */
function boundOf(waits: readonly number[], part: number): number | null {
  const all = waits.reduce((total, count) => total + count, 0);
  if (all === 0) return null;
  let below = 0;
  return BOUNDS[waits.findIndex((count) => (below += count) >= part * all)]!;
}

/** The span of that time, begun anew where it counted an older one. */
function spanAt(log: QueueLog, now: number): Span {
  const at = Math.floor(now / SPAN_MS);
  const span = log[at % SPANS]!;
  if (span.at !== at) {
    span.at = at;
    span.waits.fill(0);
    for (const end of Object.keys(span.ends) as QueueExit[]) span.ends[end] = 0;
  }
  return span;
}
