import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

/** SHA-256 (hex) of names and contents of all files at or below the paths, which are relative to the project's root. */
export function hashFiles(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesAt).toSorted())
    hash.update(`${file}\n`).update(readFileSync(join(PROJECT_ROOT, file)));
  return hash.digest('hex');
}

const filesAt = (path: string): string[] =>
  statSync(join(PROJECT_ROOT, path)).isDirectory()
    ? readdirSync(join(PROJECT_ROOT, path), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(path, entry.parentPath.slice(join(PROJECT_ROOT, path).length), entry.name))
    : [path];
