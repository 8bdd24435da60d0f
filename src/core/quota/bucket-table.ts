/**
 * Token buckets by subject, in memory: an eviction of the object refills them. Beyond `max` subjects the least recently
 * used bucket is dropped.
 *
 * Mutable: every consumption updates the table.
 */
import type { BucketPolicy, Consumption, TokenBucket } from './token-bucket.ts';
import { consumeTokens, fullBucket } from './token-bucket.ts';

export class BucketTable {
  /** Least recently used first. */
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  /** Consumes one token of the subject's bucket. */
  consume(subject: string, policy: BucketPolicy, now: number): Consumption {
    const consumption = this.preview(subject, policy, now);
    this.buckets.delete(subject);
    if (this.buckets.size >= this.max) {
      const [oldest] = this.buckets.keys();
      if (oldest !== undefined) this.buckets.delete(oldest);
    }
    this.buckets.set(subject, consumption.next);
    return consumption;
  }

  /** The same without a change of the table. */
  preview(subject: string, policy: BucketPolicy, now: number): Consumption {
    return consumeTokens(this.buckets.get(subject) ?? fullBucket(policy, now), policy, now);
  }
}
