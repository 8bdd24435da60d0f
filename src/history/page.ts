/**
 * Pages of history, newest first. A cursor is the place of the last item: its time and id, so that
 * rows added meanwhile shift nothing.
 */
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

/** Cuts a page out of `limit + 1` rows: one more row than asked for means that there is more. */
export function cutPage<T>(rows: readonly T[], limit: number, placeOf: (row: T) => Place): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? placeOf(last) : null };
}

export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** `column = value` for every filter that is given, and the place to go on from. */
export function conditionsFor(
  filters: Readonly<Record<string, string | undefined>>,
  timeColumn: string,
  before: Place | null,
): Condition {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  for (const [column, value] of Object.entries(filters)) {
    if (value === undefined) continue;
    parts.push(`${column} = ?`);
    values.push(value);
  }
  if (before) {
    parts.push(`(${timeColumn}, id) < (?, ?)`);
    values.push(before.at, before.id);
  }
  return { sql: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}
