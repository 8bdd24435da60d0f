/**
 * SIGKILL of the whole runtime while a dozen recoveries run, each at another point. The test repeats this until
 * `KILL_INSTANTS` recoveries were hit. In each dozen the kill hits one between its control call and the record of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import { RestartingServer } from '../support/node/restarting-server.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const INSTANTS = Number(process.env['KILL_INSTANTS'] ?? 5);
const AT_ONCE = 12;
const MAX_KILLS = 4;
/** About the duration of a recovery here, in ms: at any moment the recoveries are at different points. */
const SPREAD_MS = 3_500;

let persistTo: string;
let server: RestartingServer;
let running: LaunchedCoordinator | undefined;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-storm-'));
  server = await RestartingServer.listen();
});

afterAll(async () => {
  await running?.stop();
  server.close();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

async function launch(): Promise<CoordinatorClient> {
  running = await launchCoordinator({ persistTo });
  return new CoordinatorClient({ baseUrl: running.url, key: running.key });
}

/** Registers each component under its own type, so that the recovery guard delays none. */
async function register(client: CoordinatorClient, id: string): Promise<void> {
  const type = id.replaceAll('-', '_');
  await client.config.put({ type }, {});
  const healthCheck = { endpoint: `${server.urlOf(id)}/health`, timeout: 1_000, interval: 1_000, retries: 1 };
  const control = { endpoint: `${server.urlOf(id)}/control`, actions: ['restart' as const] };
  await client.register({ id, name: id, type, endpoint: server.urlOf(id), healthCheck, control });
}

/** Number of running recoveries of these components; null when the coordinator does not respond. */
const runningOf = async (client: CoordinatorClient, ids: readonly string[]): Promise<number | null> => {
  try {
    const { items } = await client.recoveries({ limit: 100, status: 'running' });
    return items.filter(({ componentId }) => ids.includes(componentId)).length;
  } catch {
    return null;
  }
};

/** Breaks the components one after the other and kills the runtime during their recoveries; returns how many it hit. */
async function strike(client: CoordinatorClient, ids: readonly string[]): Promise<number> {
  const killed = new Promise<void>((resolve) => {
    const last = ids.at(-2);
    server.onRestart = async (id) => {
      if (id !== last) return;
      await running?.kill();
      resolve();
    };
  });
  let inProgress = 0;
  const watching = setInterval(() => {
    void runningOf(client, ids).then((count) => (inProgress = count ?? inProgress));
  }, 200);
  for (const id of ids) {
    server.fallSick(id);
    await sleep(SPREAD_MS / ids.length);
  }
  await killed;
  clearInterval(watching);
  return inProgress;
}

it('every recovery hit by a SIGKILL ends successfully, with one restart', async () => {
  let client = await launch();
  let instants = 0;
  let kills = 0;
  for (; instants < INSTANTS && kills < MAX_KILLS; kills++) {
    const ids = Array.from({ length: AT_ONCE }, (_, at) => `storm-${kills}-${at}`);
    for (const id of ids) await register(client, id);
    await waitUntil(
      () => client.systemHealth(),
      ({ components }) => components.healthy >= AT_ONCE * (kills + 1),
      30_000,
    );
    instants += await strike(client, ids);
    client = await launch();
    const { items } = await waitUntil(
      () => client.recoveries({ limit: 100 }),
      (page) =>
        ids.every((id) => page.items.some((item) => item.componentId === id)) &&
        page.items.every(({ status }) => status !== 'running'),
      120_000,
    );
    const ofThese = items.filter(({ componentId }) => ids.includes(componentId));
    expect(ofThese.map(({ status }) => status)).toEqual(ids.map(() => 'successful'));
    for (const id of ids) expect({ id, restarts: server.restarts.get(id) }).toEqual({ id, restarts: 1 });
  }
  const { items } = await client.components({ limit: 100 });
  // A busy machine responds slowly, and its components are degraded for a moment.
  const isBack = ({ health }: (typeof items)[number]): boolean => ['healthy', 'degraded'].includes(health.status);
  expect(items.filter((item) => !isBack(item) || item.recoveryId !== null)).toEqual([]);
  const repeated = [...server.calls.values()].filter((calls) => calls > 1).length;
  console.log(`${instants} recoveries were met by ${kills} kills; ${repeated} control calls came twice`);
  expect(instants).toBeGreaterThanOrEqual(INSTANTS);
  expect(server.calls.size).toBe(kills * AT_ONCE);
});
