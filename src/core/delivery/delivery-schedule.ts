/**
 * When a delivery that was not taken is tried again: the schedule that Standard Webhooks recommends, each pause up to a
 * tenth longer or shorter so that those that failed together do not come back together. After the last attempt it is dead.
 *
 * A receiver that says when it has room again (429 and 503 with `Retry-After`) is not asked earlier, nor later than the
 * longest pause of the schedule.
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Before the first attempt, the second, and so on; three days in all. */
export const DELIVERY_PAUSES_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

const JITTER = 0.1;
const MAX_PAUSE_MS = 24 * HOUR;

export interface FailedSoFar {
  /** Failed attempts since it was owed, the last one included; at least 1. */
  readonly failures: number;
  /** What the receiver asked for, ms; null when it did not, or may not. */
  readonly retryAfterMs: number | null;
}

/** Epoch ms of the next attempt, or null: there is none. `random` is in [0, 1). */
export function nextAttemptAt({ failures, retryAfterMs }: FailedSoFar, now: number, random: number): number | null {
  const pause = DELIVERY_PAUSES_MS[failures];
  if (pause === undefined) return null;
  const jittered = pause * (1 - JITTER + 2 * JITTER * random);
  return Math.round(now + Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_PAUSE_MS)));
}

const DELTA = /^\d{1,9}$/;

/** `Retry-After`, in seconds or as a date, in ms from now; null when there is none that can be read. */
export function readRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (DELTA.test(text)) return Number(text) * SECOND;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
