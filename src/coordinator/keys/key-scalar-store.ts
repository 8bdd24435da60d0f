/**
 * All SQL of the numbers that hold for all keys: the revision that each change of a key or end of a session moves,
 * up to which revision changes were forgotten, and how many keys are not revoked.
 */
type Scalar = 'revision' | 'forgotten' | 'in-force';

const SCHEMA = [`CREATE TABLE IF NOT EXISTS access_key_scalars (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT`];

export class KeyScalarStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Undefined before it was first written. */
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

  /** Of the last change. */
  get revision(): number {
    return this.read('revision') ?? 0;
  }

  nextRevision(): number {
    const next = this.revision + 1;
    this.write('revision', next);
    return next;
  }
}
