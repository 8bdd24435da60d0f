/**
 * All SQL of the directory: which id is registered under which type, who depends on whom, which ids
 * are held for registrations under way, which were removed lately.
 *
 * Any number of claims of one id may be under way; each carries its own edges, so that pending changes
 * stand beside the confirmed state until they are confirmed or given up.
 */
export interface DirectoryEntry {
  readonly id: string;
  readonly type: string;
  /** Number of the claim it is registered under. */
  readonly sequence: number;
  /** Id of the registrar's key it belongs to, or null. */
  readonly owner: string | null;
}

/** The same of a registration under way. */
export type ClaimRow = DirectoryEntry;

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS directory (id TEXT PRIMARY KEY, type TEXT NOT NULL, sequence INTEGER NOT NULL, owner TEXT) STRICT`,
  `CREATE TABLE IF NOT EXISTS claims (
     sequence INTEGER PRIMARY KEY,
     id TEXT NOT NULL,
     type TEXT NOT NULL,
     until INTEGER NOT NULL,
     owner TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS claims_by_id ON claims (id)`,
  `CREATE INDEX IF NOT EXISTS claims_by_end ON claims (until)`,
  `CREATE TABLE IF NOT EXISTS dependencies (
     component_id TEXT NOT NULL,
     depends_on TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     PRIMARY KEY (component_id, depends_on, sequence)
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS dependants ON dependencies (depends_on)`,
  `CREATE TABLE IF NOT EXISTS removals (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, at INTEGER NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT`,
];

/** Longer than any claim can still be under way. */
const KEEP_REMOVALS_MS = 3_600_000;

type EntryRow = Record<'id' | 'type', string> & { sequence: number; owner: string | null };

export class DirectoryStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    for (const table of ['directory', 'claims'] as const) this.addOwner(table);
  }

  entry(id: string): DirectoryEntry | undefined {
    return this.sql.exec<EntryRow>('SELECT id, type, sequence, owner FROM directory WHERE id = ?', id).toArray()[0];
  }

  /** Types under which the id is registered or about to be. */
  typesOf(id: string): string[] {
    return this.sql
      .exec<{ type: string }>(
        'SELECT type FROM directory WHERE id = ?1 UNION SELECT type FROM claims WHERE id = ?1',
        id,
      )
      .toArray()
      .map((row) => row.type);
  }

  /** Whose the id is, registered or about to be. */
  ownersOf(id: string): (string | null)[] {
    return this.sql
      .exec<{ owner: string | null }>(
        'SELECT owner FROM directory WHERE id = ?1 UNION SELECT owner FROM claims WHERE id = ?1',
        id,
      )
      .toArray()
      .map((row) => row.owner);
  }

  /** Whose the id will be by the registrations under way: of those with an owner the oldest decides. */
  claimantOf(id: string): string | null {
    return (
      this.sql
        .exec<{ owner: string }>(
          'SELECT owner FROM claims WHERE id = ? AND owner IS NOT NULL ORDER BY sequence LIMIT 1',
          id,
        )
        .toArray()[0]?.owner ?? null
    );
  }

  nextSequence(of: 'claim' | 'turn' = 'claim'): number {
    return this.sql
      .exec<{ value: number }>(
        `INSERT INTO counters (name, value) VALUES (?, 1)
         ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
        of,
      )
      .one().value;
  }

  claim(sequence: number): ClaimRow | undefined {
    return this.sql
      .exec<EntryRow>('SELECT id, type, sequence, owner FROM claims WHERE sequence = ?', sequence)
      .toArray()[0];
  }

  addClaim(claim: ClaimRow, until: number, dependencies: readonly string[]): void {
    const { id, type, sequence, owner } = claim;
    this.sql.exec(
      'INSERT INTO claims (sequence, id, type, until, owner) VALUES (?, ?, ?, ?, ?)',
      sequence,
      id,
      type,
      until,
      owner,
    );
    this.addEdges(id, sequence, dependencies);
  }

  dropClaim(claim: ClaimRow): void {
    this.sql.exec('DELETE FROM claims WHERE sequence = ?', claim.sequence);
    this.pruneEdges(claim.id);
  }

  /** Ends the claim of that number: enters the component under it, unless a newer registration is entered already. */
  enter({ id, type, sequence, owner }: DirectoryEntry): void {
    this.sql.exec(
      `INSERT INTO directory (id, type, sequence, owner) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET type = excluded.type, sequence = excluded.sequence, owner = excluded.owner
       WHERE excluded.sequence > sequence`,
      id,
      type,
      sequence,
      owner,
    );
    this.sql.exec('DELETE FROM claims WHERE sequence = ?', sequence);
    this.pruneEdges(id);
  }

  /** Forgets a registration under `sequence` or an older number. */
  leave(id: string, sequence: number): void {
    this.sql.exec('DELETE FROM directory WHERE id = ? AND sequence <= ?', id, sequence);
    this.pruneEdges(id);
  }

  noteRemoval(id: string, sequence: number, now: number): void {
    this.sql.exec(
      `INSERT INTO removals (id, sequence, at) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET sequence = MAX(sequence, excluded.sequence), at = excluded.at`,
      id,
      sequence,
      now,
    );
  }

  /** The highest number under which the id was removed lately; 0 for none. */
  removedUpTo(id: string): number {
    return (
      this.sql.exec<{ sequence: number }>('SELECT sequence FROM removals WHERE id = ?', id).toArray()[0]?.sequence ?? 0
    );
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

  /** True when `id` names `dependency` already, registered or pending. */
  dependsOn(id: string, dependency: string): boolean {
    return (
      this.sql
        .exec('SELECT 1 FROM dependencies WHERE component_id = ? AND depends_on = ? LIMIT 1', id, dependency)
        .toArray().length > 0
    );
  }

  /** True when somebody names `id`, registered or pending. */
  hasDependants(id: string): boolean {
    return this.sql.exec('SELECT 1 FROM dependencies WHERE depends_on = ? LIMIT 1', id).toArray().length > 0;
  }

  /** Components that name `id` among their dependencies. */
  dependants(id: string): string[] {
    return this.sql
      .exec<{ id: string }>('SELECT DISTINCT component_id AS id FROM dependencies WHERE depends_on = ? ORDER BY 1', id)
      .toArray()
      .map((row) => row.id);
  }

  /** What each of `ids` depends on as it is registered, as far as that is registered. */
  edgesOf(ids: readonly string[]): Map<string, string[]> {
    return this.edges('SELECT value AS id FROM json_each(?)', ids);
  }

  /** The same, with everybody who depends on one of them, directly or not. */
  edgesAbove(ids: readonly string[]): Map<string, string[]> {
    const above = `SELECT value AS id FROM json_each(?)
        UNION
        SELECT directory.id FROM above
          CROSS JOIN dependencies ON depends_on = above.id
          CROSS JOIN directory ON directory.id = component_id AND directory.sequence = dependencies.sequence`;
    return this.edges(above, ids);
  }

  /** What a component depends on as it is registered, the nearest first, no more than `limit`. */
  entriesBelow(id: string, limit: number): Pick<DirectoryEntry, 'id' | 'type'>[] {
    const query = `WITH RECURSIVE below (id) AS (
        SELECT ?1
        UNION
        SELECT depends_on FROM below
          CROSS JOIN directory ON directory.id = below.id
          CROSS JOIN dependencies ON component_id = below.id AND dependencies.sequence = directory.sequence
        LIMIT ?2
      ) SELECT directory.id, type FROM below CROSS JOIN directory ON directory.id = below.id WHERE directory.id <> ?1`;
    return this.sql.exec<{ id: string; type: string }>(query, id, limit + 1).toArray();
  }

  /** True when `target` can be reached from any of `from` along dependencies, pending ones included. */
  reaches(from: readonly string[], target: string): boolean {
    if (from.length === 0) return false;
    const query = `WITH RECURSIVE reached (id) AS (
        SELECT value FROM json_each(?1)
        UNION
        SELECT depends_on FROM dependencies JOIN reached ON component_id = reached.id
      ) SELECT EXISTS (SELECT 1 FROM reached WHERE id = ?2) AS found`;
    return this.sql.exec<{ found: number }>(query, JSON.stringify(from), target).one().found === 1;
  }

  /** The longest overdue of each type by turns: a registry that is away keeps only its own waiting. */
  overdueClaims(now: number, limit: number): ClaimRow[] {
    return this.sql
      .exec<EntryRow>(
        `SELECT id, type, sequence, owner FROM claims WHERE until <= ?
         ORDER BY ROW_NUMBER() OVER (PARTITION BY type ORDER BY until), until LIMIT ?`,
        now,
        limit,
      )
      .toArray();
  }

  /** Of the overdue claims of an id drops all but the newest. */
  dropOverdue(id: string, now: number): void {
    const dropped = this.sql.exec(
      `DELETE FROM claims WHERE id = ?1 AND until <= ?2 AND sequence <
         (SELECT MAX(sequence) FROM claims WHERE id = ?1 AND until <= ?2)`,
      id,
      now,
    );
    if (dropped.rowsWritten > 0) this.pruneEdges(id);
  }

  trim(now: number): void {
    this.sql.exec('DELETE FROM removals WHERE at < ?', now - KEEP_REMOVALS_MS);
  }

  /** `above` selects the ids that are asked about. Joins are walked as they stand: the tables may be large, this is a few rows. */
  private edges(above: string, ids: readonly string[]): Map<string, string[]> {
    const query = `WITH RECURSIVE above (id) AS (${above})
      SELECT above.id AS id, target.id AS below FROM above
        LEFT JOIN directory ON directory.id = above.id
        LEFT JOIN dependencies ON component_id = above.id AND dependencies.sequence = directory.sequence
        LEFT JOIN directory AS target ON target.id = depends_on`;
    const found = new Map<string, string[]>();
    for (const { id, below } of this.sql.exec<{ id: string; below: string | null }>(query, JSON.stringify(ids))) {
      const known = found.get(id) ?? [];
      if (below !== null) known.push(below);
      found.set(id, known);
    }
    return found;
  }

  /** Tables made before components had owners. */
  private addOwner(table: 'directory' | 'claims'): void {
    const known = this.sql.exec("SELECT 1 FROM pragma_table_info(?) WHERE name = 'owner'", table).toArray();
    if (known.length > 0) return;
    this.sql.exec(
      table === 'claims' ? 'ALTER TABLE claims ADD COLUMN owner TEXT' : 'ALTER TABLE directory ADD COLUMN owner TEXT',
    );
  }

  /** Edges live as long as the registration or the claim they came with. */
  private pruneEdges(id: string): void {
    this.sql.exec(
      `DELETE FROM dependencies WHERE component_id = ?1 AND sequence NOT IN
         (SELECT sequence FROM claims WHERE id = ?1 UNION SELECT sequence FROM directory WHERE id = ?1)`,
      id,
    );
  }
}
