/** A page of components over all types, by type and id or by severity. */
import { MAX_PAGE_BYTES } from '../../core/bounded-page.ts';
import type { ComponentResource } from '../../core/component/resource.ts';
import type { HealthStatus } from '../../core/health/health-status.ts';
import type { ComponentQuery } from '../../registry/contract/registry-api.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';

/** Worst first. */
const BY_SEVERITY: readonly HealthStatus[] = ['unhealthy', 'degraded', 'unknown', 'healthy'];

export interface ListPosition {
  /** Status of the section in a list by severity; null in a list by type. */
  readonly status: HealthStatus | null;
  readonly type: string;
  readonly id: string;
}

export interface ListQuery extends Omit<ComponentQuery, 'after' | 'maxBytes'> {
  readonly sort: 'id' | 'severity';
  /** Types in the order of the list. */
  readonly types: readonly string[];
  /** Last component of the page before; null for the first page. */
  readonly from: ListPosition | null;
}

export interface ComponentPage {
  readonly items: readonly ComponentResource[];
  /** Last component of the page when more follow, otherwise null. */
  readonly next: ListPosition | null;
  /** On the first page: ids of components whose stored state cannot be read. */
  readonly unreadable: readonly string[];
}

/**
 * Reads the registries one after the other: parallel calls would read a page per type and discard most of them. A list
 * by severity goes through all types once per status, so it has an order without any registry knowing the others.
 */
export async function listComponents({ sort, types, from, ...query }: ListQuery): Promise<ComponentPage> {
  const statuses = sort === 'id' ? [null] : BY_SEVERITY.filter((each) => (query.status ?? each) === each);
  const sections = statuses.flatMap((status) => types.map((type) => ({ status, type })));
  const start = from ? sections.findIndex(({ status, type }) => status === from.status && type === from.type) : 0;
  const items: ComponentResource[] = [];
  const unreadable = new Set<string>();
  let bytes = 0;
  let last: ListPosition | null = from;
  for (const [index, { status, type }] of sections.slice(Math.max(0, start)).entries()) {
    const maxBytes = MAX_PAGE_BYTES - bytes;
    const after = from && index === 0 && start >= 0 ? from.id : null;
    // A full page only needs to know whether more follows.
    const limit = maxBytes > 0 ? query.limit - items.length : 0;
    const page = await registryOf(type).components({
      ...query,
      status: status ?? query.status,
      limit,
      maxBytes,
      after,
    });
    items.push(...page.items);
    if (!from) for (const id of page.unreadable) unreadable.add(id);
    bytes += page.bytes;
    const lastItem = page.items.at(-1);
    if (lastItem) last = { status, type, id: lastItem.id };
    if (page.more) return { items, next: last, unreadable: [...unreadable] };
  }
  return { items, next: null, unreadable: [...unreadable] };
}

/** A cursor that callers pass on unread. */
export const encodeListPosition = ({ status, type, id }: ListPosition): string =>
  btoa(status === null ? `${type}/${id}` : `${status}/${type}/${id}`);

/** The position in a cursor; undefined when the cursor is not one of this list. */
export function decodeListPosition(cursor: string, sort: ListQuery['sort']): ListPosition | undefined {
  try {
    const parts = atob(cursor).split('/');
    const status = sort === 'id' ? null : BY_SEVERITY.find((each) => each === parts[0]);
    const [type = '', id = '', ...rest] = sort === 'id' ? parts : parts.slice(1);
    return status === undefined || type === '' || id === '' || rest.length > 0 ? undefined : { status, type, id };
  } catch {
    return undefined; // Not base64.
  }
}
