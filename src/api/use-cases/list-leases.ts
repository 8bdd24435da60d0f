/**
 * The leases over all types: each registry is asked once, in the fixed order of types, also those whose leases
 * are not on the page, because the page says for each type who waits.
 */
import { toIso } from '../../core/component/resource.ts';
import { isBlock, typeOfLease } from '../../core/lease/lease-id.ts';
import type { Lease } from '../../core/lease/lease.ts';
import type { QueueStatistics } from '../../core/lease/queue-statistics.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { LeasePageResource, LeaseResource } from '../schemas/lease.ts';

export interface LeaseListing {
  readonly types: readonly string[];
  readonly componentId: string | null;
  readonly limit: number;
  /** Id of the last lease of the page before; null for the first page. */
  readonly after: string | null;
  /** Also which keys hold how much. */
  readonly withHolders: boolean;
}

export async function listLeases({
  types,
  componentId,
  limit,
  after,
  withHolders,
}: LeaseListing): Promise<LeasePageResource> {
  const items: LeaseResource[] = [];
  const waiting: LeasePageResource['waiting'] = [];
  const lately: LeasePageResource['lately'] = [];
  const holders: NonNullable<LeasePageResource['holders']> = [];
  const afterType = after === null ? undefined : typeOfLease(after);
  const first = afterType === undefined ? 0 : types.indexOf(afterType);
  let hasMore = false;
  for (const [at, type] of types.entries()) {
    // With the page full it is only asked whether there is more.
    const left = at < first ? 0 : limit - items.length;
    const query = { after: type === afterType ? after : null, limit: left, componentId };
    const page = await registryOf(type).listLeases(query);
    items.push(...page.items.map((lease) => toResource(lease, type)));
    hasMore ||= at >= first && page.more;
    if (page.waiting.depth > 0) waiting.push({ type, ...page.waiting });
    if (hasAny(page.lately)) lately.push({ type, ...page.lately });
    holders.push(...page.holders.map((holder) => ({ type, ...holder })));
  }
  const last = items.at(-1);
  const nextCursor = hasMore && last ? btoa(last.id) : null;
  return { items, nextCursor, waiting, lately, ...(withHolders ? { holders } : {}) };
}

const hasAny = ({ granted, timedOut, atCapacity, overQuota }: QueueStatistics): boolean =>
  granted + timedOut + atCapacity + overQuota > 0;

/** The lease that a cursor names; null without a cursor, undefined when it is not one of this list. */
export function leaseAtCursor(cursor: string | undefined): string | null | undefined {
  if (cursor === undefined) return null;
  try {
    const id = atob(cursor);
    return typeOfLease(id) === undefined ? undefined : id;
  } catch {
    // Not base64: not ours.
    return undefined;
  }
}

const toResource = ({ id, componentId, slots, grantedAt, expiresAt }: Lease, type: string): LeaseResource => ({
  id,
  type,
  componentId,
  kind: isBlock(id) ? 'block' : 'lease',
  slots,
  grantedAt: toIso(grantedAt),
  expiresAt: toIso(expiresAt),
});
