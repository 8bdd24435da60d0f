/**
 * Pages of history, newest first, bounded by items and by bytes. A cursor is the place of the last item: its
 * time and id, so that rows added meanwhile shift nothing.
 */
import { MAX_PAGE_BYTES } from '../core/bounded-page.ts';

export interface PageRequest {
  readonly limit: number;
  readonly before: Place | null;
}

export interface Place {
  readonly at: number;
  readonly id: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: Place | null;
}

/** What is listed. Names of tables and columns are ours; what callers say is bound. */
export interface Listing<R> {
  readonly table: 'audit' | 'failures' | 'recoveries' | 'incidents';
  readonly timeColumn: keyof R & string;
  /** Columns that can be large: their bytes count. */
  readonly large: readonly (keyof R & string)[];
  /** `column = value` for every one that is given. */
  readonly filters: Readonly<Record<string, string | undefined>>;
  /** Epoch ms, included. */
  readonly since?: number | undefined;
  /** Epoch ms, not included. */
  readonly until?: number | undefined;
}

/** Of each row, where it stands and how many there are, the page's size and one more at most. */
interface Placed {
  readonly id: string;
  readonly placed_at: number;
  readonly found: number;
}

/** What a row takes as JSON beside its large columns. */
const ROW_BYTES = 512;

/**
 * Reads a page. What it has no room for stays in D1: the rows' sizes are added up there. One row always fits, or
 * the list would never come to its end.
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
    .all<R & Placed>();
  const last = results.at(-1);
  const isCut = last !== undefined && last.found > results.length;
  return { items: results.map(toItem), next: isCut ? { at: last.placed_at, id: last.id } : null };
}

/** The rows from the place on, one more than the limit that is bound last. */
function selectRows(
  { table, timeColumn, filters, since, until }: Listing<never>,
  before: Place | null,
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
