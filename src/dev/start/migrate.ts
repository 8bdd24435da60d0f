/**
 * Migrations of the local D1 database.
 *
 * wrangler starts a runtime for each file, and needs seconds to find that there is nothing to apply. So a new database
 * gets all files in one run, recorded in wrangler's own table, and a stamp in the database's directory names the files
 * that were applied last.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { hashFiles } from '../file-hash.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import { spawnWrangler } from '../wrangler-process.ts';

type MigrationResult =
  | { readonly ok: true; readonly outcome: 'applied' | 'up to date' }
  | { readonly ok: false; readonly output: string };

const DEFAULT_STATE = join('.wrangler', 'state');
const DATABASE = join('v3', 'd1');
/** wrangler's default for `migrations_table`. */
const MIGRATIONS_TABLE = 'd1_migrations';

/**
 * Applies the pending files of `migrations/` to the local D1 database that `databaseArgs` select. `persistTo` is the
 * state directory, or undefined for wrangler's default.
 */
export async function migrate(databaseArgs: readonly string[], persistTo?: string): Promise<MigrationResult> {
  const database = join(resolve(PROJECT_ROOT, persistTo ?? DEFAULT_STATE), DATABASE);
  const stampFile = join(database, 'applied-migrations');
  const stamp = JSON.stringify({ databaseArgs, files: hashFiles(['migrations', 'wrangler.toml']) });
  if (hasDatabase(database) && readStamp(stampFile) === stamp) return { ok: true, outcome: 'up to date' };
  const result = hasDatabase(database) ? await applyPending(databaseArgs) : await applyAll(databaseArgs);
  if (result.ok) {
    mkdirSync(dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, stamp);
  }
  return result;
}

const applyPending = (databaseArgs: readonly string[]): Promise<MigrationResult> =>
  runD1(['migrations', 'apply', 'arbiter-history', '--local', ...databaseArgs]);

/** Applies every file to a database that does not exist yet. */
async function applyAll(databaseArgs: readonly string[]): Promise<MigrationResult> {
  const directory = mkdtempSync(join(tmpdir(), 'arbiter-migrations-'));
  const file = join(directory, 'all.sql');
  try {
    writeFileSync(file, allMigrations());
    return await runD1(['execute', 'arbiter-history', '--local', '--file', file, ...databaseArgs]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The statements of all files, and those that record the files as `wrangler d1 migrations apply` does. */
function allMigrations(): string {
  const directory = join(PROJECT_ROOT, 'migrations');
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
  return [
    `CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (
       id INTEGER PRIMARY KEY AUTOINCREMENT,
       name TEXT UNIQUE,
       applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
     );`,
    ...names.flatMap((name) => [
      readFileSync(join(directory, name), 'utf8'),
      `INSERT INTO ${MIGRATIONS_TABLE} (name) VALUES ('${name}');`,
    ]),
  ].join('\n');
}

function runD1(args: readonly string[]): Promise<MigrationResult> {
  // Without CI, wrangler asks for a confirmation.
  const child = spawnWrangler(['d1', ...args], { CI: '1' });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return new Promise((done) => {
    child.once('error', (error) => done({ ok: false, output: error.message }));
    child.once('close', (code) =>
      done(code === 0 ? { ok: true, outcome: 'applied' } : { ok: false, output: output.trim() }),
    );
  });
}

/** Whether the directory holds a database: a stamp alone proves nothing when someone removed the files. */
function hasDatabase(directory: string): boolean {
  try {
    return readdirSync(directory, { recursive: true }).some((name) => String(name).endsWith('.sqlite'));
  } catch {
    return false; // No directory yet.
  }
}

function readStamp(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
