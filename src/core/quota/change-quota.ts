/**
 * Rate limits of requested changes, by the access scope of the key and by what is changed. A component registers again
 * at each start, a registrar may start a whole type at once, and an operator may register the largest type: the bursts
 * allow for that. Each change adds an event, an audit entry, or both.
 */
import type { AccessScope } from '../access/permission.ts';
import type { BucketPolicy } from './token-bucket.ts';

/** The quota that a change is charged to: of a component's key, of a registrar's key, or of a key for everything. */
export type QuotaHolder = 'component' | 'registrar' | 'operator';

/** Why a change is refused before it is looked at: the key is no longer valid, or changed too much. */
export type ActorRefusal = 'unauthorized' | 'too-many-changes';

export const CHANGE_QUOTAS: Readonly<Record<QuotaHolder, BucketPolicy>> = {
  component: { burst: 20, perSecond: 0.2 },
  registrar: { burst: 1_200, perSecond: 2 },
  operator: { burst: 12_000, perSecond: 10 },
};

/** Changes of one component, document, webhook or key by one key. */
export const SUBJECT_QUOTA: BucketPolicy = { burst: 300, perSecond: 1 };

export function quotaHolderOf(scope: AccessScope): QuotaHolder {
  if (scope.kind === 'all') return 'operator';
  return scope.owner === null ? 'component' : 'registrar';
}
