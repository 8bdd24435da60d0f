/**
 * Page of leases over all types. Reads every registry once, in the fixed order of types. Registries without leases on
 * the page are read too, because the page shows the wait queue of every type.
 */
import { toIso } from '../../core/component/resource.ts';
import { isBlockId, typeOfLease } from '../../core/lease/lease-id.ts';
import type { Lease } from '../../core/lease/lease.ts';
import type { QueueStatistics } from '../../core/lease/queue-statistics.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { LeasePageResource, LeaseResource } from '../schemas/lease.ts';

export interface LeaseListQuery {
  readonly types: readonly string[];
  readonly componentId: string | null;
  readonly limit: number;
  /** Id of the last lease of the previous page; null for the first page. */
  readonly after: string | null;
  /** Whether the page includes the usage of each key. */
  readonly withHolders: boolean;
}

export async function listLeases({
  types,
  componentId,
  limit,
  after,
  withHolders,
}: LeaseListQuery): Promise<LeasePageResource> {
  const items: LeaseResource[] = [];
  const waiting: LeasePageResource['waiting'] = [];
  const recent: LeasePageResource['recent'] = [];
  const holders: NonNullable<LeasePageResource['holders']> = [];
  const afterType = after === null ? undefined : typeOfLease(after);
  const first = afterType === undefined ? 0 : types.indexOf(afterType);
  let hasMore = false;
  for (const [at, type] of types.entries()) {
    // When the page is full, the limit is 0 and the registry reports only whether there are more.
    const left = at < first ? 0 : limit - items.length;
    const query = { after: type === afterType ? after : null, limit: left, componentId };
    const page = await registryOf(type).listLeases(query);
    items.push(...page.items.map((lease) => toResource(lease, type)));
    hasMore ||= at >= first && page.more;
    if (page.waiting.depth > 0) waiting.push({ type, ...page.waiting });
    if (hasAny(page.recent)) recent.push({ type, ...page.recent });
    holders.push(...page.holders.map((holder) => ({ type, ...holder })));
  }
  const last = items.at(-1);
  const nextCursor = hasMore && last ? btoa(last.id) : null;
  return { items, nextCursor, waiting, recent, ...(withHolders ? { holders } : {}) };
}

const hasAny = ({ granted, timedOut, atCapacity, overQuota }: QueueStatistics): boolean =>
  granted + timedOut + atCapacity + overQuota > 0;

/** The lease id in a cursor; null without a cursor, undefined when the cursor is not of this list. */
export function leaseAtCursor(cursor: string | undefined): string | null | undefined {
  if (cursor === undefined) return null;
  try {
    const id = atob(cursor);
    return typeOfLease(id) === undefined ? undefined : id;
  } catch {
    // Not base64, so not a cursor of this list.
    return undefined;
  }
}

const toResource = ({ id, componentId, slots, grantedAt, expiresAt }: Lease, type: string): LeaseResource => ({
  id,
  type,
  componentId,
  kind: isBlockId(id) ? 'block' : 'lease',
  slots,
  grantedAt: toIso(grantedAt),
  expiresAt: toIso(expiresAt),
});
