/**
 * Checks a second while every component of a type fails, beside those before and after. Runs the coordinator of
 * `npm start`, so that events, history and recoveries cost what they cost.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { launchCoordinator } from '../../../src/dev/launch-coordinator.ts';
import { textTable } from '../text-table.ts';
import type { FleetMode } from './fleet-server.ts';
import { AlertReceiver } from './alert-receiver.ts';
import { countRows } from './count-rows.ts';
import { FleetServer } from './fleet-server.ts';
import { RouteProbe } from './route-probe.ts';
import { UsageSampler } from './usage-sampler.ts';

/** 30 ports: below the budget of a host that passes no check. */
const PORTS = 30;
const AT_ONCE = 20;
const BEFORE_MS = 30_000;
const FAILING_MS = 60_000;
const ALL_DOWN_WITHIN_MS = 120_000;
const RETURN_WITHIN_MS = 300_000;
const GOAL = 0.8;
const TYPE = 'task_router';

export async function massFailureTable(components = 3_000): Promise<string> {
  const measured = [await measure('503', components), await measure('hang', components)];
  const names = Object.keys(measured[0]!);
  // One column for each way to fail.
  return textTable(
    ['figure', '503', 'hang'],
    names.map((name) => [name, ...measured.map((figures) => figures[name] ?? '')]),
  );
}

async function measure(mode: FleetMode, components: number): Promise<Record<string, string>> {
  const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-mass-'));
  const fleet = new FleetServer(PORTS);
  await fleet.listen();
  const alerts = new AlertReceiver();
  await alerts.listen();
  const coordinator = await launchCoordinator({ persistTo });
  try {
    const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });
    await client.config.put('all', { maxComponentsPerType: components });
    await client.webhooks.create({ id: 'pager', format: 'slack', url: alerts.url });
    for (let at = 0; at < components; at += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, each) => register(client, fleet, at + each)));
    const untilHealthy = (accept: (healthy: number) => boolean, withinMs: number) =>
      secondsUntil(async () => accept((await client.systemHealth()).components.healthy), withinMs);
    const readySeconds = await untilHealthy((healthy) => healthy === components, RETURN_WITHIN_MS);
    const before = await checksPerSecond(fleet, BEFORE_MS);
    const eventsBefore = await lastEvent(client);
    const routes = new RouteProbe(client, TYPE);
    const usage = new UsageSampler(coordinator.pid, fleet);
    fleet.mode = mode;
    const down = untilHealthy((healthy) => healthy === 0, ALL_DOWN_WITHIN_MS);
    const during = await checksPerSecond(fleet, FAILING_MS);
    const downSeconds = await down;
    fleet.mode = 'healthy';
    const backSeconds = await untilHealthy((healthy) => healthy === components, RETURN_WITHIN_MS);
    const { peakMib, firstMib, connections } = usage.stop();
    const p99 = await routes.stop();
    const events = (await lastEvent(client)) - eventsBefore;
    await coordinator.stop();
    const [failures, recoveries, incidents] = countRows(persistTo, ['failures', 'recoveries', 'incidents']);
    const figures = {
      components,
      'seconds until all were healthy': readySeconds,
      'checks/s before': before.toFixed(0),
      'checks/s while all fail': during.toFixed(0),
      [`ratio, goal ≥ ${GOAL}`]: (during / before).toFixed(2),
      'seconds until all are unhealthy': downSeconds,
      'seconds until all are back': backSeconds,
      'p99 of a route meanwhile, ms': p99,
      events,
      'D1 rows: failures': failures,
      'D1 rows: recoveries': recoveries,
      'D1 rows: incidents': incidents,
      'alerts sent': alerts.received,
      'connections at most': connections,
      'memory before, MiB': firstMib.toFixed(0),
      'memory at most, MiB': peakMib.toFixed(0),
    };
    return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)]));
  } finally {
    await coordinator.stop();
    fleet.close();
    alerts.close();
    await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Seconds until `isSo`, as text; `> N` when it takes longer than `withinMs`. */
async function secondsUntil(isSo: () => Promise<boolean>, withinMs: number): Promise<string> {
  const startedAt = Date.now();
  while (Date.now() - startedAt < withinMs) {
    // A poll that fails says nothing: the coordinator may be busy.
    if (await isSo().catch(() => false)) return ((Date.now() - startedAt) / 1_000).toFixed(0);
    await sleep(500);
  }
  return `> ${withinMs / 1_000}`;
}

const lastEvent = async (client: CoordinatorClient): Promise<number> =>
  Number((await client.events({ limit: 1 })).items.at(-1)?.sequence ?? 0);

async function checksPerSecond(fleet: FleetServer, ms: number): Promise<number> {
  const before = fleet.checks;
  await sleep(ms);
  return ((fleet.checks - before) / ms) * 1_000;
}

const register = (client: CoordinatorClient, fleet: FleetServer, at: number) => {
  const url = fleet.urlOf(at);
  return client.register({
    id: `mass-${at}`,
    name: `mass-${at}`,
    type: TYPE,
    endpoint: url,
    healthCheck: { endpoint: `${url}/health` },
  });
};
