/** All SQL of the known issues of the system itself, such as frozen recoveries. A row exists as long as its cause. */
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

  /** Start of each issue by name, epoch ms. */
  all(): Map<string, number> {
    const rows = this.sql.exec<{ name: string; since: number }>('SELECT name, since FROM troubles').toArray();
    return new Map(rows.map(({ name, since }) => [name, since]));
  }

  /** Starts an issue. An issue that is already known keeps its start. */
  begin(name: string, now: number): void {
    this.sql.exec('INSERT OR IGNORE INTO troubles (name, since) VALUES (?, ?)', name, now);
  }

  end(name: string): void {
    this.sql.exec('DELETE FROM troubles WHERE name = ?', name);
  }
}
