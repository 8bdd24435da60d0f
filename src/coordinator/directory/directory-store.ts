/**
 * All SQL of the directory: registered components, their dependencies, claims of registrations in progress, and recent
 * removals.
 *
 * An id may have any number of claims at once. Each claim carries its own edges, so that pending edges and confirmed
 * ones coexist until the claim is confirmed or dropped.
 */
export interface DirectoryEntry {
  readonly id: string;
  readonly type: string;
  /** Sequence of the claim under which the component is registered. */
  readonly sequence: number;
  /** Id of the registrar's key that owns the component; null for none. */
  readonly owner: string | null;
}

/** A registration in progress. */
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
  `CREATE TABLE IF NOT EXISTS registered_types (type TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT`,
];

/** Longer than any claim can stay in progress. */
const KEEP_REMOVALS_MS = 3_600_000;

type EntryRow = Record<'id' | 'type', string> & { sequence: number; owner: string | null };

export class DirectoryStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    for (const table of ['directory', 'claims'] as const) this.addOwner(table);
    // The directory may be older than the list of its types.
    if (this.registeredTypes().length === 0)
      sql.exec('INSERT INTO registered_types SELECT type FROM directory UNION SELECT type FROM claims');
  }

  /** Types that have or had a component, in alphabetical order. */
  registeredTypes(): string[] {
    const rows = this.sql.exec<{ type: string }>('SELECT type FROM registered_types ORDER BY type');
    return rows.toArray().map(({ type }) => type);
  }

  entry(id: string): DirectoryEntry | undefined {
    return this.sql.exec<EntryRow>('SELECT id, type, sequence, owner FROM directory WHERE id = ?', id).toArray()[0];
  }

  /** Number of components that are registered in the type or claimed for it. */
  countOf(type: string): number {
    const sql = `SELECT COUNT(*) AS count FROM
      (SELECT id FROM directory WHERE type = ?1 UNION SELECT id FROM claims WHERE type = ?1)`;
    return this.sql.exec<{ count: number }>(sql, type).one().count;
  }

  /** Types under which the id is registered or claimed. */
  typesOf(id: string): string[] {
    return this.sql
      .exec<{ type: string }>(
        'SELECT type FROM directory WHERE id = ?1 UNION SELECT type FROM claims WHERE id = ?1',
        id,
      )
      .toArray()
      .map((row) => row.type);
  }

  /** Owners under which the id is registered or claimed. */
  ownersOf(id: string): (string | null)[] {
    return this.sql
      .exec<{ owner: string | null }>(
        'SELECT owner FROM directory WHERE id = ?1 UNION SELECT owner FROM claims WHERE id = ?1',
        id,
      )
      .toArray()
      .map((row) => row.owner);
  }

  /** Owner of the oldest claim of the id that has an owner; null if there is none. */
  pendingOwnerOf(id: string): string | null {
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
    this.sql.exec('INSERT OR IGNORE INTO registered_types (type) VALUES (?)', type);
    this.addEdges(id, sequence, dependencies);
  }

  dropClaim(claim: ClaimRow): void {
    this.sql.exec('DELETE FROM claims WHERE sequence = ?', claim.sequence);
    this.pruneEdges(claim.id);
  }

  /** Confirms a claim: enters the component under its sequence, unless a newer registration is already entered. */
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

  /** Deletes the registration if it was made under `sequence` or an older claim. */
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

  /** Highest sequence under which the id was recently removed; 0 for none. */
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

  /** True if `dependency` is among the registered or pending dependencies of `id`. */
  dependsOn(id: string, dependency: string): boolean {
    return (
      this.sql
        .exec('SELECT 1 FROM dependencies WHERE component_id = ? AND depends_on = ? LIMIT 1', id, dependency)
        .toArray().length > 0
    );
  }

  /** True if any component, registered or pending, depends on `id`. */
  hasDependants(id: string): boolean {
    return this.sql.exec('SELECT 1 FROM dependencies WHERE depends_on = ? LIMIT 1', id).toArray().length > 0;
  }

  /** Ids of the components, registered or pending, that depend on `id`. */
  dependants(id: string): string[] {
    return this.sql
      .exec<{ id: string }>('SELECT DISTINCT component_id AS id FROM dependencies WHERE depends_on = ? ORDER BY 1', id)
      .toArray()
      .map((row) => row.id);
  }

  /** Registered dependencies of each of `ids`. Dependencies that are not registered are left out. */
  edgesOf(ids: readonly string[]): Map<string, string[]> {
    return this.edges('SELECT value AS id FROM json_each(?)', ids);
  }

  /** The same for `ids` and all their transitive dependants. */
  edgesAbove(ids: readonly string[]): Map<string, string[]> {
    const above = `SELECT value AS id FROM json_each(?)
        UNION
        SELECT directory.id FROM above
          CROSS JOIN dependencies ON depends_on = above.id
          CROSS JOIN directory ON directory.id = component_id AND directory.sequence = dependencies.sequence`;
    return this.edges(above, ids);
  }

  /** Registered dependencies of a component, direct and transitive, nearest first, at most `limit`. */
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

  /** True if `target` can be reached from any of `from` along dependencies, pending ones included. */
  reaches(from: readonly string[], target: string): boolean {
    if (from.length === 0) return false;
    const query = `WITH RECURSIVE reached (id) AS (
        SELECT value FROM json_each(?1)
        UNION
        SELECT depends_on FROM dependencies JOIN reached ON component_id = reached.id
      ) SELECT EXISTS (SELECT 1 FROM reached WHERE id = ?2) AS found`;
    return this.sql.exec<{ found: number }>(query, JSON.stringify(from), target).one().found === 1;
  }

  /**
   * Overdue claims, interleaved by type and oldest first. An unavailable registry therefore delays only claims of its
   * own type.
   */
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

  /** Drops all overdue claims of an id except the newest. */
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

  /**
   * Dependencies of the ids that the query `above` selects. CROSS JOIN fixes the join order: the tables may be large,
   * and the selected rows are few.
   */
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

  /** Adds the column `owner` to tables of older versions. */
  private addOwner(table: 'directory' | 'claims'): void {
    const known = this.sql.exec("SELECT 1 FROM pragma_table_info(?) WHERE name = 'owner'", table).toArray();
    if (known.length > 0) return;
    this.sql.exec(
      table === 'claims' ? 'ALTER TABLE claims ADD COLUMN owner TEXT' : 'ALTER TABLE directory ADD COLUMN owner TEXT',
    );
  }

  /** Deletes edges that belong to neither a registration nor a claim. */
  private pruneEdges(id: string): void {
    this.sql.exec(
      `DELETE FROM dependencies WHERE component_id = ?1 AND sequence NOT IN
         (SELECT sequence FROM claims WHERE id = ?1 UNION SELECT sequence FROM directory WHERE id = ?1)`,
      id,
    );
  }
}
