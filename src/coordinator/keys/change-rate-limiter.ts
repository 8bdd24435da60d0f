/**
 * Keeps what holders of keys change within their quotas. In memory only: an eviction forgets what was
 * taken, and beyond so many keys the one that asked longest ago is forgotten.
 */
import type { Changer } from '../../core/quota/change-quota.ts';
import { CHANGE_QUOTAS } from '../../core/quota/change-quota.ts';
import type { TokenBucket } from '../../core/quota/token-bucket.ts';
import { fullBucket, consumeTokens } from '../../core/quota/token-bucket.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';

/** As many as there may be keys in force. */
const MAX_BUCKETS = 50_000;

export class ChangeRateLimiter {
  /** By key id, the one that asked longest ago first. */
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly max: number;

  constructor(max = MAX_BUCKETS) {
    this.max = max;
  }

  /** Takes one change from the quota of a key; null when there was one left. */
  refuse(keyId: string, changer: Changer, now: number): Failure<'too-many-changes'> | null {
    const policy = CHANGE_QUOTAS[changer];
    const taking = consumeTokens(this.buckets.get(keyId) ?? fullBucket(policy, now), policy, now);
    this.buckets.delete(keyId);
    this.makeRoom();
    this.buckets.set(keyId, taking.next);
    if (taking.granted) return null;
    return { ...fail('too-many-changes', 'this key makes changes too often'), retryAfterMs: taking.retryAfterMs };
  }

  private makeRoom(): void {
    if (this.buckets.size < this.max) return;
    const [oldest] = this.buckets.keys();
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
