/** Numbers of rows in the tables of the local D1 database below `persistTo`. Only while no coordinator uses it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export function countRows(persistTo: string, tables: readonly string[]): number[] {
  for (const name of readdirSync(persistTo, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.sqlite') || !name.includes('d1')) continue;
    const database = new DatabaseSync(join(persistTo, name));
    try {
      const hasTables = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = ?`).get(tables[0] ?? '');
      if (!hasTables) continue;
      return tables.map((table) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']));
    } finally {
      database.close();
    }
  }
  throw new Error(`no D1 database with ${tables.join(', ')} below ${persistTo}`);
}
