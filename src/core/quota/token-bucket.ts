/**
 * Token bucket: a burst of `burst` tokens, refilled at `perSecond`. Within any `w` seconds it grants at most `burst +
 * perSecond × w` tokens.
 *
 * Plain data with pure functions. `spendTokens` serves work that cannot wait and may push the level below zero. Later
 * refills repay the deficit.
 */
export interface TokenBucket {
  /** Tokens at the time `at`. */
  readonly level: number;
  /** Epoch ms. */
  readonly at: number;
}

export interface BucketPolicy {
  /** Capacity of the bucket. */
  readonly burst: number;
  readonly perSecond: number;
}

export type Consumption =
  | { readonly granted: true; readonly next: TokenBucket }
  /** No token was consumed; `retryAfterMs` is the time until enough are available. */
  | { readonly granted: false; readonly next: TokenBucket; readonly retryAfterMs: number };

export const fullBucket = ({ burst }: BucketPolicy, now: number): TokenBucket => ({ level: burst, at: now });

/** Returns the bucket refilled to `now`. A clock that went backwards adds nothing. */
export function refilled({ level, at }: TokenBucket, { burst, perSecond }: BucketPolicy, now: number): TokenBucket {
  const gained = (Math.max(0, now - at) * perSecond) / 1_000;
  return { level: Math.min(burst, level + gained), at: now };
}

/** Consumes `cost` tokens if available. */
export function consumeTokens(bucket: TokenBucket, policy: BucketPolicy, now: number, cost = 1): Consumption {
  const next = refilled(bucket, policy, now);
  // The tolerance keeps rounding errors from refusing a caller that waited for `retryAfterMs`.
  const missing = cost - next.level - ROUNDING;
  if (missing <= 0) return { granted: true, next: { ...next, level: next.level - cost } };
  return { granted: false, next, retryAfterMs: Math.ceil((missing / policy.perSecond) * 1_000) };
}

/** Consumes `cost` tokens even if the level becomes negative. */
export function spendTokens(bucket: TokenBucket, policy: BucketPolicy, now: number, cost: number): TokenBucket {
  const next = refilled(bucket, policy, now);
  return { ...next, level: next.level - cost };
}

const ROUNDING = 1e-6;
