import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureDevVars, readAdminKey } from '../../src/dev/dev-vars.ts';

const run = promisify(execFile);
const MODULE = new URL('../../src/dev/dev-vars.ts', import.meta.url).href;

let home: string;
const file = (): string => join(home, '.dev.vars');

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'arbiter-dev-vars-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

it('creates a key once, and keeps it', () => {
  expect(readAdminKey(file())).toBeNull();
  expect(ensureDevVars(file())).toBe('made');
  const key = readAdminKey(file());
  expect(key).toMatch(/^arb_dev_.{32}$/);
  expect(ensureDevVars(file())).toBe('kept');
  expect(readAdminKey(file())).toBe(key);
});

it.each(['', 'ALLOW_PRIVATE_ENDPOINTS=false', 'COORDINATOR_ADMIN_KEY=\n'])('adds a key to %j', async (text) => {
  await writeFile(file(), text);
  expect(ensureDevVars(file())).toBe('key added');
  expect((await readFile(file(), 'utf8')).startsWith(text)).toBe(true);
  expect(readAdminKey(file())).not.toBeNull();
});

it('creates the file in one of several concurrent processes, and the others read it completely', async () => {
  // Each process loads the module, waits for the same time, and tries many file names.
  const at = Date.now() + 1_500;
  const program = `
    import { ensureDevVars, readAdminKey } from ${JSON.stringify(MODULE)};
    while (Date.now() < ${at});
    const names = Array.from({ length: 1000 }, (_, n) => ${JSON.stringify(file())} + n);
    console.log(JSON.stringify(names.map((name) => [ensureDevVars(name), readAdminKey(name)])));`;
  const args = ['--no-warnings', '--experimental-strip-types', '--input-type=module', '-e', program];
  const said = await Promise.all(
    Array.from({ length: 4 }, () => run(process.execPath, args, { maxBuffer: 10_000_000 })),
  );
  const results = said.map(({ stdout }): [string, string][] => JSON.parse(stdout));
  for (let name = 0; name < 1000; name += 1) {
    const ofName = results.map((result) => result[name]);
    expect(new Set(ofName.map((one) => one?.[1])).size).toBe(1);
    expect(ofName.map((one) => one?.[0]).toSorted()).toEqual(['kept', 'kept', 'kept', 'made']);
  }
  expect(await readdir(home)).toHaveLength(1000);
});
