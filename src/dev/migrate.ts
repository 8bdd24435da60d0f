import { spawnWrangler } from './wrangler-process.ts';

type Migrated = { readonly ok: true } | { readonly ok: false; readonly output: string };

/** Brings the local D1 database up to the schema in `migrations/`. `databaseArgs` say which one. */
export function migrate(databaseArgs: readonly string[]): Promise<Migrated> {
  // CI: without it wrangler asks for a confirmation.
  const child = spawnWrangler(['d1', 'migrations', 'apply', 'arbiter-history', '--local', ...databaseArgs], {
    CI: '1',
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve(code === 0 ? { ok: true } : { ok: false, output: output.trim() }));
  });
}
