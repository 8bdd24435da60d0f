/**
 * Page of a list, bounded by items and by bytes. An isolate must be able to hold many responses at once. Pure; reads
 * only as many candidates as needed to know whether more exist.
 */
export interface PageLimits {
  /** Maximum number of items; 0 only tests whether any item exists. */
  readonly limit: number;
  readonly maxBytes: number;
}

export interface BoundedPage<T> {
  readonly items: T[];
  /** Size of the items as JSON, bytes. */
  readonly bytes: number;
  readonly more: boolean;
}

/** Maximum size of a page as JSON, give or take one item. */
export const MAX_PAGE_BYTES = 1_048_576;

const encoder = new TextEncoder();

export const utf8Length = (text: string): number => encoder.encode(text).length;

/** Returns the first candidates that fit. One candidate always fits, because paging must make progress. */
export function boundedPage<T>(
  candidates: Iterable<T>,
  { limit, maxBytes }: PageLimits,
  bytesOf: (candidate: T) => number,
): BoundedPage<T> {
  const items: T[] = [];
  let bytes = 0;
  for (const candidate of candidates) {
    if (items.length >= limit) return { items, bytes, more: true };
    const size = bytesOf(candidate);
    if (items.length > 0 && bytes + size > maxBytes) return { items, bytes, more: true };
    items.push(candidate);
    bytes += size;
  }
  return { items, bytes, more: false };
}
