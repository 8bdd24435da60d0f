/**
 * Availability in percent: of the time in which a component was observed, the part in which it was healthy or
 * degraded. Time in which its status was unknown, in which it was maintained, and in which nobody looked because
 * the coordinator itself was away counts neither way. Pure.
 */
export interface Uptime {
  readonly upMs: number;
  readonly observedMs: number;
}

/** The uptime of a stretch of time. */
export interface UptimeBucket extends Uptime {
  /** Its beginning, epoch ms. */
  readonly at: number;
  readonly forMs: number;
}

/** Percent with three decimals, rounded down; null while nothing was observed. */
export interface Availability {
  readonly hour: number | null;
  readonly day: number | null;
  /** 30 days. */
  readonly month: number | null;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const MONTH_MS = 30 * DAY_MS;

export const UNKNOWN_AVAILABILITY: Availability = { hour: null, day: null, month: null };

export const startOf = (time: number, unitMs: number): number => Math.floor(time / unitMs) * unitMs;

/** Over the hour, the day and the month before `now`; of a bucket at the edge of a window all counts. */
export function availabilityOf(buckets: Iterable<UptimeBucket>, now: number): Availability {
  const sums = { hour: NONE, day: NONE, month: NONE };
  for (const bucket of buckets) {
    // After the clock went back there may be buckets of times to come.
    if (bucket.at > now) continue;
    const end = bucket.at + bucket.forMs;
    if (end > now - HOUR_MS) sums.hour = sum(sums.hour, bucket);
    if (end > now - DAY_MS) sums.day = sum(sums.day, bucket);
    if (end > now - MONTH_MS) sums.month = sum(sums.month, bucket);
  }
  return { hour: percentOf(sums.hour), day: percentOf(sums.day), month: percentOf(sums.month) };
}

/** Rounded down, so that 100 means that it was never down. */
export function percentOf({ upMs, observedMs }: Uptime): number | null {
  return observedMs <= 0 ? null : Math.floor((upMs / observedMs) * 100_000) / 1_000;
}

const NONE: Uptime = { upMs: 0, observedMs: 0 };

const sum = (a: Uptime, b: Uptime): Uptime => ({ upMs: a.upMs + b.upMs, observedMs: a.observedMs + b.observedMs });
