/** All SQL of what is owed to the outside: the queue is only the way, this is the record. */
export type DeliveryState = 'owed' | 'delivered' | 'dead';

export interface Delivery {
  readonly id: string;
  readonly state: DeliveryState;
  /** The document to send, as text, the same at every attempt. */
  readonly payload: string;
  readonly createdAt: number;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS deliveries (
     id TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     payload TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expected_by INTEGER NOT NULL,
     last_error TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS deliveries_owed ON deliveries (expected_by) WHERE state = 'owed'`,
];

const KEEP_SETTLED_MS = 7 * 86_400_000;

interface DeliveryRow extends Record<string, SqlStorageValue> {
  id: string;
  state: string;
  payload: string;
  created_at: number;
}

export class DeliveryStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  owe(id: string, payload: string, now: number): void {
    this.sql.exec(
      `INSERT OR IGNORE INTO deliveries (id, state, payload, created_at, expected_by) VALUES (?, 'owed', ?, ?, 0)`,
      id,
      payload,
      now,
    );
  }

  find(id: string): Delivery | undefined {
    return this.sql.exec<DeliveryRow>('SELECT * FROM deliveries WHERE id = ?', id).toArray().map(toDelivery)[0];
  }

  settle(id: string, state: 'delivered' | 'dead', error: string | null): void {
    this.sql.exec(`UPDATE deliveries SET state = ?, last_error = ? WHERE id = ? AND state = 'owed'`, state, error, id);
  }

  /** What is owed and should have been delivered before `now`. */
  overdue(now: number, limit: number): string[] {
    return this.sql
      .exec<{ id: string }>(
        `SELECT id FROM deliveries WHERE state = 'owed' AND expected_by <= ? ORDER BY expected_by LIMIT ?`,
        now,
        limit,
      )
      .toArray()
      .map((row) => row.id);
  }

  /** It is on its way and should have arrived by then. */
  expectBy(id: string, expectedBy: number): void {
    this.sql.exec('UPDATE deliveries SET expected_by = ? WHERE id = ?', expectedBy, id);
  }

  trim(now: number): void {
    this.sql.exec(`DELETE FROM deliveries WHERE state <> 'owed' AND created_at < ?`, now - KEEP_SETTLED_MS);
  }
}

const toDelivery = (row: DeliveryRow): Delivery => ({
  id: row.id,
  state: row.state as DeliveryState,
  payload: row.payload,
  createdAt: row.created_at,
});
