/**
 * All SQL of what is known to be wrong, or set aside, with the system itself: since when. A row is there for as long as
 * its cause is.
 */
const SCHEMA = `CREATE TABLE IF NOT EXISTS troubles (
  name TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT`;

export class SystemIssueStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(SCHEMA);
  }

  /** Since when, by name, epoch ms. */
  all(): Map<string, number> {
    const rows = this.sql.exec<{ name: string; since: number }>('SELECT name, since FROM troubles').toArray();
    return new Map(rows.map(({ name, since }) => [name, since]));
  }

  /** One that is known stays as old as it is. */
  begin(name: string, now: number): void {
    this.sql.exec('INSERT OR IGNORE INTO troubles (name, since) VALUES (?, ?)', name, now);
  }

  end(name: string): void {
    this.sql.exec('DELETE FROM troubles WHERE name = ?', name);
  }
}
