/**
 * Runs wrangler with the Node that runs us, in the project's root and without its own noise.
 * Owns the environment and the tether (see `wrangler-tether.ts`); what it prints is its caller's matter.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

const WRANGLER = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const TETHER = new URL('wrangler-tether.ts', import.meta.url);

export const isWranglerInstalled = (): boolean => existsSync(WRANGLER);

/** `stdin` closed, `stdout` and `stderr` piped; colours when we have a terminal ourselves. */
export function spawnWrangler(args: readonly string[], extraEnv: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', '--import', TETHER.href, WRANGLER, ...args], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
      // wrangler would ask the Internet where this machine is, and complain at length when it cannot.
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      ...process.env,
      ...extraEnv,
    },
  });
}
