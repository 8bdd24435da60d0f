/** Rate limits for requested checks, failure reports and secret rotations of one component. */
import type { BucketPolicy, TokenBucket } from './token-bucket.ts';
import { fullBucket } from './token-bucket.ts';

export const PROBE_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 };
export const REPORT_QUOTA: BucketPolicy = { burst: 60, perSecond: 1 };
/** Each rotation adds an audit row, which cannot be deleted for a year. */
export const ROTATION_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 / 6 };

/** Token buckets of one component. */
export interface OnDemandQuotas {
  readonly probes: TokenBucket;
  readonly reports: TokenBucket;
  readonly rotations: TokenBucket;
}

export const freshQuotas = (now: number): OnDemandQuotas => ({
  probes: fullBucket(PROBE_QUOTA, now),
  reports: fullBucket(REPORT_QUOTA, now),
  rotations: fullBucket(ROTATION_QUOTA, now),
});
