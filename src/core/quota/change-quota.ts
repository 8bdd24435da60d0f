/**
 * How often the holder of a key may change what is registered, by how far that key reaches. An instance
 * registers again at each start, and a registrar may start a whole type at once: the bursts have room for
 * that. Who reaches everything is trusted.
 */
import type { AccessScope } from '../access/permission.ts';
import type { BucketPolicy } from './token-bucket.ts';

/** Whose quota a change is charged to: that of a component's key, or of a registrar's. */
export type Changer = 'component' | 'registrar';

export const CHANGE_QUOTAS: Readonly<Record<Changer, BucketPolicy>> = {
  component: { burst: 20, perSecond: 0.2 },
  registrar: { burst: 1_200, perSecond: 2 },
};

/** Null for callers without a quota. */
export function changerOf(reach: AccessScope): Changer | null {
  if (reach.kind === 'all') return null;
  return reach.owner === null ? 'component' : 'registrar';
}
