/**
 * Preloaded into wrangler: ends it when the process that started it is gone.
 *
 * wrangler runs as launcher → CLI → workerd, and neither notices the death of its parent. After a
 * `kill -9` of `npm start` the port would stay taken, by a runtime that goes on with its alarms and
 * writes to the same state as the next one. SIGTERM makes wrangler close workerd properly.
 */
import { isMainThread } from 'node:worker_threads';

const CHECK_EVERY_MS = 250;
const parent = process.ppid;

if (isMainThread) {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, CHECK_EVERY_MS).unref();
}
