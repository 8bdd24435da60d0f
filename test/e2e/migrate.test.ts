import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/dev/project-root.ts';
import { migrate } from '../../src/dev/start/migrate.ts';

const run = promisify(execFile);
let state: string;
const databaseArgs = (): string[] => ['--persist-to', state];

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'arbiter-migrate-'));
});
afterEach(() => rm(state, { recursive: true, force: true, maxRetries: 3 }));

it('creates the tables in one run that wrangler accepts as its own, and skips what was applied', async () => {
  expect(await migrate(databaseArgs(), state)).toEqual({ ok: true, outcome: 'applied' });
  expect(await migrate(databaseArgs(), state)).toEqual({ ok: true, outcome: 'up to date' });

  const wrangler = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  const args = ['d1', 'migrations', 'list', 'arbiter-history', '--local', ...databaseArgs()];
  const { stdout } = await run(process.execPath, ['--no-warnings', wrangler, ...args], { cwd: PROJECT_ROOT });
  expect(stdout).toContain('No migrations to apply');

  const database = join(state, 'v3', 'd1');
  for (const name of await readdir(database))
    if (name !== 'applied-migrations') await rm(join(database, name), { recursive: true });
  expect(await migrate(databaseArgs(), state)).toEqual({ ok: true, outcome: 'applied' });
}, 120_000);
