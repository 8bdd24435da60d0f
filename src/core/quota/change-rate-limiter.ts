/**
 * Rate limiter of requested changes: a change takes a token of the caller's key, and one of that key for its subject.
 * Each object has one. In memory only: an eviction refills the buckets.
 * Invariant: no key can use up what another key may change.
 */
import type { Failure } from '../result.ts';
import { fail } from '../result.ts';
import { BucketTable } from './bucket-table.ts';
import type { QuotaHolder } from './change-quota.ts';
import { CHANGE_QUOTAS, SUBJECT_QUOTA } from './change-quota.ts';

/** The limit of keys in force. */
const MAX_BUCKETS = 50_000;

export interface RequestedChange {
  /** Id of the caller's key. */
  readonly keyId: string;
  readonly quotaHolder: QuotaHolder;
  /** What the call changes, for example `component a`; null for something new. */
  readonly subject: string | null;
}

export class ChangeRateLimiter {
  private readonly byKey: BucketTable;
  private readonly bySubject: BucketTable;

  constructor(max = MAX_BUCKETS) {
    this.byKey = new BucketTable(max);
    this.bySubject = new BucketTable(max);
  }

  /** Charges a change. Returns null if both buckets had a token. */
  refuse({ keyId, quotaHolder, subject }: RequestedChange, now: number): Failure<'too-many-changes'> | null {
    const ofKey = this.byKey.consume(keyId, CHANGE_QUOTAS[quotaHolder], now);
    if (!ofKey.granted)
      return {
        ...fail('too-many-changes', 'the key exceeded its quota of changes'),
        retryAfterMs: ofKey.retryAfterMs,
      };
    if (subject === null) return null;
    const ofSubject = this.bySubject.consume(`${keyId} ${subject}`, SUBJECT_QUOTA, now);
    if (ofSubject.granted) return null;
    return { ...fail('too-many-changes', `${subject} is changed too often`), retryAfterMs: ofSubject.retryAfterMs };
  }
}
