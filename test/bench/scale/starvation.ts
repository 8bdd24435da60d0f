/**
 * Components that are taken for dead because the runtime did not run. Stops the runtime by SIGSTOP for 40 s, while all
 * components are healthy, and counts the unhealthy ones for two rounds of checks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { textTable } from '../text-table.ts';
import { FleetServer } from './fleet-server.ts';
import { startScaleProcess } from './scale-process.ts';

const COMPONENTS = 10_000;
const STOPPED_MS = 40_000;
/** Two rounds at 100 checks a second. */
const WATCHED_MS = 200_000;
const TYPE = 'starved';

export async function starvationTable(): Promise<string> {
  const fleet = new FleetServer(1);
  await fleet.listen();
  const scale = await startScaleProcess();
  try {
    // Every address of 127/8 is this machine, so each component can have a host of its own.
    const { port } = new URL(fleet.urlOf(0));
    await scale.fill(TYPE, COMPONENTS, `http://127.1.0.1:${port}/c#`);
    await scale.until(TYPE, ({ healthy }) => healthy === COMPONENTS, 600_000);
    process.kill(scale.pid, 'SIGSTOP');
    await sleep(STOPPED_MS);
    process.kill(scale.pid, 'SIGCONT');
    const checksBefore = fleet.checks;
    let worst = COMPONENTS;
    const continuedAt = Date.now();
    while (Date.now() - continuedAt < WATCHED_MS) {
      worst = Math.min(worst, (await scale.counts(TYPE)).healthy);
      await sleep(1_000);
    }
    const { healthy } = await scale.counts(TYPE);
    const perSecond = ((fleet.checks - checksBefore) / WATCHED_MS) * 1_000;
    return textTable(
      ['components', 'stopped s', 'fewest healthy after it', 'healthy after two rounds', 'checks/s after it'],
      [[String(COMPONENTS), String(STOPPED_MS / 1_000), String(worst), String(healthy), perSecond.toFixed(0)]],
    );
  } finally {
    await scale.stop();
    fleet.close();
  }
}
