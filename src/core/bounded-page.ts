/**
 * A page of a list, bounded by items and by bytes: a call answers no more than an isolate can hold many of at
 * once. Pure; it draws no more candidates than it needs to know whether there are more.
 */
export interface PageLimits {
  /** Most items; with 0 it is only asked whether there is one. */
  readonly limit: number;
  readonly maxBytes: number;
}

export interface BoundedPage<T> {
  readonly items: T[];
  /** What they take as JSON. */
  readonly bytes: number;
  readonly more: boolean;
}

/** What a page takes at most as JSON, give or take an item. */
export const MAX_PAGE_BYTES = 1_048_576;

const encoder = new TextEncoder();

export const utf8Length = (text: string): number => encoder.encode(text).length;

/** The first candidates that there is room for. One always fits, or a list would never come to its end. */
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
