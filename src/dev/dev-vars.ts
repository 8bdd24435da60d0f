/**
 * `.dev.vars`: the coordinator's settings on this machine. Created once with a random key, and never committed. Keeps
 * every line that a developer wrote.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

const FILE = join(PROJECT_ROOT, '.dev.vars');
const KEY_LINE = /^[ \t]*(?:export[ \t]+)?COORDINATOR_ADMIN_KEY[ \t]*=[ \t]*(["']?)([^"'\r\n]*?)\1[ \t]*$/gm;

/** Ensures that the file holds an admin key. Returns the change that was necessary. */
export function ensureDevVars(file = FILE): 'made' | 'key added' | 'kept' {
  const keyLine = `COORDINATOR_ADMIN_KEY=arb_dev_${randomBytes(24).toString('base64url')}\n`;
  if (!existsSync(file) && createAtomically(file, `${keyLine}ALLOW_PRIVATE_ENDPOINTS=true\n`)) return 'made';
  if (readAdminKey(file) !== null) return 'kept';
  const text = readFileSync(file, 'utf8');
  appendFileSync(file, text === '' || text.endsWith('\n') ? keyLine : `\n${keyLine}`);
  return 'key added';
}

/** The admin key, or null when the file holds none. The last of several lines applies, as in wrangler. */
export function readAdminKey(file = FILE): string | null {
  if (!existsSync(file)) return null;
  return [...readFileSync(file, 'utf8').matchAll(KEY_LINE)].at(-1)?.[2] || null;
}

/**
 * Creates the file atomically, and returns false if another process created it first. Readers never see a partial
 * file.
 */
function createAtomically(file: string, text: string): boolean {
  const temporaryFile = `${file}.${process.pid}`;
  writeFileSync(temporaryFile, text, { mode: 0o600 });
  try {
    linkSync(temporaryFile, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporaryFile, { force: true });
  }
}
