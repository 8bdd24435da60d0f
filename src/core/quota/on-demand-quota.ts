/** Rate limits of one component: requested checks, failure reports, secret rotations, and events of its status. */
import type { BucketPolicy, TokenBucket } from './token-bucket.ts';
import { fullBucket } from './token-bucket.ts';

export const PROBE_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 };
/** Checks on demand of all components of a type that one account requests. */
export const PROBE_QUOTA_OF_ACCOUNT: BucketPolicy = { burst: 60, perSecond: 5 };
/** Checks on demand that wait for their result, in one type. */
export const MAX_WAITING_PROBES = { all: 128, ofAccount: 32 } as const;
export const REPORT_QUOTA: BucketPolicy = { burst: 60, perSecond: 1 };
/** Rows that reports about a component may add to the history. Reports beyond it are merged. */
export const REPORT_ROW_QUOTA: BucketPolicy = { burst: 30, perSecond: 2 / 60 };
/** The same for all reports of one key in a type: at most 14 400 rows a day. */
export const REPORT_ROW_QUOTA_OF_KEY: BucketPolicy = { burst: 300, perSecond: 10 / 60 };
/** Each rotation adds an audit row, which cannot be deleted for a year. */
export const ROTATION_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 / 6 };
/** Changes of status that the event log shows. Changes beyond it are merged into the next event. */
export const STATUS_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 };
/**
 * The same for all components of one owner whose calls change their status. A whole type may change at once, so the
 * burst is large.
 */
export const STATUS_QUOTA_OF_KEY: BucketPolicy = { burst: 2_000, perSecond: 5 };

/** Token buckets of one component. */
export interface OnDemandQuotas {
  readonly probes: TokenBucket;
  readonly reports: TokenBucket;
  readonly reportRows: TokenBucket;
  readonly rotations: TokenBucket;
  readonly statuses: TokenBucket;
}

export const freshQuotas = (now: number): OnDemandQuotas => ({
  probes: fullBucket(PROBE_QUOTA, now),
  reports: fullBucket(REPORT_QUOTA, now),
  reportRows: fullBucket(REPORT_ROW_QUOTA, now),
  rotations: fullBucket(ROTATION_QUOTA, now),
  statuses: fullBucket(STATUS_QUOTA, now),
});
