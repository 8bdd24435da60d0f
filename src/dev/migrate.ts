import { spawnWrangler } from './wrangler-process.ts';

type MigrationResult = { readonly ok: true } | { readonly ok: false; readonly output: string };

/** Applies the pending files of `migrations/` to the local D1 database that `databaseArgs` select. */
export function migrate(databaseArgs: readonly string[]): Promise<MigrationResult> {
  // Without CI, wrangler asks for a confirmation.
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
