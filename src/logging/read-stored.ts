/**
 * Reads rows that an earlier or a newer version of the program may have stored.
 *
 * Invariant: a row that cannot be read stays in its table, is logged once, and harms no other row.
 */
import { logError } from './log-error.ts';

/** Rows that are logged already, by table and first column. */
const logged = new Set<string>();
const MAX_LOGGED = 1_000;

/** The result of `read`, or of `fallback` if the row cannot be read. The first column of a row must be its key. */
export function readStored<Row extends object, T>(
  table: string,
  row: Row,
  read: (row: Row) => T,
  fallback: (row: Row) => T,
): T {
  try {
    return read(row);
  } catch (error) {
    logOnce(table, String(Object.values(row)[0]).slice(0, 128), error);
    return fallback(row);
  }
}

/** The readable rows, mapped. */
export const readRows = <Row extends object, T extends object>(
  table: string,
  rows: readonly Row[],
  read: (row: Row) => T,
): T[] => rows.flatMap((row) => readStored<Row, T | null>(table, row, read, () => null) ?? []);

/** The array in a column of the row `key`; empty if it cannot be read. */
export function readArray<T>(table: string, key: string, text: string): T[] {
  const read = (row: { text: string }): T[] => {
    const value: unknown = JSON.parse(row.text);
    if (!Array.isArray(value)) throw new Error('not a JSON array');
    return value as T[];
  };
  return readStored(table, { key, text }, read, () => []);
}

function logOnce(table: string, key: string, error: unknown): void {
  const name = `${table} ${key}`;
  if (logged.has(name) || logged.size >= MAX_LOGGED) return;
  logged.add(name);
  logError('stored row cannot be read', { table, row: key, error });
}
