import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/**
 * Moves the files of `from` into `to` until `to` holds exactly those files. Replaces each file atomically, skips
 * identical ones and removes obsolete ones last: a reader always finds the old or the new file. Deeper files move
 * first, so a page follows the scripts that it loads. Both directories must be on one file system.
 */
export async function mirrorDirectory(from: string, to: string): Promise<void> {
  const files = (await filesBelow(from)).toSorted((one, other) => depthOf(other) - depthOf(one));
  for (const file of files) {
    if (await isSame(join(from, file), join(to, file))) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    await rename(join(from, file), join(to, file));
  }
  const wanted = new Set(files);
  for (const file of await filesBelow(to)) {
    if (!wanted.has(file)) await rm(join(to, file), { force: true });
  }
}

const depthOf = (path: string): number => path.split(sep).length;

/** Paths relative to `directory`; empty for a directory that does not exist. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(ifMissing([]));
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
}

async function isSame(one: string, other: string): Promise<boolean> {
  const existing = await readFile(other).catch(ifMissing(null));
  return existing !== null && existing.equals(await readFile(one));
}

const ifMissing =
  <Value>(value: Value) =>
  (error: NodeJS.ErrnoException): Value => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
