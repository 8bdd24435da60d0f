/**
 * `npm run bench`: every figure of routing in one run, as ratios against a yardstick measured beside it; a table
 * for people and, with `--json FILE`, the same as JSON. `npm run bench -- decision` runs those whose name contains it.
 *
 * It judges nothing: machines differ. The goals stand beside the figures.
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
// Workers of the runtime and sockets are gone by now; what is left must not hold the process.
process.exit(0);
