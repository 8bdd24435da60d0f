/** Timelines of incidents in D1. Each entry is stored once, by its key. */
import type { TimelineEntry, TimelineKind } from '../core/incident/incident-report.ts';

export interface EntryRow {
  incident_id: string;
  key: string;
  at: number;
  kind: string;
  actor: string | null;
  detail: string;
  recovery_id: string | null;
}

/** Entries per incident that are read; more than an operator looks at. */
const MAX_ENTRIES = 200;

export const appendEntry = (db: D1Database, entry: TimelineEntry): D1PreparedStatement =>
  db
    .prepare(
      `INSERT OR IGNORE INTO incident_timeline (incident_id, key, at, kind, actor, detail, recovery_id)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(entry.incidentId, entry.key, entry.at, entry.kind, entry.by, entry.detail, entry.recoveryId);

/** Statement that reads an incident's entries, newest first. */
export const readEntries = (db: D1Database, incidentId: string): D1PreparedStatement =>
  db
    .prepare(`SELECT * FROM incident_timeline WHERE incident_id = ? ORDER BY at DESC, rowid DESC LIMIT ${MAX_ENTRIES}`)
    .bind(incidentId);

export const toEntry = (row: EntryRow): TimelineEntry => ({
  incidentId: row.incident_id,
  key: row.key,
  at: row.at,
  kind: row.kind as TimelineKind,
  by: row.actor,
  detail: row.detail,
  recoveryId: row.recovery_id,
});
