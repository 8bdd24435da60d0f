/**
 * Retry-After for a type without free capacity. The base is the next certain expiry of a lease or the typical time of
 * work, whichever is sooner. Requests that already wait lengthen it. A random spread prevents all refused callers from
 * returning at the same time.
 */
export interface Saturation {
  /** Epoch ms at which the next lease expires by itself; Infinity without leases. */
  readonly nextExpiry: number;
  /** Typical response time of work, ms. */
  readonly typicalMs: number;
  /** Number of waiting requests that will be served before this one. */
  readonly waitingAhead: number;
  /** Number of active leases. About as many end within the typical time. */
  readonly leaseCount: number;
}

const MIN_S = 1;
const MAX_S = 30;
/** Maximum random extension, as a part of the time. */
const SPREAD = 0.5;

/** Returns a time in ms, in whole seconds from 1 to 30. */
export function retryAfterMs(saturation: Saturation, now: number, random: () => number): number {
  const { nextExpiry, typicalMs, waitingAhead, leaseCount } = saturation;
  const seconds = (Math.min(nextExpiry - now, typicalMs) * (1 + waitingAhead / Math.max(1, leaseCount))) / 1_000;
  const spread = bounded(seconds) * (1 + SPREAD * random());
  // Rounds up with the probability of the fraction, so that short times are spread as well.
  return 1_000 * bounded(Math.floor(spread + random()));
}

const bounded = (seconds: number): number => Math.min(MAX_S, Math.max(MIN_S, seconds));
