/**
 * A token bucket: room for `burst` at once and `perSecond` on the whole. Over any time of `w` seconds it
 * grants at most `burst + perSecond × w`.
 *
 * Plain data with pure functions. The level may be pushed below zero by `spendTokens`, for what cannot
 * wait: it is made good by what comes after.
 */
export interface TokenBucket {
  /** Tokens at the time `at`. */
  readonly level: number;
  /** Epoch ms */
  readonly at: number;
}

export interface BucketPolicy {
  /** Most tokens it holds. */
  readonly burst: number;
  readonly perSecond: number;
}

export type Consumption =
  | { readonly granted: true; readonly next: TokenBucket }
  /** Nothing was taken; `retryAfterMs` is when there would be enough. */
  | { readonly granted: false; readonly next: TokenBucket; readonly retryAfterMs: number };

export const fullBucket = ({ burst }: BucketPolicy, now: number): TokenBucket => ({ level: burst, at: now });

/** The bucket as it is at `now`. A clock that went back fills nothing. */
export function refilled({ level, at }: TokenBucket, { burst, perSecond }: BucketPolicy, now: number): TokenBucket {
  const gained = (Math.max(0, now - at) * perSecond) / 1_000;
  return { level: Math.min(burst, level + gained), at: now };
}

/** Takes `cost` tokens if they are there. */
export function consumeTokens(bucket: TokenBucket, policy: BucketPolicy, now: number, cost = 1): Consumption {
  const next = refilled(bucket, policy, now);
  // Whoever waits as long as it was told must not find a rounding error in the way.
  const missing = cost - next.level - ROUNDING;
  if (missing <= 0) return { granted: true, next: { ...next, level: next.level - cost } };
  return { granted: false, next, retryAfterMs: Math.ceil((missing / policy.perSecond) * 1_000) };
}

/** Takes `cost` tokens whether they are there or not. */
export function spendTokens(bucket: TokenBucket, policy: BucketPolicy, now: number, cost: number): TokenBucket {
  const next = refilled(bucket, policy, now);
  return { ...next, level: next.level - cost };
}

const ROUNDING = 1e-6;
