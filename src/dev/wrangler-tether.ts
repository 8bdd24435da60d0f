/**
 * A module preloaded into wrangler that ends wrangler when its parent process is gone.
 *
 * wrangler runs as launcher, CLI and workerd, and none of them notices the death of its parent. After a `kill -9` of
 * `npm start`, the port would stay in use. The old runtime would go on with its alarms and write to the same state as
 * its successor. On SIGTERM, wrangler closes workerd properly.
 */
import { isMainThread } from 'node:worker_threads';

const CHECK_EVERY_MS = 250;
const parent = process.ppid;

if (isMainThread) {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, CHECK_EVERY_MS).unref();
}
