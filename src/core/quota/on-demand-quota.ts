/** How often callers may have one component checked, report it failed or rotate its control secret. */
import type { BucketPolicy, TokenBucket } from './token-bucket.ts';
import { fullBucket } from './token-bucket.ts';

export const PROBE_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 };
export const REPORT_QUOTA: BucketPolicy = { burst: 60, perSecond: 1 };
/** Each is a row of the audit, which nobody can delete for a year. */
export const ROTATION_QUOTA: BucketPolicy = { burst: 10, perSecond: 1 / 6 };

/** What is left of a component's quotas. */
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
