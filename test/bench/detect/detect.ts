/**
 * `npm run bench:detect [-- --runs N] [--json FILE]`: time that failed components stay in routing.
 *
 * Uses default settings, real processes and the coordinator of `npm start`. Runs once alone and once beside a hundred
 * components of the same type that never respond.
 *
 * Components fail one after the other at random times, so that each fails at another point of its round.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { launchCoordinator } from '../../../src/dev/launch-coordinator.ts';
import { ComponentServer } from './component-server.ts';
import { untilOutOfRouting } from './out-of-routing.ts';
import type { Victim, Way } from './victim.ts';
import { WAYS, makeVictim } from './victim.ts';
import { textTable } from '../text-table.ts';
import { untilHealthy } from '../until-healthy.ts';

const TYPE = 'task_router';
const HEALTHY = 20;
const HANGING = 100;
/** Long enough that the failures do not look like a failure of the whole type. */
const PAUSE_MS = { least: 800, spread: 1_500 };
/** Promised time by kind of failure, seconds. */
const GOALS: Readonly<Record<Way, number>> = { kill: 6, freeze: 9, '503': 6, report: 2 };

interface Measured {
  readonly way: Way;
  readonly seconds: number;
  /** Worst case that the coordinator reported for the component, seconds. */
  readonly reportedBound: number;
}

interface Row {
  readonly beside: number;
  readonly way: Way;
  readonly runs: number;
  readonly median: number;
  readonly worst: number;
  readonly goal: number;
  readonly reportedBound: number;
  readonly met: boolean;
}

const registrationOf = (id: string, url: string) => ({
  id,
  name: id,
  type: TYPE,
  endpoint: url,
  healthCheck: { endpoint: `${url}/health` },
});

async function measure(client: CoordinatorClient, runs: number, beside: number): Promise<Measured[]> {
  const server = new ComponentServer();
  await server.listen();
  const victims: Victim[] = [];
  const others = [
    ...Array.from({ length: HEALTHY }, (_, at) => `steady-${beside}-${at}`),
    ...Array.from({ length: beside }, (_, at) => `hanging-${at}`),
  ];
  try {
    for (const id of others) await client.register(registrationOf(id, server.urlOf(id)));
    const reportedBounds = new Map<string, number>();
    for (const way of WAYS) {
      for (let run = 0; run < runs; run++) {
        const victim = await makeVictim(`${way}-${beside}-${run}`, way, server, client);
        victims.push(victim);
        await client.register(registrationOf(victim.id, victim.url));
      }
    }
    await untilHealthy(client, HEALTHY + victims.length);
    // The bound depends on the number of components, so it is read after all are registered.
    for (const { id } of victims) reportedBounds.set(id, (await client.component(id)).detection.worstCaseMs / 1_000);
    const measuring: Promise<Measured>[] = [];
    for (const victim of shuffled(victims)) {
      measuring.push(
        victim.fail().then(async () => {
          const ms = await untilOutOfRouting(client, TYPE, victim.id);
          return { way: victim.way, seconds: ms / 1_000, reportedBound: reportedBounds.get(victim.id)! };
        }),
      );
      await sleep(PAUSE_MS.least + Math.random() * PAUSE_MS.spread);
    }
    return await Promise.all(measuring);
  } finally {
    for (const victim of victims) await victim.dispose();
    for (const id of [...others, ...victims.map((victim) => victim.id)])
      await client.deregister(id).catch(() => undefined);
    server.close();
  }
}

/** Fisher-Yates shuffle. */
function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

function rowsOf(measured: readonly Measured[], beside: number): Row[] {
  return WAYS.map((way) => {
    const ofWay = measured.filter((each) => each.way === way);
    const seconds = ofWay.map((each) => each.seconds).toSorted((a, b) => a - b);
    const worst = seconds.at(-1)!;
    const reportedBound = Math.min(...ofWay.map((each) => each.reportedBound));
    const met = worst <= GOALS[way] && ofWay.every((each) => each.seconds <= each.reportedBound);
    return {
      beside,
      way,
      runs: seconds.length,
      median: seconds[seconds.length >> 1]!,
      worst,
      goal: GOALS[way],
      reportedBound,
      met,
    };
  });
}

const HEADS = ['beside', 'fails by', 'runs', 'median s', 'worst s', 'goal s', 'worstCaseMs', 'met'];

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.beside === 0 ? 'none' : `${row.beside} hanging`,
    row.way,
    String(row.runs),
    row.median.toFixed(2),
    row.worst.toFixed(2),
    String(row.goal),
    (row.reportedBound * 1_000).toFixed(0),
    row.met ? 'yes' : 'no',
  ]);
  return textTable(HEADS, cells);
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, json: { type: 'string' } } });
const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-detect-'));
const coordinator = await launchCoordinator({ persistTo });
try {
  const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });
  const rows: Row[] = [];
  for (const beside of [0, HANGING]) {
    process.stderr.write(`beside ${beside} hanging components …\n`);
    rows.push(...rowsOf(await measure(client, Number(values.runs), beside), beside));
  }
  process.stdout.write(`${tableOf(rows)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
} finally {
  await coordinator.stop();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
}
// Hanging sockets must not keep the process alive.
process.exit(0);
