import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from '../project-root.ts';

const run = promisify(execFile);
const BUILD = join(PROJECT_ROOT, 'src', 'dev', 'build-dashboard.ts');

/** Builds the dashboard in a process of its own, like the build step of wrangler. Rejects with the build's output. */
export async function buildPage(): Promise<'built' | 'up to date'> {
  const { stdout } = await run(process.execPath, ['--no-warnings', BUILD], { cwd: PROJECT_ROOT });
  return stdout.includes('up to date') ? 'up to date' : 'built';
}
