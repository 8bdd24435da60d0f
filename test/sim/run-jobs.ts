/** Runs jobs on several threads, and returns the results in the order of the jobs. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Job, SeedResult } from './run-seed.ts';

export async function runJobs(jobs: readonly Job[], onDone: (done: number) => void): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  const left = Array.from(jobs, (job, at) => ({ job, at }));
  let done = 0;
  async function work(): Promise<void> {
    const worker = new Worker(new URL('worker.ts', import.meta.url));
    for (let next = left.shift(); next; next = left.shift()) {
      results[next.at] = await runOn(worker, next.job);
      onDone(++done);
    }
    await worker.terminate();
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  return results;
}

const runOn = (worker: Worker, job: Job): Promise<SeedResult> =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.postMessage(job, []);
  });
