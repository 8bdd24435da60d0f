/**
 * Runs wrangler with the current Node in the project's root, without banners and prompts. Owns wrangler's environment
 * and the tether (see `wrangler-tether.ts`). The caller handles the output.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

const WRANGLER = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const TETHER = new URL('wrangler-tether.ts', import.meta.url);

export const isWranglerInstalled = (): boolean => existsSync(WRANGLER);

/** Closes `stdin` and pipes `stdout` and `stderr`. Enables colours when this process writes to a terminal. */
export function spawnWrangler(args: readonly string[], extraEnv: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', '--import', TETHER.href, WRANGLER, ...args], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
      // Otherwise wrangler looks up this machine's location on the Internet, and prints long warnings when offline.
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      ...process.env,
      ...extraEnv,
    },
  });
}
