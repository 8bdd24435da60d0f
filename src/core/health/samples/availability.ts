/**
 * Availability in percent: healthy or degraded time divided by observed time. Pure.
 * Time with unknown status, maintenance, and downtime of the coordinator itself are not observed time.
 */
export interface Uptime {
  readonly upMs: number;
  readonly observedMs: number;
}

/** The uptime within one time span. */
export interface UptimeBucket extends Uptime {
  /** Start of the bucket, epoch ms. */
  readonly at: number;
  /** Length of the bucket, ms. */
  readonly durationMs: number;
}

/** Percent with three decimals, rounded down; null without observed time. */
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

/** Availability over the hour, day and month before `now`. A bucket at the edge of a window counts in full. */
export function availabilityOf(buckets: Iterable<UptimeBucket>, now: number): Availability {
  const sums = { hour: NONE, day: NONE, month: NONE };
  for (const bucket of buckets) {
    // After the clock was set back there may be buckets in the future.
    if (bucket.at > now) continue;
    const end = bucket.at + bucket.durationMs;
    if (end > now - HOUR_MS) sums.hour = sum(sums.hour, bucket);
    if (end > now - DAY_MS) sums.day = sum(sums.day, bucket);
    if (end > now - MONTH_MS) sums.month = sum(sums.month, bucket);
  }
  return { hour: percentOf(sums.hour), day: percentOf(sums.day), month: percentOf(sums.month) };
}

/** Rounded down, so that 100 means no downtime at all. */
export function percentOf({ upMs, observedMs }: Uptime): number | null {
  return observedMs <= 0 ? null : Math.floor((upMs / observedMs) * 100_000) / 1_000;
}

const NONE: Uptime = { upMs: 0, observedMs: 0 };

const sum = (a: Uptime, b: Uptime): Uptime => ({ upMs: a.upMs + b.upMs, observedMs: a.observedMs + b.observedMs });
