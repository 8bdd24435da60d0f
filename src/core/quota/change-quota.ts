/**
 * Rate limits of registration changes, by the access scope of the key. A component registers again at each start, and a
 * registrar may start a whole type at once, so the bursts allow for both. Keys with access to everything have no limit.
 */
import type { AccessScope } from '../access/permission.ts';
import type { BucketPolicy } from './token-bucket.ts';

/** The quota that a change is charged to: of a component's key or of a registrar's key. */
export type QuotaHolder = 'component' | 'registrar';

export const CHANGE_QUOTAS: Readonly<Record<QuotaHolder, BucketPolicy>> = {
  component: { burst: 20, perSecond: 0.2 },
  registrar: { burst: 1_200, perSecond: 2 },
};

/** Null for callers without a quota. */
export function quotaHolderOf(scope: AccessScope): QuotaHolder | null {
  if (scope.kind === 'all') return null;
  return scope.owner === null ? 'component' : 'registrar';
}
