/**
 * `.dev.vars`: the settings of the coordinator on this machine. Made once with a random key and never
 * committed; what a person wrote into it stays as it is.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

const FILE = join(PROJECT_ROOT, '.dev.vars');
const KEY_LINE = /^[ \t]*(?:export[ \t]+)?COORDINATOR_ADMIN_KEY[ \t]*=[ \t]*(["']?)([^"'\r\n]*?)\1[ \t]*$/gm;

/** Sees to it that there is an admin key; says what it had to do. */
export function ensureDevVars(file = FILE): 'made' | 'key added' | 'kept' {
  const keyLine = `COORDINATOR_ADMIN_KEY=arb_dev_${randomBytes(24).toString('base64url')}\n`;
  if (!existsSync(file) && createWhole(file, `${keyLine}ALLOW_PRIVATE_ENDPOINTS=true\n`)) return 'made';
  if (readAdminKey(file) !== null) return 'kept';
  const text = readFileSync(file, 'utf8');
  appendFileSync(file, text === '' || text.endsWith('\n') ? keyLine : `\n${keyLine}`);
  return 'key added';
}

/** The admin key, or null when there is none yet. Of several lines the last holds, as for wrangler. */
export function readAdminKey(file = FILE): string | null {
  if (!existsSync(file)) return null;
  return [...readFileSync(file, 'utf8').matchAll(KEY_LINE)].at(-1)?.[2] || null;
}

/** Whether it was we who made it: of several that start at once one does, and nobody finds half of a file. */
function createWhole(file: string, text: string): boolean {
  const written = `${file}.${process.pid}`;
  writeFileSync(written, text, { mode: 0o600 });
  try {
    linkSync(written, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(written, { force: true });
  }
}
