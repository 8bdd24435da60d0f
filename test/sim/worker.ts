/** Thread that runs its jobs one after the other. */
import { parentPort } from 'node:worker_threads';
import type { Job } from './run-seed.ts';
import { runSeed } from './run-seed.ts';

parentPort?.on('message', (job: Job) => parentPort?.postMessage(runSeed(job), []));
