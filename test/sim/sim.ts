/**
 * `npm run sim`: routing quality as multiples of an oracle that knows more than any router can. Prints all figures, and
 * updates docs/reference/routing-simulation.md and its plot. The same seeds give the same figures.
 * `-- --quick`: few seeds and short runs, without writing.
 */
import { LIGHT_LOAD, LOADS } from './cases.ts';
import { everything, goals, unreported } from './report.ts';
import { gather } from './results.ts';
import { runJobs } from './run-jobs.ts';
import type { Job } from './run-seed.ts';
import { writeDocs } from './write-docs.ts';

const isQuick = process.argv.includes('--quick');
const seeds = isQuick ? 3 : 20;
const size = isQuick ? { requests: 25_000, warmUp: 10_000 } : { requests: 100_000, warmUp: 30_000 };
const jobs = [...LOADS, LIGHT_LOAD].flatMap((load) =>
  Array.from({ length: seeds }, (_, at): Job => ({ seed: at + 1, load, ...size })),
);

const began = performance.now();
const done = await runJobs(jobs, (count) => process.stderr.write(`\r${count} of ${jobs.length} `));
const results = gather(jobs, done);
console.log(`\n${everything(results)}\n\n${goals(results)}\n\n${unreported(results)}\n`);
if (!isQuick) writeDocs(results);
const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`${seeds} seeds, ${size.requests - size.warmUp} measured requests each, ${seconds} s`);
