/**
 * Detects the end of the process that started this program. Without this watch, the coordinator would survive
 * a `kill -9` of `npm start` and keep its port and state in use.
 */
import { execFileSync } from 'node:child_process';

const CHECK_EVERY_MS = 500;

/**
 * Calls `onGone` when the launcher's channel closes or, under `npm start`, when npm has ended. A program started by
 * hand (`node src/dev/start.ts &`) may outlive its shell.
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

/** npm runs scripts through a shell. Some shells remain as the parent process, others replace themselves by `exec`. */
function npmPid(): number {
  try {
    const parent = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(process.ppid)], { encoding: 'utf8' }).trim();
    const [, grandparent, name] = /^(\d+)\s+(.*)$/.exec(parent) ?? [];
    return grandparent !== undefined && name?.endsWith('sh') ? Number(grandparent) : process.ppid;
  } catch {
    return process.ppid; // Without `ps`, watch the direct parent.
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
