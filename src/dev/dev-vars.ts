/**
 * `.dev.vars`: the settings of the coordinator on this machine. Made once with a random key and never
 * committed; what a person wrote into it stays as it is.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

const FILE = join(PROJECT_ROOT, '.dev.vars');
const KEY_LINE = /^[ \t]*(?:export[ \t]+)?COORDINATOR_ADMIN_KEY[ \t]*=[ \t]*(["']?)([^"'\r\n]*?)\1[ \t]*$/m;

/** Sees to it that there is an admin key; says what it had to do. */
export function ensureDevVars(): 'made' | 'key added' | 'kept' {
  const keyLine = `COORDINATOR_ADMIN_KEY=arb_dev_${randomBytes(24).toString('base64url')}\n`;
  if (!existsSync(FILE)) {
    writeFileSync(FILE, `${keyLine}ALLOW_PRIVATE_ENDPOINTS=true\n`, { mode: 0o600, flag: 'wx' });
    return 'made';
  }
  if (readAdminKey() !== null) return 'kept';
  const text = readFileSync(FILE, 'utf8');
  appendFileSync(FILE, text === '' || text.endsWith('\n') ? keyLine : `\n${keyLine}`);
  return 'key added';
}

/** The admin key, or null when there is none yet. */
export function readAdminKey(): string | null {
  if (!existsSync(FILE)) return null;
  return KEY_LINE.exec(readFileSync(FILE, 'utf8'))?.[2] || null;
}
