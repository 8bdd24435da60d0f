/**
 * Deletes history that has ended and is older than its retention period, in small batches. Deletes the oldest failures
 * beyond `MAX_FAILURES` too: by its budget of rows, one key cannot add as many within the retention period.
 */
import type { Retention } from '../core/config/system-config.ts';

const DAY_MS = 86_400_000;
/** Exceeds the year during which a trigger rejects deletes. */
const AUDIT_RETENTION_MS = 400 * DAY_MS;
const MAX_ROWS = 1_000;
const MAX_FAILURES = 500_000;

export async function applyRetention(db: D1Database, keep: Retention, now: number): Promise<void> {
  const deleteExpired = (table: string, condition: string, before: number): D1PreparedStatement =>
    db
      .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${condition} < ? LIMIT ${MAX_ROWS})`)
      .bind(before);
  await db.batch([
    deleteExpired('failures', 'occurred_at', now - keep.failureDays * DAY_MS),
    // SQLite assigns the row ids in the order of writing.
    db
      .prepare(
        `DELETE FROM failures WHERE rowid IN
           (SELECT rowid FROM failures WHERE rowid <= (SELECT MAX(rowid) FROM failures) - ? ORDER BY rowid LIMIT ${MAX_ROWS})`,
      )
      .bind(MAX_FAILURES),
    deleteExpired('recoveries', 'finished_at', now - keep.recoveryDays * DAY_MS),
    deleteExpired('audit', 'at', now - AUDIT_RETENTION_MS),
    // Timelines are deleted first, because the query finds them through their incidents.
    db
      .prepare(
        `DELETE FROM incident_timeline WHERE incident_id IN (SELECT id FROM incidents WHERE resolved_at < ? LIMIT ${MAX_ROWS})`,
      )
      .bind(now - keep.incidentDays * DAY_MS),
    deleteExpired('incidents', 'resolved_at', now - keep.incidentDays * DAY_MS),
  ]);
}
