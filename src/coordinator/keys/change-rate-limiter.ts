/**
 * Rate limiter of registration changes, with one token bucket per key. Buckets live in memory only: an eviction resets
 * them. Beyond the limit of buckets, the least recently used is dropped.
 */
import type { QuotaHolder } from '../../core/quota/change-quota.ts';
import { CHANGE_QUOTAS } from '../../core/quota/change-quota.ts';
import type { TokenBucket } from '../../core/quota/token-bucket.ts';
import { fullBucket, consumeTokens } from '../../core/quota/token-bucket.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';

/** The limit of keys in force. */
const MAX_BUCKETS = 50_000;

export class ChangeRateLimiter {
  /** Buckets by key id, least recently used first. */
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly max: number;

  constructor(max = MAX_BUCKETS) {
    this.max = max;
  }

  /** Consumes one token of the key's bucket. Returns null if a token was available. */
  refuse(keyId: string, quotaHolder: QuotaHolder, now: number): Failure<'too-many-changes'> | null {
    const policy = CHANGE_QUOTAS[quotaHolder];
    const consumption = consumeTokens(this.buckets.get(keyId) ?? fullBucket(policy, now), policy, now);
    this.buckets.delete(keyId);
    this.evictOldest();
    this.buckets.set(keyId, consumption.next);
    if (consumption.granted) return null;
    return {
      ...fail('too-many-changes', 'the key exceeded its quota of changes'),
      retryAfterMs: consumption.retryAfterMs,
    };
  }

  private evictOldest(): void {
    if (this.buckets.size < this.max) return;
    const [oldest] = this.buckets.keys();
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
