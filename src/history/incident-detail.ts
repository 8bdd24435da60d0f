/** An incident with its timeline, its recoveries, and the failures that led to them. */
import type { TimelineEntry } from '../core/incident/incident-report.ts';
import type { FailureRow, RecordedFailure } from './failure-history.ts';
import { toFailure } from './failure-history.ts';
import type { Incident, IncidentRow } from './incident-history.ts';
import { toIncident } from './incident-history.ts';
import type { EntryRow } from './incident-timeline.ts';
import { readEntries, toEntry } from './incident-timeline.ts';
import type { RecordedRecovery, RecoveryRow } from './recovery-history.ts';
import { toRecovery } from './recovery-history.ts';

export interface IncidentDetail {
  readonly incident: Incident;
  /** Newest first. */
  readonly entries: readonly TimelineEntry[];
  /** Newest first. */
  readonly recoveries: readonly RecordedRecovery[];
  /** Newest first. */
  readonly failures: readonly RecordedFailure[];
}

const MAX_RECOVERIES = 20;
const MAX_FAILURES = 10;
/** Failures that started the first recovery precede the incident by at most this time, ms. */
const FAILURE_LOOKBACK_MS = 600_000;

export async function readIncident(db: D1Database, id: string): Promise<IncidentDetail | null> {
  const row = await db.prepare('SELECT * FROM incidents WHERE id = ?').bind(id).first<IncidentRow>();
  if (!row) return null;
  const incident = toIncident(row);
  const recoveries = db
    .prepare(
      `SELECT * FROM recoveries WHERE incident_id = ?1 OR id = ?2 ORDER BY started_at DESC, id DESC LIMIT ${MAX_RECOVERIES}`,
    )
    .bind(id, incident.recoveryId);
  const [entryRows, recoveryRows] = await db.batch([readEntries(db, id), recoveries]);
  const recoveryList = rowsOf<RecoveryRow>(recoveryRows).map(toRecovery);
  const since = Math.min(incident.openedAt, ...recoveryList.map(({ startedAt }) => startedAt)) - FAILURE_LOOKBACK_MS;
  const { results } = await db
    .prepare(
      `SELECT * FROM failures WHERE component_id = ? AND occurred_at >= ? AND occurred_at <= ?
       ORDER BY occurred_at DESC, id DESC LIMIT ${MAX_FAILURES}`,
    )
    .bind(incident.componentId, since, incident.resolvedAt ?? Number.MAX_SAFE_INTEGER)
    .all<FailureRow>();
  const entries = rowsOf<EntryRow>(entryRows).map(toEntry);
  return { incident, entries, recoveries: recoveryList, failures: results.map(toFailure) };
}

const rowsOf = <T>(result: D1Result | undefined): T[] => (result?.results ?? []) as T[];
