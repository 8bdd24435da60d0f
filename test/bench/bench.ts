/**
 * `npm run bench`: all routing figures in one run, as ratios to a reference measured beside them. Prints a table and,
 * with `--json FILE`, writes the same as JSON. `npm run bench -- decision` runs the benches whose name contains that.
 *
 * Prints the goals beside the figures, but never fails on them: machines differ.
 */
import { writeFileSync } from 'node:fs';
import { decisionRatios } from './core/decision.ts';
import { refreshRatios } from './core/refresh.ts';
import { throughputRatios } from './bare/throughput.ts';
import type { Ratio } from './ratio.ts';
import { tableOf } from './ratio.ts';

const SUITES: Readonly<Record<string, () => Promise<readonly Ratio[]>>> = {
  decision: decisionRatios,
  refresh: refreshRatios,
  throughput: throughputRatios,
};

const args = process.argv.slice(2);
const jsonAt = args.indexOf('--json');
const file = jsonAt === -1 ? undefined : args.splice(jsonAt, 2)[1];
const wanted = args[0] ?? '';

const ratios: Ratio[] = [];
for (const [name, run] of Object.entries(SUITES)) {
  if (!name.includes(wanted)) continue;
  process.stderr.write(`${name} …\n`);
  ratios.push(...(await run()));
}
process.stdout.write(`${tableOf(ratios)}\n`);
if (file !== undefined) writeFileSync(file, `${JSON.stringify(ratios, null, 2)}\n`);
// Runtime workers and sockets have ended. Remaining handles must not keep the process alive.
process.exit(0);
