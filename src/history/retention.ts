/** How long history is kept: ended things go after their time, in small bites. */
const DAY_MS = 86_400_000;
const KEEP_FAILURES_MS = 30 * DAY_MS;
const KEEP_RECOVERIES_MS = 90 * DAY_MS;
/** Longer than the year for which a trigger refuses to delete. */
const KEEP_AUDIT_MS = 400 * DAY_MS;
const BITE = 1_000;

export async function applyRetention(db: D1Database, now: number): Promise<void> {
  const bite = (table: string, condition: string, before: number): D1PreparedStatement =>
    db
      .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${condition} < ? LIMIT ${BITE})`)
      .bind(before);
  await db.batch([
    bite('failures', 'occurred_at', now - KEEP_FAILURES_MS),
    bite('recoveries', 'finished_at', now - KEEP_RECOVERIES_MS),
    bite('audit', 'at', now - KEEP_AUDIT_MS),
    bite('incidents', 'resolved_at', now - KEEP_RECOVERIES_MS),
  ]);
}
