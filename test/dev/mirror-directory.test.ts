import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mirrorDirectory } from '../../src/dev/mirror-directory.ts';

let home: string;
const from = (): string => join(home, 'from');
const to = (): string => join(home, 'to');

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'arbiter-mirror-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function fill(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

async function textsOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return Object.fromEntries(paths.map((path, at) => [path.slice(directory.length + 1), texts[at] ?? '']));
}

const PAGE = { 'index.html': 'page 2', 'assets/b.js': 'script', _headers: 'policy' };

it.each([
  ['nothing', {}],
  ['an older version', { 'index.html': 'page 1', 'assets/a.js': 'old', _headers: 'policy' }],
  ['the same version', PAGE],
])('makes the target equal to the source, over %s', async (_name, before) => {
  await fill(to(), before);
  await fill(from(), PAGE);
  await mirrorDirectory(from(), to());
  expect(await textsOf(to())).toEqual(PAGE);
});

it('does not write an unchanged file', async () => {
  await fill(to(), PAGE);
  await fill(from(), { ...PAGE, 'index.html': 'page 3' });
  const before = await stat(join(to(), '_headers'));
  await mirrorDirectory(from(), to());
  const after = await stat(join(to(), '_headers'));
  expect([after.ino, after.ctimeMs]).toEqual([before.ino, before.ctimeMs]);
});
