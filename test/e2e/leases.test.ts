/**
 * Fifty simultaneous callers over ten components of a real coordinator, with Durable Objects on disk. The callers make
 * ten thousand lease operations: acquire, complete, renew, let expire. The coordinator never exceeds a capacity or a
 * quota, loses no slot, and serves waiting callers in FIFO order.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { randomFrom } from '../../src/core/random.ts';
import type { BareWorkerd } from '../bench/bare/bare-workerd.ts';
import { startWorkerd } from '../bench/bare/bare-workerd.ts';
import { buildBundle } from '../bench/bare/build-bundles.ts';
import { ADMIN_KEY } from '../bench/bare/seed.ts';
import { requestLeases } from '../support/node/lease-caller.ts';
import { LeaseRecord, percentile } from '../support/node/lease-record.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const OPERATIONS = Number(process.env['LEASE_OPERATIONS'] ?? 10_000);
const CALLERS = 50;
/** Time limit in ms. An idle machine needs a fifth of it. */
const AT_MOST_MS = 110_000;
/** The first type grants single leases, the second lease blocks. */
const TYPES = ['task_router', 'caws_validator'] as const;
const CAPACITIES: Readonly<Record<(typeof TYPES)[number], number>> = { task_router: 3, caws_validator: 8 };
/** Quota of slots per type for the callers of a key; null for no quota. */
const KEYS: Readonly<Record<string, number | null>> = { open: null, other: null, narrow: 2, wide: 4 };

let folder: string;
let workerd: BareWorkerd;
let admin: CoordinatorClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arbiter-leases-'));
  const coordinator = {
    name: 'coordinator',
    module: buildBundle('src/index.ts', join(folder, 'coordinator')),
    texts: { COORDINATOR_ADMIN_KEY: ADMIN_KEY, ALLOW_PRIVATE_ENDPOINTS: 'true' },
    objects: { COMPONENT_REGISTRY: 'ComponentRegistry', SYSTEM_COORDINATOR: 'SystemCoordinator' },
  };
  workerd = await startWorkerd([coordinator], folder);
  admin = clientWith(ADMIN_KEY);
  await admin.config.put({ type: 'caws_validator' }, { leaseBlocks: { size: 2 } });
  for (const type of TYPES) for (let at = 0; at < 5; at++) await register(`${type}-${at}`, type, CAPACITIES[type]);
});

afterAll(async () => {
  await workerd?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const clientWith = (key: string): CoordinatorClient =>
  new CoordinatorClient({ baseUrl: workerd.urls['coordinator']!, key });

async function register(id: string, type: string, maxConcurrentTasks: number): Promise<void> {
  const endpoint = `https://${id}.example.com`;
  await admin.register({
    id,
    name: id,
    type,
    endpoint,
    heartbeat: { ttl: 600_000 },
    capabilities: { maxConcurrentTasks },
  });
  await admin.heartbeat(id, {});
}

const leasesOf = async (type: string) => (await admin.leases({ type, limit: 500 })).items;

/** Polls the leases while the callers run; returns the maximum of leased slots per component. */
async function watch(shouldContinue: () => boolean): Promise<Map<string, number>> {
  const most = new Map<string, number>();
  while (shouldContinue()) {
    for (const type of TYPES) {
      const now = new Map<string, number>();
      for (const { componentId, slots } of await leasesOf(type))
        now.set(componentId, (now.get(componentId) ?? 0) + slots);
      for (const [id, slots] of now) most.set(id, Math.max(slots, most.get(id) ?? 0));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return most;
}

it('the coordinator exceeds no capacity and no quota, loses no slot, and responds to every call', async () => {
  const clients: [string, CoordinatorClient][] = [];
  for (const [name, leaseSlots] of Object.entries(KEYS)) {
    const made = await admin.createKey({ name, scopes: ['router'] });
    if (leaseSlots !== null) await admin.setQuotas(made.id, { leaseSlots });
    clients.push([name, clientWith(made.key)]);
  }
  // Until every isolate has the quotas.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const record = new LeaseRecord();
  const startedAt = Date.now();
  const operations = (): number => record.of('requested', 'completed', 'completed again', 'renewed', 'expired');
  const shouldContinue = (): boolean => operations() < OPERATIONS && Date.now() - startedAt < AT_MOST_MS;
  let isOver = false;
  const seen = watch(() => !isOver);
  const callers = Array.from({ length: CALLERS }, (_, at) => {
    const [key, client] = clients[at % clients.length]!;
    const type = TYPES[Math.floor(at / clients.length) % TYPES.length]!;
    return requestLeases({ client, key, type, random: randomFrom(at + 1) }, record, shouldContinue);
  });
  await Promise.all(callers);
  const seconds = (Date.now() - startedAt) / 1_000;
  isOver = true;
  const shown = await seen;

  const { counts, waits, holdings } = record;
  console.log(
    `${operations()} operations in ${seconds.toFixed(1)} s, ${Math.round(operations() / seconds)} a second; ` +
      `waits of ${waits.length}: p50 ${percentile(waits, 0.5)} ms, p99 ${percentile(waits, 0.99)} ms; ${JSON.stringify(counts)}`,
  );
  expect(Object.keys(counts).filter((name) => name.startsWith('wrong'))).toEqual([]);
  expect(operations()).toBeGreaterThanOrEqual(OPERATIONS);
  // Every call got a response.
  expect(record.of('granted', 'refused at-capacity', 'refused lease-quota')).toBe(record.of('requested'));
  expect(record.of('completed', 'expired')).toBe(record.of('granted'));
  const most = record.most(({ componentId }) => componentId);
  expect(most.size).toBe(10);
  for (const observed of [most, shown])
    for (const [id, slots] of observed)
      expect(slots, id).toBeLessThanOrEqual(CAPACITIES[id.slice(0, -2) as keyof typeof CAPACITIES]);
  for (const [name, slots] of record.most(({ key, type }) => `${key} ${type}`))
    expect(slots, name).toBeLessThanOrEqual(KEYS[name.split(' ')[0]!] ?? Infinity);
  // Callers with a quota were served too.
  for (const name of Object.keys(KEYS)) expect(holdings.filter(({ key }) => key === name).length).toBeGreaterThan(100);

  // An isolate returns idle blocks with its next registry call, which this lease request causes.
  await waitUntil(
    async () => {
      const { lease } = await clients[0]![1].route({ type: 'caws_validator', lease: { ttlMs: 1_000, slots: 2 } });
      await clients[0]![1].complete(lease!.id, { outcome: 'success' });
      return [...(await leasesOf('task_router')), ...(await leasesOf('caws_validator'))];
    },
    (left) => left.length === 0,
    20_000,
  );
  const loads = await admin.load();
  expect(loads.filter(({ activeConnections }) => activeConnections !== 0)).toEqual([]);
  const { holders = [], recent } = await admin.leases();
  expect(holders.filter(({ slots, waiting }) => slots + waiting > 0)).toEqual([]);
  expect(recent.find(({ type }) => type === 'task_router')!.granted).toBeGreaterThan(100);
}, 200_000);

it('callers waiting for the same capacity are served in FIFO order', async () => {
  await register('only', 'performance_tracker', 1);
  const type = 'performance_tracker';
  const { lease } = await admin.route({ type, lease: {} });
  // With another key: load shedding refuses lists of a key with many open calls.
  const { key } = await admin.createKey({ name: 'waiting', scopes: ['router'] });
  const waiter = clientWith(key);
  const order: number[] = [];
  const waiting: Promise<void>[] = [];
  const waitFor = async (at: number): Promise<void> => {
    const granted = await waiter.route({ type, lease: { waitMs: 30_000 } });
    order.push(at);
    await waiter.complete(granted.lease!.id, { outcome: 'success' });
  };
  for (let at = 0; at < 40; at++) {
    waiting.push(waitFor(at));
    await waitUntil(
      async () => (await admin.leases({ type })).waiting[0]?.depth,
      (depth) => depth === at + 1,
      5_000,
    );
  }
  await admin.complete(lease!.id, { outcome: 'success' });
  await Promise.all(waiting);
  expect(order).toEqual(Array.from({ length: 40 }, (_, at) => at));
});
