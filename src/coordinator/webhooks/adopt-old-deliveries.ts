/** Adoption of pending deliveries of versions without webhooks by the webhook of the deployment's configuration. */
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';

/** Moves the deliveries, if there are any, without making one due. Returns the subjects of those that are pending. */
export function adoptOldDeliveries(sql: SqlStorage): string[] {
  const tables = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'deliveries'`;
  if (sql.exec(tables).toArray().length === 0) return [];
  sql.exec(
    `INSERT OR IGNORE INTO webhook_deliveries
       (id, webhook_id, sequence, type, subject, payload, state, next_at, created_at)
     SELECT id, ?, CAST(json_extract(payload, '$.sequence') AS INTEGER), json_extract(payload, '$.type'),
       json_extract(payload, '$.subject'), payload, 'waiting', NULL, created_at
     FROM deliveries WHERE state = 'owed' ORDER BY created_at`,
    BUILT_IN_ID,
  );
  sql.exec('DROP TABLE deliveries');
  const pending = 'SELECT DISTINCT subject FROM webhook_deliveries WHERE webhook_id = ? AND settled_at IS NULL';
  return sql
    .exec<{ subject: string }>(pending, BUILT_IN_ID)
    .toArray()
    .map(({ subject }) => subject);
}
