/**
 * Outbox of audit entries for D1. An entry is written in the transaction of the change it records, and deleted once D1
 * has stored it.
 */
import { parseObject } from '../../core/stored-json.ts';
import { readRows } from '../../logging/read-stored.ts';
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
    // Rows that are no JSON must never fill a page.
    const sql = 'SELECT id, entry FROM audit_owed WHERE json_valid(entry) ORDER BY seq LIMIT ?';
    const rows = this.sql.exec<{ id: string; entry: string }>(sql, limit).toArray();
    return readRows('audit_owed', rows, ({ entry }) => parseObject<AuditEntry>(entry));
  }

  settle(ids: readonly string[]): void {
    for (const id of ids) this.sql.exec('DELETE FROM audit_owed WHERE id = ?', id);
  }
}
