/**
 * Pages of history, newest first, bounded by items and by bytes. A cursor is the time and id of the last item, so new
 * rows do not shift the pages that follow.
 */
import { MAX_PAGE_BYTES } from '../core/bounded-page.ts';

export interface PageRequest {
  readonly limit: number;
  readonly before: PagePosition | null;
}

export interface PagePosition {
  readonly at: number;
  readonly id: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: PagePosition | null;
}

/** A query for a page. Table and column names are constants; values from callers are bound. */
export interface Listing<R> {
  readonly table: 'audit' | 'failures' | 'recoveries' | 'incidents';
  readonly timeColumn: keyof R & string;
  /** Columns that can be large. Their bytes count towards the size of the page. */
  readonly large: readonly (keyof R & string)[];
  /** One `column = value` condition for each defined value. */
  readonly filters: Readonly<Record<string, string | undefined>>;
  /** Epoch ms, inclusive. */
  readonly since?: number | undefined;
  /** Epoch ms, exclusive. */
  readonly until?: number | undefined;
}

/** Position of a row, and the number of rows found: at most one more than the page limit. */
interface PositionedRow {
  readonly id: string;
  readonly placed_at: number;
  readonly found: number;
}

/** Estimated bytes of a row as JSON without its large columns. */
const ROW_BYTES = 512;

/**
 * Reads a page. D1 sums the sizes of the rows, so rows beyond the byte limit are never transferred. The first row is
 * always included, because otherwise a reader could never pass a row larger than the limit.
 */
export async function readPage<R, T>(
  db: D1Database,
  listing: Listing<R>,
  { limit, before }: PageRequest,
  toItem: (row: R) => T,
): Promise<Page<T>> {
  const { sql, values } = selectRows(listing, before);
  const sizes = listing.large.map((column) => `COALESCE(LENGTH(CAST(${column} AS BLOB)), 0)`);
  const { results } = await db
    .prepare(
      `SELECT * FROM (
         SELECT *, ${listing.timeColumn} AS placed_at, COUNT(*) OVER () AS found, ROW_NUMBER() OVER newest AS place,
           SUM(${[ROW_BYTES, ...sizes].join(' + ')}) OVER newest AS bytes
         FROM (${sql}) WINDOW newest AS (ORDER BY ${listing.timeColumn} DESC, id DESC)
       ) WHERE place = 1 OR bytes <= ${MAX_PAGE_BYTES} ORDER BY place LIMIT ?`,
    )
    .bind(...values, limit + 1, limit)
    .all<R & PositionedRow>();
  const last = results.at(-1);
  const hasMore = last !== undefined && last.found > results.length;
  return { items: results.map(toItem), next: hasMore ? { at: last.placed_at, id: last.id } : null };
}

/** Selects the rows after the position. The caller binds the limit last: one more than the page holds. */
function selectRows(
  { table, timeColumn, filters, since, until }: Listing<never>,
  before: PagePosition | null,
): { sql: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (part: string, ...bound: (string | number)[]): void => {
    parts.push(part);
    values.push(...bound);
  };
  for (const [column, value] of Object.entries(filters)) if (value !== undefined) add(`${column} = ?`, value);
  if (since !== undefined) add(`${timeColumn} >= ?`, since);
  if (until !== undefined) add(`${timeColumn} < ?`, until);
  if (before) add(`(${timeColumn}, id) < (?, ?)`, before.at, before.id);
  const where = parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`;
  return { sql: `SELECT * FROM ${table} ${where} ORDER BY ${timeColumn} DESC, id DESC LIMIT ?`, values };
}
