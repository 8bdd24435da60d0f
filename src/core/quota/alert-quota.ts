/**
 * Limits of alert messages to people, per component type and for the deployment. A message over the limit waits, and
 * then reports what its group has become by that time. Each channel receives at most this many messages.
 */
import type { BucketPolicy } from './token-bucket.ts';

export const ALERT_QUOTAS: Readonly<Record<'type' | 'deployment', BucketPolicy>> = {
  type: { burst: 6, perSecond: 6 / 60 },
  deployment: { burst: 30, perSecond: 30 / 60 },
};
