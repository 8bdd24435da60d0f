/**
 * `npm run bench:scale [-- NAME [COMPONENTS]]`: what large types cost. Suites: `report-cost`, `starvation` (eight
 * minutes) and `mass-failure` (up to 20 minutes; 3 000 components by default). Fails if a check report costs more than
 * 1.5 times as much at 10 000 components as at 100.
 */
import { tableOf } from '../ratio.ts';
import { massFailureTable } from './mass-failure.ts';
import { reportCostRatios } from './report-cost.ts';
import { starvationTable } from './starvation.ts';

let isMet = true;

const SUITES: Readonly<Record<string, () => Promise<string>>> = {
  'report-cost': async () => {
    const ratios = await reportCostRatios();
    isMet &&= ratios.every(({ meets }) => meets);
    return tableOf(ratios);
  },
  starvation: starvationTable,
  'mass-failure': () => massFailureTable(process.argv[3] === undefined ? undefined : Number(process.argv[3])),
};

const wanted = process.argv[2] ?? '';
for (const [name, run] of Object.entries(SUITES)) {
  if (!name.includes(wanted)) continue;
  process.stderr.write(`${name} …\n`);
  process.stdout.write(`${await run()}\n`);
}
// Hanging sockets must not keep the process alive.
process.exit(isMet ? 0 : 1);
