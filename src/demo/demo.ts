/**
 * `npm run demo [-- --json FILE]`: the coordinator with real processes. Components register and receive tasks. The demo
 * breaks three of them in three ways. The coordinator detects each fault, recovers the component and verifies it.
 *
 * Exits with 0 if every step met its target time and no task was lost, with 1 if not, and with 2 if not on a machine
 * that was overloaded meanwhile.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CoordinatorClient } from '../client/coordinator-client.ts';
import { BUILT_IN_REQUEST_TYPES } from '../core/config/component-types.ts';
import { type CoordinatorAccess, findCoordinator } from './coordinator-access.ts';
import { EventWatch } from './event-watch.ts';
import { FAULTS } from './fault.ts';
import type { FaultMeasurement } from './fault-observation.ts';
import { runFault } from './run-fault.ts';
import { Fleet } from './fleet.ts';
import { describeOverload, observeMachine } from '../dev/machine-load.ts';
import { Narrator } from './narrator.ts';
import { type Results, findShortfalls, renderTable } from './report.ts';
import { TaskFlow } from './task-flow.ts';

const TIME_LIMIT_MS = 180_000;
const TASKS_PER_SECOND = 20;
/** Pause before each fault and after the last one. */
const PAUSE_MS = 3_000;
const CLEAN_UP_WITHIN_MS = 20_000;
const TARGETS_MISSED = 1;
const MACHINE_OVERLOADED = 2;

const narrator = new Narrator();
/** Clean-up steps, run at the end in reverse order. */
const cleanups: (() => Promise<void> | void)[] = [];

async function cleanUp(): Promise<void> {
  for (const undo of cleanups.splice(0).toReversed()) {
    try {
      await undo();
    } catch (error) {
      console.error(`clean-up failed: ${reasonOf(error)}`);
    }
  }
}

async function runDemo(access: CoordinatorAccess): Promise<Results> {
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
  const typeCount = Object.keys(BUILT_IN_REQUEST_TYPES).length;
  const duration = narrator.seconds(Date.now() - registeringAt);
  narrator.fact(
    'components',
    `${fleet.components.length} processes of ${typeCount} types, registered and healthy after ${duration}`,
  );

  const requestTypes = Object.values(BUILT_IN_REQUEST_TYPES).flat();
  const tasks = new TaskFlow(client, requestTypes);
  cleanups.push(() => tasks.stop());
  tasks.start(TASKS_PER_SECOND);
  narrator.fact(
    'tasks',
    `${TASKS_PER_SECOND} per second of ${requestTypes.length} request types, each with 2 s and at most two attempts`,
  );

  const faults: FaultMeasurement[] = [];
  for (const fault of FAULTS) {
    await sleep(PAUSE_MS);
    faults.push(await runFault(fault, { client, fleet, events, narrator }));
  }
  await sleep(PAUSE_MS);
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
  const machineLoad = observeMachine();
  narrator.title('Arbiter Coordinator: demo');
  const access = await findCoordinator(process.env, (undo) => cleanups.push(undo));
  narrator.fact('coordinator', `${access.url} (${access.isOwn ? 'started by the demo' : 'already running'})`);

  const results = await runDemo(access);
  const shortfalls = findShortfalls(results);
  const durationMs = Date.now() - startedAt;
  console.log(`\n${renderTable(results)}`);
  narrator.verdict(
    shortfalls.length === 0,
    shortfalls.length === 0 ? 'All targets met.' : `Targets missed:\n  ${shortfalls.join('\n  ')}`,
  );
  const overload = shortfalls.length === 0 ? null : describeOverload(machineLoad());
  if (overload !== null) narrator.warning(overload);
  if (values.json !== undefined) {
    const passed = shortfalls.length === 0;
    await writeFile(
      values.json,
      `${JSON.stringify({ passed, shortfalls, overload, durationMs, ...results }, null, 2)}\n`,
    );
  }
  if (shortfalls.length === 0) return 0;
  return overload === null ? TARGETS_MISSED : MACHINE_OVERLOADED;
}

/** The message of an error; with the cause's, because an error of `fetch` names its reason only there. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

let isEnding = false;

/** Cleans up and exits. Only the first call has an effect. */
async function end(code: number, message?: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  if (message !== undefined) console.error(`\n${message}`);
  await Promise.race([cleanUp(), sleep(CLEAN_UP_WITHIN_MS)]);
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void end(130, 'Interrupted, cleaning up.'));
setTimeout(() => void end(1, `The demo did not finish within ${TIME_LIMIT_MS / 1_000} s.`), TIME_LIMIT_MS).unref();
await main().then(
  (code) => end(code),
  (error: unknown) => end(1, `The demo failed: ${reasonOf(error)}`),
);
