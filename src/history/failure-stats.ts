/**
 * Failure counts from D1, by the occurrences of each row: in total, by component, component type and failure type,
 * and over time.
 */
import type { BucketRange } from '../core/failure/bucket-range.ts';
import type { FailureFilter } from './failure-history.ts';

export interface FailureTotals {
  readonly totalFailures: number;
  readonly recentFailures: number;
  readonly failuresLastHour: number;
  readonly byComponent: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, number>>;
  readonly byFailureType: Readonly<Record<string, number>>;
}

export interface FailureBucket {
  /** Epoch ms. */
  readonly start: number;
  readonly failures: number;
  readonly byFailureType: Readonly<Record<string, number>>;
}

const MAX_GROUPS = 1_000;

interface Where {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Column names are constants; values from callers are bound. */
function whereFailures(filter: FailureFilter): Where {
  const parts: (readonly [sql: string, value: string | number | undefined])[] = [
    ['component_id = ?', filter.componentId],
    ['component_type = ?', filter.componentType],
    ['failure_type = ?', filter.failureType],
    ['source = ?', filter.source],
    ['occurred_at >= ?', filter.since],
    ['occurred_at < ?', filter.until],
  ];
  const applied = parts.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  // Injected failures of drills do not count.
  const sql = ` WHERE ${['drill_id IS NULL', ...applied.map((part) => part.sql)].join(' AND ')}`;
  return { sql, values: applied.map((part) => part.value) };
}

const HOUR_MS = 3_600_000;

/** Totals over the stored failures that match. `recentFailures` counts those of the last `windowMs` before `now`. */
export async function totalFailures(
  db: D1Database,
  filter: FailureFilter,
  { now, windowMs }: { readonly now: number; readonly windowMs: number },
): Promise<FailureTotals> {
  const { sql, values } = whereFailures(filter);
  const grouped = (column: 'component_id' | 'component_type' | 'failure_type'): D1PreparedStatement =>
    db
      .prepare(
        `SELECT ${column} AS name, SUM(occurrences) AS n FROM failures${sql} GROUP BY 1 ORDER BY n DESC LIMIT ${MAX_GROUPS}`,
      )
      .bind(...values);
  const [totals, byComponent, byType, byFailureType] = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `SELECT COALESCE(SUM(occurrences), 0) AS total, COALESCE(SUM(occurrences * (occurred_at > ?)), 0) AS recent,
           COALESCE(SUM(occurrences * (occurred_at > ?)), 0) AS last_hour FROM failures${sql}`,
      )
      .bind(now - windowMs, now - HOUR_MS, ...values),
    grouped('component_id'),
    grouped('component_type'),
    grouped('failure_type'),
  ]);
  const row = totals?.results[0];
  return {
    totalFailures: Number(row?.['total'] ?? 0),
    recentFailures: Number(row?.['recent'] ?? 0),
    failuresLastHour: Number(row?.['last_hour'] ?? 0),
    byComponent: toRecord(byComponent?.results),
    byType: toRecord(byType?.results),
    byFailureType: toRecord(byFailureType?.results),
  };
}

/**
 * One entry per bucket of the range, empty buckets included. A row counts in the bucket of its first failure. Ignores
 * the `since` and `until` of the filter.
 */
export async function bucketFailures(
  db: D1Database,
  filter: FailureFilter,
  { sizeMs, from, count }: BucketRange,
): Promise<FailureBucket[]> {
  const { sql, values } = whereFailures({ ...filter, since: from, until: from + count * sizeMs });
  const { results } = await db
    .prepare(
      // D1 binds numbers as reals, so the quotient is a real too and needs the cast.
      `SELECT CAST(occurred_at / ? AS INTEGER) AS bucket, failure_type, SUM(occurrences) AS n FROM failures${sql} GROUP BY bucket, failure_type`,
    )
    .bind(sizeMs, ...values)
    .all<{ bucket: number; failure_type: string; n: number }>();
  const rowsByStart = Map.groupBy(results, (row) => row.bucket * sizeMs);
  return Array.from({ length: count }, (_, at) => {
    const start = from + at * sizeMs;
    const rows = rowsByStart.get(start) ?? [];
    const byFailureType = Object.fromEntries(rows.map((row) => [row.failure_type, row.n]));
    return { start, failures: rows.reduce((sum, row) => sum + row.n, 0), byFailureType };
  });
}

const toRecord = (rows: readonly Record<string, unknown>[] = []): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [String(row['name']), Number(row['n'])]));
