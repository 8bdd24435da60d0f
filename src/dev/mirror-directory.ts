import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/**
 * Makes `to` hold exactly the files of `from`, which it takes. Each file is replaced in one step, none that is
 * the same is touched, and what is no more is removed last: a reader finds the old or the new, never neither.
 * Deeper files come first: a page after the scripts it names. Both directories are on one file system.
 */
export async function mirrorDirectory(from: string, to: string): Promise<void> {
  const files = (await filesBelow(from)).toSorted((one, other) => depthOf(other) - depthOf(one));
  for (const file of files) {
    if (await isSame(join(from, file), join(to, file))) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    await rename(join(from, file), join(to, file));
  }
  const kept = new Set(files);
  for (const file of await filesBelow(to)) {
    if (!kept.has(file)) await rm(join(to, file), { force: true });
  }
}

const depthOf = (path: string): number => path.split(sep).length;

/** Paths relative to `directory`; none when it does not exist. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(ifMissing([]));
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
}

async function isSame(one: string, other: string): Promise<boolean> {
  const there = await readFile(other).catch(ifMissing(null));
  return there !== null && there.equals(await readFile(one));
}

const ifMissing =
  <Value>(value: Value) =>
  (error: NodeJS.ErrnoException): Value => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
