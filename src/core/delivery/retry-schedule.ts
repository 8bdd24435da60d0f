/**
 * The retry schedule that Standard Webhooks recommends. Each pause varies by up to 10 percent, so that deliveries that
 * failed together do not retry together. After the last attempt a delivery is dead.
 *
 * `Retry-After` of a 503 response delays the next attempt, by no more than the longest pause of the schedule. A 429
 * uses up no attempt (`channel-pace.ts`).
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pause before each attempt, ms; about three days in total. */
export const RETRY_PAUSES_MS: readonly number[] = [
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

export interface FailedAttempts {
  /** Failed attempts of this delivery, the last one included; at least 1. */
  readonly failures: number;
  /** Pause that the receiver requested, ms; null if it requested none or the status does not allow it. */
  readonly retryAfterMs: number | null;
}

/** Epoch ms of the next attempt, or null after the last one. `random` is in [0, 1). */
export function nextAttemptAt({ failures, retryAfterMs }: FailedAttempts, now: number, random: number): number | null {
  const pause = RETRY_PAUSES_MS[failures];
  if (pause === undefined) return null;
  const jittered = pause * (1 - JITTER + 2 * JITTER * random);
  return Math.round(now + Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_PAUSE_MS)));
}

const DELAY_SECONDS = /^\d{1,9}$/;

/** `Retry-After`, in seconds or as a date, converted to ms from now; null if it is missing or malformed. */
export function readRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (DELAY_SECONDS.test(text)) return Number(text) * SECOND;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
