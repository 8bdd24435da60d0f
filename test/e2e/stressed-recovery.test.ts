/** Recoveries under stress: all components fail at once, the controller is broken, or the history is locked. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import { lockHistory } from '../support/node/lock-history.ts';
import { RestartingServer } from '../support/node/restarting-server.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const LOCKED_MS = 30_000;

let persistTo: string;
let server: RestartingServer;
let running: LaunchedCoordinator;
let client: CoordinatorClient;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-stress-'));
  server = await RestartingServer.listen();
  running = await launchCoordinator({ persistTo });
  client = new CoordinatorClient({ baseUrl: running.url, key: running.key });
});

afterAll(async () => {
  await running.stop();
  server.close();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

async function registerPool(size: number, type: string): Promise<string[]> {
  // The healthy canary confirms that the failures are real.
  await client.config.put({ type }, { canaryUrl: `${server.urlOf('canary')}/health` });
  const ids = Array.from({ length: size }, (_, at) => `${type.replaceAll('_', '-')}-${at}`);
  for (const id of ids) {
    const healthCheck = { endpoint: `${server.urlOf(id)}/health`, timeout: 1_000, interval: 1_000, retries: 1 };
    const control = { endpoint: `${server.urlOf(id)}/control`, actions: ['restart' as const] };
    await client.register({ id, name: id, type, endpoint: server.urlOf(id), healthCheck, control });
  }
  await waitUntil(
    () => client.components({ type, status: 'healthy', limit: 100 }),
    ({ items }) => items.length === size,
    30_000,
  );
  return ids;
}

const recoveriesOf = async (type: string, count: number) => {
  const { items } = await waitUntil(
    () => client.recoveries({ componentType: type, limit: 100 }),
    (page) => page.items.length === count && page.items.every(({ status }) => status !== 'running'),
    150_000,
  );
  return items;
};

/** Maximum number of overlapping intervals. */
function mostAtOnce(intervals: readonly (readonly [from: number, until: number])[]): number {
  return Math.max(...intervals.map(([at]) => intervals.filter(([from, until]) => from <= at && at < until).length));
}

describe('recoveries', () => {
  it('act on at most a third of a type at once when all ten components fail', async () => {
    const ids = await registerPool(10, 'all_down');
    for (const id of ids) server.fallSick(id);
    const recoveries = await recoveriesOf('all_down', ids.length);
    expect(recoveries.map(({ status }) => status)).toEqual(ids.map(() => 'successful'));
    const acting = recoveries.map(({ actions, finishedAt }) => {
      const [restart] = actions;
      expect(restart?.action).toBe('restart');
      return [Date.parse(restart!.startedAt), Date.parse(finishedAt!)] as const;
    });
    expect(mostAtOnce(acting)).toBeLessThanOrEqual(3);
    for (const id of ids) expect(server.restarts.get(id)).toBe(1);
  });

  it('end in an incident with the reason when the controller is broken', async () => {
    const [id = ''] = await registerPool(1, 'broken_control');
    server.isBroken = true;
    server.fallSick(id);
    const [recovery] = await recoveriesOf('broken_control', 1);
    server.isBroken = false;
    expect(recovery).toMatchObject({ componentId: id, status: 'failed' });
    const { items } = await waitUntil(
      () => client.incidents({ componentId: id }),
      (page) => page.items.length > 0,
      20_000,
    );
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ status: 'open', severity: 'critical', recoveryId: recovery?.id });
    expect(items[0]?.summary).toContain('500');
  });
});

describe('a history locked for thirty seconds', () => {
  it('blocks no call, and has every failure exactly once afterwards', async () => {
    const ids = await registerPool(6, 'locked_history');
    await client.register({
      id: 'beating',
      name: 'beating',
      type: 'locked_history',
      endpoint: server.urlOf('beating'),
      heartbeat: { ttl: 60_000 },
    });
    // The checks of these components pass, so the reports of a single caller would weigh little.
    const reporters = await Promise.all([1, 2, 3].map(reporterWithOwnKey));
    const unlock = lockHistory(persistTo);
    const lockedUntil = Date.now() + LOCKED_MS;
    const failureIds: string[] = [];
    const slowest = { route: 0, heartbeat: 0, register: 0 };
    const timed = async (what: keyof typeof slowest, call: () => Promise<unknown>): Promise<void> => {
      const startedAt = Date.now();
      await call();
      slowest[what] = Math.max(slowest[what], Date.now() - startedAt);
    };
    try {
      for (let round = 0; Date.now() < lockedUntil; round++) {
        const id = ids[round % ids.length]!;
        await timed('route', () => client.route({ type: 'locked_history' }));
        await timed('heartbeat', () => client.heartbeat('beating'));
        await timed('register', () =>
          client.register({
            id: `during-${round}`,
            name: 'during',
            type: 'locked_history',
            endpoint: server.urlOf('during'),
            heartbeat: { ttl: 60_000 },
          }),
        );
        const error = { code: 'ECONNRESET', message: `failed in round ${round}` };
        const reporter = reporters[Math.floor(round / ids.length) % reporters.length]!;
        failureIds.push((await reporter.reportFailure(id, { error })).failureId);
        await sleep(500);
      }
      // No failure could be written while the history was locked.
      expect(await allFailures('locked_history').catch(() => [])).toEqual([]);
    } finally {
      unlock();
    }
    console.log(`while locked: ${failureIds.length} failures, slowest calls ${JSON.stringify(slowest)} ms`);
    const stored = await waitUntil(
      () => allFailures('locked_history'),
      (found) => failureIds.every((id) => found.includes(id)),
      60_000,
    );
    expect(new Set(stored).size).toBe(stored.length);
    // The coordinator kept deciding from its own memory: recoveries began while the history was locked.
    const { items } = await client.events({ after: 0, types: ['recovery.started'], limit: 1_000 });
    const begun = items.filter(({ subject, time }) => ids.includes(subject) && Date.parse(time) < lockedUntil);
    expect(new Set(begun.map(({ subject }) => subject))).toEqual(new Set(ids));
  });
});

async function reporterWithOwnKey(number: number): Promise<CoordinatorClient> {
  const { key } = await client.createKey({ name: `reporter ${number}`, scopes: ['router'] });
  return new CoordinatorClient({ baseUrl: running.url, key });
}

async function allFailures(componentType: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.failures({ componentType, limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) return found;
    cursor = page.nextCursor;
  }
}
