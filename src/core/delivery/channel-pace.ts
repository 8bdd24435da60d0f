/**
 * The pace of one receiver, for all its deliveries together. A receiver sets its pace by HTTP 429 and `Retry-After`.
 * The coordinator then sends one message at a time, with the requested pause after each. A 429 is no failed attempt, so
 * it uses up no retry. A 503 with `Retry-After` only pauses.
 */
export interface ChannelPace {
  /** Epoch ms before which the coordinator sends nothing to the receiver. */
  readonly nextAllowedAt: number;
  /** Pause after each accepted message, ms; 0 without a limit. */
  readonly intervalMs: number;
  /** Epoch ms at which the pace is forgotten; the next 429 sets it again. */
  readonly until: number;
  /** Epoch ms of the first 429 since the last accepted message; null if none followed. */
  readonly throttledSince: number | null;
}

const MIN_INTERVAL_MS = 250;
const MAX_INTERVAL_MS = 60_000;
const DEFAULT_INTERVAL_MS = 1_000;
const MAX_PAUSE_MS = 86_400_000;
/** Longer than the receiver's own window of counting, so that the next burst does not begin with another 429. */
const REMEMBERED_MS = 600_000;
/** A receiver that returns only 429 for this long counts as failing: its deliveries follow the retry schedule. */
const MAX_THROTTLED_MS = 86_400_000;

/** The pace after a 429. Without `Retry-After` the pause doubles with each 429 in a row. */
export function throttledPace(pace: ChannelPace | null, retryAfterMs: number | null, now: number): ChannelPace {
  const doubled = pace && pace.throttledSince !== null ? 2 * pace.intervalMs : DEFAULT_INTERVAL_MS;
  const pauseMs = clamp(
    retryAfterMs ?? clamp(doubled, MIN_INTERVAL_MS, MAX_INTERVAL_MS),
    MIN_INTERVAL_MS,
    MAX_PAUSE_MS,
  );
  return {
    nextAllowedAt: now + pauseMs,
    intervalMs: Math.min(pauseMs, MAX_INTERVAL_MS),
    until: now + pauseMs + REMEMBERED_MS,
    throttledSince: pace?.throttledSince ?? now,
  };
}

/** The pace after an accepted message; null once no limit is remembered. */
export function acceptedPace(pace: ChannelPace | null, now: number): ChannelPace | null {
  if (!pace || pace.intervalMs === 0 || now >= pace.until) return null;
  return { ...pace, nextAllowedAt: now + pace.intervalMs, throttledSince: null };
}

/** The pace after a 503 with `Retry-After`: nothing is sent before that time. */
export function pausedPace(pace: ChannelPace | null, retryAfterMs: number, now: number): ChannelPace {
  const nextAllowedAt = now + Math.min(retryAfterMs, MAX_PAUSE_MS);
  const { intervalMs = 0, until = 0, throttledSince = null } = pace ?? {};
  return { nextAllowedAt, intervalMs, until: Math.max(until, nextAllowedAt), throttledSince };
}

/** Epoch ms from which a message may be sent; 0 without a pause. A longer pause means that the clock was set back. */
export const allowedFrom = (pace: ChannelPace | null, now: number): number =>
  pace && pace.nextAllowedAt - now <= MAX_PAUSE_MS ? pace.nextAllowedAt : 0;

/** Epoch ms until which nothing is sent; null without a pause. */
export function pausedUntil(pace: ChannelPace | null, now: number): number | null {
  const from = allowedFrom(pace, now);
  return from > now ? from : null;
}

/** True while a limit is remembered: messages then go out one at a time. */
export const isLimited = (pace: ChannelPace | null, now: number): boolean =>
  pace !== null && pace.intervalMs > 0 && now < pace.until;

/** True if the receiver has returned nothing but 429 for so long that it counts as failing. */
export const isThrottledTooLong = ({ throttledSince }: ChannelPace, now: number): boolean =>
  throttledSince !== null && now - throttledSince >= MAX_THROTTLED_MS;

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
