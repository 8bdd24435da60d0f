/** All SQL of control secrets: one row per component whose secret was requested. */
import type { StoredControlSecret } from '../../core/component/control-secret.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS control_secrets (
  component_id TEXT PRIMARY KEY,
  current TEXT NOT NULL,
  previous TEXT,
  previous_until INTEGER
) STRICT`;

interface SecretRow extends Record<string, SqlStorageValue> {
  current: string;
  previous: string | null;
  previous_until: number | null;
}

export class ControlSecretStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
  }

  read(id: string): StoredControlSecret | undefined {
    const [row] = this.sql
      .exec<SecretRow>('SELECT current, previous, previous_until FROM control_secrets WHERE component_id = ?', id)
      .toArray();
    return row && { current: row.current, previous: row.previous, previousUntil: row.previous_until };
  }

  save(id: string, { current, previous, previousUntil }: StoredControlSecret): void {
    this.sql.exec(
      `INSERT INTO control_secrets (component_id, current, previous, previous_until) VALUES (?, ?, ?, ?)
       ON CONFLICT (component_id) DO UPDATE SET current = excluded.current, previous = excluded.previous,
         previous_until = excluded.previous_until`,
      id,
      current,
      previous,
      previousUntil,
    );
  }

  drop(id: string): void {
    this.sql.exec('DELETE FROM control_secrets WHERE component_id = ?', id);
  }
}
