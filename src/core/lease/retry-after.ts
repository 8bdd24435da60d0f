/**
 * When to come back to a type that is full: when the first lease is sure to be over, or its work usually is, whichever
 * is sooner; later the more are waiting already. Spread, or all who were refused together would be back together.
 */
export interface Fullness {
  /** Epoch ms at which the first lease is over by itself, Infinity when none is held. */
  readonly nextExpiry: number;
  /** How long work usually takes, ms. */
  readonly usualMs: number;
  /** Those who wait, and will be served before. */
  readonly ahead: number;
  /** Leases that are held: so many end in the usual time. */
  readonly held: number;
}

const MIN_S = 1;
const MAX_S = 30;
/** Part of the time by which it is drawn out at most. */
const SPREAD = 0.5;

/** Whole seconds, from 1 to 30, in ms. */
export function retryAfterMs(fullness: Fullness, now: number, random: () => number): number {
  const { nextExpiry, usualMs, ahead, held } = fullness;
  const seconds = (Math.min(nextExpiry - now, usualMs) * (1 + ahead / Math.max(1, held))) / 1_000;
  const spread = bounded(seconds) * (1 + SPREAD * random());
  // Rounded up as often as there is a part of a second: short times are spread as well.
  return 1_000 * bounded(Math.floor(spread + random()));
}

const bounded = (seconds: number): number => Math.min(MAX_S, Math.max(MIN_S, seconds));
