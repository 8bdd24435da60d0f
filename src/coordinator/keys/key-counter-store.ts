/**
 * All SQL of the counters shared by all keys. `revision` is the last change, `forgotten` the revision up to which rows
 * were deleted, and `in-force` the number of keys that are not revoked.
 */
type Scalar = 'revision' | 'forgotten' | 'in-force';

const SCHEMA = [`CREATE TABLE IF NOT EXISTS access_key_scalars (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT`];

export class KeyCounterStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Value of a counter; undefined before its first write. */
  read(name: Scalar): number | undefined {
    return this.sql
      .exec<{ value: number }>('SELECT value FROM access_key_scalars WHERE name = ?', name)
      .toArray()
      .map(({ value }) => value)[0];
  }

  write(name: Scalar, value: number): void {
    this.sql.exec(
      'INSERT INTO access_key_scalars (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    );
  }

  /** Revision of the last change of a key or session; 0 before the first. */
  get revision(): number {
    return this.read('revision') ?? 0;
  }

  nextRevision(): number {
    const next = this.revision + 1;
    this.write('revision', next);
    return next;
  }
}
