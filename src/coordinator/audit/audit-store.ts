/**
 * Outbox of audit entries for D1. An entry is written in the transaction of the change it records, and deleted once D1
 * has stored it.
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

  enqueue(entry: AuditEntry): void {
    this.sql.exec('INSERT OR IGNORE INTO audit_owed (id, entry) VALUES (?, ?)', entry.id, JSON.stringify(entry));
  }

  /** Entries that D1 has not stored yet, oldest first. */
  pending(limit: number): AuditEntry[] {
    return this.sql
      .exec<{ entry: string }>('SELECT entry FROM audit_owed ORDER BY seq LIMIT ?', limit)
      .toArray()
      .map((row) => JSON.parse(row.entry) as AuditEntry);
  }

  settle(ids: readonly string[]): void {
    for (const id of ids) this.sql.exec('DELETE FROM audit_owed WHERE id = ?', id);
  }
}
