/**
 * All SQL of the audit entries that are owed to the history: written in the transaction of the change
 * they tell of, taken away once D1 has them.
 */
import type { AuditEntry } from '../../core/access/audit-entry.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS audit_owed (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     entry TEXT NOT NULL
   ) STRICT`,
];

export class AuditStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  owe(entry: AuditEntry): void {
    this.sql.exec('INSERT OR IGNORE INTO audit_owed (id, entry) VALUES (?, ?)', entry.id, JSON.stringify(entry));
  }

  /** The oldest first. */
  owed(limit: number): AuditEntry[] {
    return this.sql
      .exec<{ entry: string }>('SELECT entry FROM audit_owed ORDER BY seq LIMIT ?', limit)
      .toArray()
      .map((row) => JSON.parse(row.entry) as AuditEntry);
  }

  settle(ids: readonly string[]): void {
    for (const id of ids) this.sql.exec('DELETE FROM audit_owed WHERE id = ?', id);
  }
}
