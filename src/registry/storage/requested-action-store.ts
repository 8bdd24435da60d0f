/** All SQL of operator actions with an idempotency key: a repeated request returns the same recovery. */
import { parseObject } from '../../core/stored-json.ts';
import { readRows } from '../../logging/read-stored.ts';
import type { RecoveryOrder } from '../../core/failure/failure-manager-api.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS asked_actions (
  component_id TEXT NOT NULL,
  key TEXT NOT NULL,
  recovery_order TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (component_id, key)
) STRICT`;

export interface StoredActionRequest {
  /** The action and the caller's idempotency key. */
  readonly key: string;
  readonly order: RecoveryOrder;
}

const RETENTION_MS = 86_400_000;

export class RequestedActionStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
  }

  read(componentId: string, key: string): RecoveryOrder | undefined {
    const sql = 'SELECT key, recovery_order FROM asked_actions WHERE component_id = ? AND key = ?';
    const rows = this.sql.exec<{ key: string; recovery_order: string }>(sql, componentId, key).toArray();
    return readRows('asked_actions', rows, (row) => parseObject<RecoveryOrder>(row.recovery_order))[0];
  }

  save({ key, order }: StoredActionRequest): void {
    this.sql.exec(
      'INSERT OR IGNORE INTO asked_actions (component_id, key, recovery_order, asked_at) VALUES (?, ?, ?, ?)',
      order.componentId,
      key,
      JSON.stringify(order),
      order.startedAt,
    );
  }

  trim(now: number): void {
    this.sql.exec('DELETE FROM asked_actions WHERE asked_at < ?', now - RETENTION_MS);
  }

  drop(componentId: string): void {
    this.sql.exec('DELETE FROM asked_actions WHERE component_id = ?', componentId);
  }
}
