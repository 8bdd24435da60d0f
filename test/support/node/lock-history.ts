/** Locks the file of a local D1 database, so that writes to the history fail. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Locks the database; the returned function unlocks it. */
export function lockHistory(persistTo: string): () => void {
  const files = readdirSync(persistTo, { recursive: true, encoding: 'utf8' });
  const file = files.find((name) => /D1DatabaseObject[\\/][0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined)
    throw new Error(`no D1 database in ${files.filter((name) => name.endsWith('sqlite')).join(', ')}`);
  const database = new DatabaseSync(join(persistTo, file));
  database.exec('BEGIN EXCLUSIVE');
  return () => {
    database.exec('ROLLBACK');
    database.close();
  };
}
