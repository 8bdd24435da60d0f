/**
 * All SQL of the directory: which id belongs to which type, who depends on whom, which ids are held
 * for registrations under way.
 *
 * Edges carry the number of the claim they came with, so that a pending change stands beside the
 * confirmed state until one of the two goes.
 */
export interface DirectoryEntry {
  readonly id: string;
  readonly type: string;
  /** Number of the confirmed registration, or null while there is none. */
  readonly sequence: number | null;
  readonly pendingSequence: number | null;
  readonly pendingUntil: number | null;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS directory (
     id TEXT PRIMARY KEY,
     type TEXT NOT NULL,
     sequence INTEGER,
     pending_sequence INTEGER,
     pending_until INTEGER
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS directory_pending ON directory (pending_until) WHERE pending_until IS NOT NULL`,
  `CREATE TABLE IF NOT EXISTS dependencies (
     component_id TEXT NOT NULL,
     depends_on TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     PRIMARY KEY (component_id, depends_on, sequence)
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS dependants ON dependencies (depends_on)`,
  `CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT`,
];

interface DirectoryRow extends Record<string, SqlStorageValue> {
  id: string;
  type: string;
  sequence: number | null;
  pending_sequence: number | null;
  pending_until: number | null;
}

export class DirectoryStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  entry(id: string): DirectoryEntry | undefined {
    return this.sql.exec<DirectoryRow>('SELECT * FROM directory WHERE id = ?', id).toArray().map(toEntry)[0];
  }

  nextSequence(): number {
    return this.sql
      .exec<{ value: number }>(
        `INSERT INTO counters (name, value) VALUES ('claim', 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
      )
      .one().value;
  }

  hold(id: string, type: string, sequence: number, until: number, dependencies: readonly string[]): void {
    this.forgetPendingEdges(id);
    this.sql.exec(
      `INSERT INTO directory (id, type, sequence, pending_sequence, pending_until) VALUES (?, ?, NULL, ?, ?)
       ON CONFLICT (id) DO UPDATE SET type = excluded.type,
         pending_sequence = excluded.pending_sequence, pending_until = excluded.pending_until`,
      id,
      type,
      sequence,
      until,
    );
    this.addEdges(id, sequence, dependencies);
  }

  /** Makes `sequence` the confirmed registration and its edges the only ones. */
  confirm(id: string, sequence: number): void {
    this.sql.exec(
      `UPDATE directory SET sequence = ?1, pending_sequence = NULL, pending_until = NULL WHERE id = ?2`,
      sequence,
      id,
    );
    this.sql.exec('DELETE FROM dependencies WHERE component_id = ? AND sequence <> ?', id, sequence);
  }

  dropPending(id: string): void {
    this.forgetPendingEdges(id);
    this.sql.exec('UPDATE directory SET pending_sequence = NULL, pending_until = NULL WHERE id = ?', id);
    this.sql.exec('DELETE FROM directory WHERE id = ? AND sequence IS NULL', id);
  }

  dropConfirmed(id: string, sequence: number): void {
    this.sql.exec('DELETE FROM dependencies WHERE component_id = ? AND sequence = ?', id, sequence);
    this.sql.exec('UPDATE directory SET sequence = NULL WHERE id = ? AND sequence = ?', id, sequence);
    this.sql.exec('DELETE FROM directory WHERE id = ? AND sequence IS NULL AND pending_sequence IS NULL', id);
  }

  addEdges(id: string, sequence: number, dependencies: readonly string[]): void {
    for (const dependency of dependencies) {
      this.sql.exec(
        'INSERT OR IGNORE INTO dependencies (component_id, depends_on, sequence) VALUES (?, ?, ?)',
        id,
        dependency,
        sequence,
      );
    }
  }

  /** Components that name `id` among their dependencies. */
  dependants(id: string): string[] {
    return this.sql
      .exec<{ id: string }>('SELECT DISTINCT component_id AS id FROM dependencies WHERE depends_on = ? ORDER BY 1', id)
      .toArray()
      .map((row) => row.id);
  }

  /** True when `target` can be reached from any of `from` along dependencies, pending ones included. */
  reaches(from: readonly string[], target: string): boolean {
    if (from.length === 0) return false;
    return (
      this.sql
        .exec<{ found: number }>(
          `WITH RECURSIVE reached (id) AS (
             SELECT value FROM json_each(?1)
             UNION
             SELECT depends_on FROM dependencies JOIN reached ON component_id = reached.id
           ) SELECT EXISTS (SELECT 1 FROM reached WHERE id = ?2) AS found`,
          JSON.stringify(from),
          target,
        )
        .one().found === 1
    );
  }

  overdue(now: number, limit: number): DirectoryEntry[] {
    return this.sql
      .exec<DirectoryRow>('SELECT * FROM directory WHERE pending_until <= ? ORDER BY pending_until LIMIT ?', now, limit)
      .toArray()
      .map(toEntry);
  }

  private forgetPendingEdges(id: string): void {
    this.sql.exec(
      `DELETE FROM dependencies WHERE component_id = ?1
         AND sequence = (SELECT pending_sequence FROM directory WHERE id = ?1)`,
      id,
    );
  }
}

const toEntry = (row: DirectoryRow): DirectoryEntry => ({
  id: row.id,
  type: row.type,
  sequence: row.sequence,
  pendingSequence: row.pending_sequence,
  pendingUntil: row.pending_until,
});
