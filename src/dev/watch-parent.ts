/**
 * Notices that whoever started this program is gone. After `kill -9` of `npm start` nobody would end
 * the coordinator: its port would stay taken and its state in use.
 */
import { execFileSync } from 'node:child_process';

const CHECK_EVERY_MS = 500;

/**
 * Calls `onGone` when the launcher's channel closes or, under `npm start`, when npm is gone. Started by hand
 * (`node src/dev/start.ts &`) it may outlive its shell, as any program may.
 */
export function watchParent(onGone: () => void): void {
  process.once('disconnect', onGone);
  if (process.env['npm_lifecycle_event'] !== 'start' || process.connected) return;
  const npm = npmPid();
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    onGone();
  }, CHECK_EVERY_MS);
  timer.unref();
}

/** npm runs scripts through a shell; some shells stay in between and some turn into the program. */
function npmPid(): number {
  try {
    const parent = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(process.ppid)], { encoding: 'utf8' }).trim();
    const [, grandparent, name] = /^(\d+)\s+(.*)$/.exec(parent) ?? [];
    return grandparent !== undefined && name?.endsWith('sh') ? Number(grandparent) : process.ppid;
  } catch {
    return process.ppid; // No `ps` here: the nearest parent will do.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
