/** Deletes history that is over for longer than it is kept, in small bites. */
import type { Retention } from '../core/config/system-config.ts';

const DAY_MS = 86_400_000;
/** Longer than the year for which a trigger refuses to delete. */
const KEEP_AUDIT_MS = 400 * DAY_MS;
const BITE = 1_000;

export async function applyRetention(db: D1Database, keep: Retention, now: number): Promise<void> {
  const bite = (table: string, condition: string, before: number): D1PreparedStatement =>
    db
      .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${condition} < ? LIMIT ${BITE})`)
      .bind(before);
  await db.batch([
    bite('failures', 'occurred_at', now - keep.failureDays * DAY_MS),
    bite('recoveries', 'finished_at', now - keep.recoveryDays * DAY_MS),
    bite('audit', 'at', now - KEEP_AUDIT_MS),
    // Before their incidents, of which they then know nothing any more.
    db
      .prepare(
        `DELETE FROM incident_timeline WHERE incident_id IN (SELECT id FROM incidents WHERE resolved_at < ? LIMIT ${BITE})`,
      )
      .bind(now - keep.incidentDays * DAY_MS),
    bite('incidents', 'resolved_at', now - keep.incidentDays * DAY_MS),
  ]);
}
