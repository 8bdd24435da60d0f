/**
 * `npm run demo [-- --json FILE]`: the whole story with real processes. Components register and are
 * given work; three of them break in three ways; the coordinator notices, recovers them and proves it.
 *
 * Exit code 0 only when all of it happened within the promised times and no task was lost.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CoordinatorClient } from '../client/coordinator-client.ts';
import { COMPONENT_TYPES } from '../core/config/component-types.ts';
import { type CoordinatorAccess, findCoordinator } from './coordinator-access.ts';
import { EventWatch } from './event-watch.ts';
import { FAULTS } from './fault.ts';
import type { FaultMeasurement } from './fault-observation.ts';
import { tellFault } from './fault-story.ts';
import { Fleet } from './fleet.ts';
import { Narrator } from './narrator.ts';
import { type Results, findShortfalls, renderTable } from './report.ts';
import { TaskFlow } from './task-flow.ts';

const TIME_LIMIT_MS = 180_000;
const TASKS_PER_SECOND = 20;
/** Calm before the first fault and between two of them. */
const CALM_MS = 3_000;
const CLEAN_UP_WITHIN_MS = 20_000;

const narrator = new Narrator();
/** What must be undone at the end, last one first. */
const cleanups: (() => Promise<void> | void)[] = [];

async function cleanUp(): Promise<void> {
  for (const undo of cleanups.splice(0).toReversed()) {
    try {
      await undo();
    } catch (error) {
      console.error(`cleaning up: ${reasonOf(error)}`);
    }
  }
}

async function play(access: CoordinatorAccess): Promise<Results> {
  const client = new CoordinatorClient({ baseUrl: access.url, key: access.key });
  const fleet = await Fleet.create();
  cleanups.push(() => fleet.dispose());
  await fleet.start();
  const events = new EventWatch(client);
  cleanups.push(() => events.stop());
  await events.start();

  if (!access.isOwn) cleanups.push(() => fleet.deregister(client));
  const registeringAt = Date.now();
  await fleet.register(client);
  await fleet.untilHealthy(client);
  const typeCount = Object.keys(COMPONENT_TYPES).length;
  const took = narrator.seconds(Date.now() - registeringAt);
  narrator.fact(
    'components',
    `${fleet.components.length} processes of ${typeCount} types, registered and healthy after ${took}`,
  );

  const requestTypes = Object.values(COMPONENT_TYPES).flat();
  const tasks = new TaskFlow(client, requestTypes);
  cleanups.push(() => tasks.stop());
  tasks.start(TASKS_PER_SECOND);
  narrator.fact(
    'tasks',
    `${TASKS_PER_SECOND} a second of ${requestTypes.length} request types, 2 s and at most two tries each`,
  );

  const faults: FaultMeasurement[] = [];
  for (const fault of FAULTS) {
    await sleep(CALM_MS);
    faults.push(await tellFault(fault, { client, fleet, events, narrator }));
  }
  await sleep(CALM_MS);
  await tasks.stop();
  for (const loss of tasks.losses) narrator.fact('lost', loss);
  const broken = new Set(FAULTS.map(({ componentId }) => componentId));
  const needlessRestarts = fleet.components.reduce(
    (sum, { id, restarts }) => (broken.has(id) ? sum : sum + restarts),
    0,
  );
  return { faults, tasks: tasks.counts, needlessRestarts };
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'string' } } });
  const startedAt = Date.now();
  narrator.title('Arbiter Coordinator: demo');
  const access = await findCoordinator(process.env, (undo) => cleanups.push(undo));
  narrator.fact('coordinator', `${access.url} (${access.isOwn ? 'started for this demo' : 'running already'})`);

  const results = await play(access);
  const shortfalls = findShortfalls(results);
  const durationMs = Date.now() - startedAt;
  console.log(`\n${renderTable(results)}`);
  narrator.verdict(
    shortfalls.length === 0,
    shortfalls.length === 0 ? 'All as promised.' : `Not as promised:\n  ${shortfalls.join('\n  ')}`,
  );
  if (values.json !== undefined) {
    const passed = shortfalls.length === 0;
    await writeFile(values.json, `${JSON.stringify({ passed, shortfalls, durationMs, ...results }, null, 2)}\n`);
  }
  return shortfalls.length === 0 ? 0 : 1;
}

/** What `fetch` throws says why only in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

let ending = false;

/** Cleans up and exits; the first reason given decides. */
async function end(code: number, message?: string): Promise<void> {
  if (ending) return;
  ending = true;
  if (message !== undefined) console.error(`\n${message}`);
  await Promise.race([cleanUp(), sleep(CLEAN_UP_WITHIN_MS)]);
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void end(130, 'Stopped, cleaning up.'));
setTimeout(() => void end(1, `Not done after ${TIME_LIMIT_MS / 1_000} s, giving up.`), TIME_LIMIT_MS).unref();
await main().then(
  (code) => end(code),
  (error: unknown) => end(1, `The demo failed: ${reasonOf(error)}`),
);
