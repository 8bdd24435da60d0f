/** CPU time of one check and its report, in a type of 100 and in one of 10 000 components. */
import type { Ratio } from '../ratio.ts';
import { ratioOf } from '../ratio.ts';
import { cpuSeconds } from '../bare/cpu-time.ts';
import type { ScaleProcess } from './scale-process.ts';
import { startScaleProcess } from './scale-process.ts';

const SIZES = { silent_small: 100, silent_large: 10_000 } as const;
const REPORTS = 10_000;
const ROUNDS = 5;
const MAX_RATIO = 1.5;

export async function reportCostRatios(): Promise<Ratio[]> {
  const scale = await startScaleProcess();
  try {
    for (const [type, count] of Object.entries(SIZES)) {
      await scale.fill(type, count, 'https://c#.example.com');
      await scale.until(type, ({ pending }) => pending === 0, 300_000);
      await microsPerReport(scale, type);
    }
    const rounds: [number, number][] = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push([await microsPerReport(scale, 'silent_large'), await microsPerReport(scale, 'silent_small')]);
    return [ratioOf('check report, 10 000 ÷ 100', rounds, { atMost: MAX_RATIO }, 'µs')];
  } finally {
    await scale.stop();
  }
}

async function microsPerReport(scale: ScaleProcess, type: string): Promise<number> {
  const before = cpuSeconds(scale.pid);
  await scale.report(type, REPORTS);
  return ((cpuSeconds(scale.pid) - before) / REPORTS) * 1e6;
}
