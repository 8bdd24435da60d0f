/** Failures in D1: each appended once by its id, and listed. */
import type { FailureType } from '../core/failure/classify.ts';
import type { FailureReport } from '../core/failure/failure.ts';
import type { FailureSource } from '../core/health/observe-health.ts';
import type { JsonObject } from '../core/json.ts';
import type { Page, PageRequest } from './page.ts';
import { readPage } from './page.ts';

export interface RecordedFailure {
  readonly id: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly failureType: FailureType;
  readonly source: FailureSource;
  readonly code: string | null;
  readonly message: string;
  readonly context: JsonObject | null;
  /** Ids of the dependencies that were down at that time. */
  readonly rootCause: string[];
  /** The drill that injected the failure; null for a real one. */
  readonly drillId: string | null;
  /** Epoch ms; of the first failure, if the record stands for several. */
  readonly occurredAt: number;
  /** Number of failures that the record stands for. */
  readonly occurrences: number;
  /** Epoch ms of the last failure. */
  readonly lastOccurredAt: number;
}

export interface FailureFilter {
  readonly componentId?: string | undefined;
  readonly componentType?: string | undefined;
  readonly failureType?: string | undefined;
  readonly source?: string | undefined;
  /** Epoch ms, inclusive. */
  readonly since?: number | undefined;
  /** Epoch ms, exclusive. */
  readonly until?: number | undefined;
}

export interface FailureRow {
  id: string;
  component_id: string;
  component_type: string;
  failure_type: string;
  source: string;
  code: string | null;
  message: string;
  context: string | null;
  root_cause: string | null;
  drill_id: string | null;
  occurred_at: number;
  occurrences: number;
  last_occurred_at: number | null;
}

export interface NewFailure {
  readonly report: FailureReport;
  readonly failureType: FailureType;
}

/** Appends failures in one statement. Existing failures stay unchanged. */
export async function appendFailures(db: D1Database, failures: readonly NewFailure[]): Promise<void> {
  await db
    .prepare(APPEND)
    .bind(JSON.stringify(failures.map(toColumns)))
    .run();
}

/** One JSON array for all rows: a statement for each row would cost most of the time of a batch. */
const APPEND = `INSERT OR IGNORE INTO failures
    (id, component_id, component_type, failure_type, source, code, message, context, root_cause, drill_id, occurred_at,
     occurrences, last_occurred_at)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
    value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
  FROM json_each(?)`;

const toColumns = ({ report, failureType }: NewFailure): readonly (string | number | null)[] => [
  report.id,
  report.componentId,
  report.componentType,
  failureType,
  report.source,
  report.code,
  report.message,
  report.context && JSON.stringify(report.context),
  report.rootCause?.length ? JSON.stringify(report.rootCause) : null,
  report.drillId ?? null,
  report.occurredAt,
  report.occurrences ?? 1,
  report.lastOccurredAt ?? null,
];

export function listFailures(
  db: D1Database,
  filter: FailureFilter,
  request: PageRequest,
): Promise<Page<RecordedFailure>> {
  const filters = {
    component_id: filter.componentId,
    component_type: filter.componentType,
    failure_type: filter.failureType,
    source: filter.source,
  };
  const listing = {
    table: 'failures',
    timeColumn: 'occurred_at',
    large: ['message', 'context', 'root_cause'],
    filters,
    since: filter.since,
    until: filter.until,
  } as const;
  return readPage<FailureRow, RecordedFailure>(db, listing, request, toFailure);
}

export const toFailure = (row: FailureRow): RecordedFailure => ({
  id: row.id,
  componentId: row.component_id,
  componentType: row.component_type,
  failureType: row.failure_type as FailureType,
  source: row.source as FailureSource,
  code: row.code,
  message: row.message,
  context: row.context === null ? null : (JSON.parse(row.context) as JsonObject),
  rootCause: row.root_cause === null ? [] : (JSON.parse(row.root_cause) as string[]),
  drillId: row.drill_id,
  occurredAt: row.occurred_at,
  occurrences: row.occurrences,
  lastOccurredAt: row.last_occurred_at ?? row.occurred_at,
});
