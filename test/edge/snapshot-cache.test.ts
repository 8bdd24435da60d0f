import { afterEach, describe, expect, it, vi } from 'vitest';
import { openAt as openWorkAt } from '../../src/core/balancing/open-work.ts';
import type { Outcomes } from '../../src/core/component/load.ts';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';
import type { EdgeSnapshot } from '../../src/edge/edge-snapshot.ts';
import { assign } from '../../src/edge/edge-snapshot.ts';
import type { SyncRequest } from '../../src/registry/contract/snapshot-api.ts';
import { cachedSnapshot, refreshedSnapshot, noteOutcomes } from '../../src/edge/snapshot-cache.ts';
import { freshId } from '../support/coordinator-http.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
/** Calls the real method, even while a spy replaces it. */
const realSync = (registry: ComponentRegistry, request: SyncRequest): ReturnType<ComponentRegistry['sync']> =>
  sync.call(registry, request);
// oxlint-disable-next-line typescript/unbound-method -- bound by `realSync`
const { sync } = ComponentRegistry.prototype;

/** Work that continues after the responses. */
const background: Promise<unknown>[] = [];
const waitUntil = (work: Promise<unknown>): void => void background.push(work);
const settled = async (): Promise<void> => void (await Promise.all(background.splice(0)));

/** Observes or replaces the sync calls of edges. */
const watchSync = (instead?: (request: SyncRequest) => ReturnType<ComponentRegistry['sync']>) => {
  const spy = vi.spyOn(ComponentRegistry.prototype, 'sync');
  return instead ? spy.mockImplementation(instead) : spy;
};
/**
 * A barrier that blocks the first call until `open`. An object must poll it, because a promise that another context
 * resolves does not wake the object.
 */
function newBarrier() {
  const barrier = {
    isOpen: false,
    open: () => void (barrier.isOpen = true),
    async pass(call: number): Promise<void> {
      if (call === 1) while (!this.isOpen) await scheduler.wait(5);
    },
  };
  return barrier;
}

const failSync = async (): Promise<never> => {
  throw new Error('the registry is unreachable');
};

async function registryWith(...ids: readonly string[]): Promise<FreshRegistry> {
  const registry = freshRegistry();
  for (const id of ids) {
    await registry.register(id, beats);
    await registry.beat(id);
  }
  return registry;
}

async function fetched(type: string): Promise<EdgeSnapshot> {
  const snapshot = await refreshedSnapshot(type, waitUntil);
  return snapshot!.edge;
}

const positionOf = (edge: EdgeSnapshot, id: string): number => edge.pool.positions.get(id)!;

/** Work in flight as the snapshot counts it, in whole pieces. */
const openAt = (edge: EdgeSnapshot, id: string): number =>
  Math.round(openWorkAt(edge.pool, edge.work, positionOf(edge, id), Date.now()));

const outcomesOf = (ended: number, more: Partial<Outcomes> = {}): Outcomes => ({
  ended,
  failed: 0,
  latencyMs: 0,
  timed: 0,
  ...more,
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await settled();
});

describe('an isolate that starts', () => {
  it('makes one call for all waiting requests', async () => {
    const id = freshId();
    const { type } = await registryWith(id);
    const spy = watchSync();
    expect(cachedSnapshot(type, Date.now(), waitUntil)).toBeNull();
    const snapshots = await Promise.all(Array.from({ length: 20 }, () => refreshedSnapshot(type, waitUntil)));
    expect(spy).toHaveBeenCalledTimes(1);
    expect(new Set(snapshots.map((snapshot) => snapshot?.edge)).size).toBe(1);
    expect(snapshots[0]).toMatchObject({ stale: false });
    expect(snapshots[0]!.edge.pool.candidates).toMatchObject([{ id }]);
  });

  it('has no snapshot while the registry is unreachable, and a fresh one afterwards', async () => {
    const { type } = await registryWith(freshId());
    const spy = watchSync(failSync);
    expect(await refreshedSnapshot(type, waitUntil)).toBeNull();
    expect(cachedSnapshot(type, Date.now(), waitUntil)).toBeNull();
    spy.mockRestore();
    expect(await refreshedSnapshot(type, waitUntil)).toMatchObject({ stale: false });
  });
});

describe('a cached snapshot', () => {
  it.each([
    ['serves without a call', 0, true, 0],
    ['serves, and is refreshed in the background', 1_000, true, 1],
    ['serves, and is refreshed in the background, up to 2 s', 1_900, true, 1],
    ['is refreshed before it serves', 2_000, false, 0],
    ['has no known age when the clock went back', -3_000, false, 0],
  ])('%s: %i ms old', async (_, ageMs, serves, calls) => {
    const { type } = await registryWith(freshId());
    const edge = await fetched(type);
    const spy = watchSync();
    const now = Date.now() + ageMs;
    expect(cachedSnapshot(type, now, waitUntil)).toBe(serves ? edge : null);
    for (let times = 0; times < 5; times++) cachedSnapshot(type, now, waitUntil);
    await settled();
    expect(spy).toHaveBeenCalledTimes(calls);
  });

  it('receives only the changes since its version', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    const { syncedTo } = edge;
    await registry.beat(id, 'unhealthy');
    const spy = watchSync();
    await fetched(registry.type);
    expect(spy.mock.calls[0]![0]).toMatchObject({ syncedTo, assignments: [], outcomes: [] });
    expect(edge.pool.candidates).toMatchObject([{ id, status: 'unhealthy' }]);
  });

  it('serves on, marked stale, while the registry is unreachable', async () => {
    const { type } = await registryWith(freshId());
    const edge = await fetched(type);
    watchSync(failSync);
    expect(await refreshedSnapshot(type, waitUntil)).toEqual({ edge, stale: true });
  });

  it('serves on, marked stale, when the registry does not respond within 1 s', async () => {
    const { type } = await registryWith(freshId());
    const edge = await fetched(type);
    const barrier = newBarrier();
    const spy = watchSync(async function hang(this: ComponentRegistry, request) {
      await barrier.pass(spy.mock.calls.length);
      return realSync(this, request);
    });
    expect(await refreshedSnapshot(type, waitUntil)).toEqual({ edge, stale: true });
    // A later request joins the same refresh, and waits no longer than the first.
    expect(await refreshedSnapshot(type, waitUntil)).toEqual({ edge, stale: true });
    expect(spy).toHaveBeenCalledTimes(1);
    barrier.open();
    await settled();
    expect(await refreshedSnapshot(type, waitUntil)).toEqual({ edge, stale: false });
  });

  it('is refreshed again after a call that hangs, whose late response changes nothing', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    const barrier = newBarrier();
    const spy = watchSync(async function hangOnce(this: ComponentRegistry, request) {
      const call = spy.mock.calls.length;
      const response = await realSync(this, request);
      await barrier.pass(call);
      return response;
    });
    await refreshedSnapshot(registry.type, waitUntil);
    await registry.beat(id, 'unhealthy');
    const later = Date.now() + 5_000;
    vi.useFakeTimers({ toFake: ['Date'], now: later });
    expect(await refreshedSnapshot(registry.type, waitUntil)).toEqual({ edge, stale: false });
    const { syncedTo } = edge;
    vi.useRealTimers();
    barrier.open();
    await settled();
    expect(edge.syncedTo).toEqual(syncedTo);
    expect(edge.pool.candidates).toMatchObject([{ id, status: 'unhealthy' }]);
  });
});

describe('an assignment by this isolate', () => {
  it('is reported with the next refresh, and again when that fails', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    for (let times = 0; times < 3; times++) assign(edge, positionOf(edge, id), Date.now());
    const spy = watchSync(failSync);
    await refreshedSnapshot(registry.type, waitUntil);
    assign(edge, positionOf(edge, id), Date.now());
    spy.mockRestore();
    await fetched(registry.type);
    expect((await registry.read(id)).load.activeConnections).toBe(4);
    expect(edge.pendingAssignments.size).toBe(0);
  });

  it('is reported again to a registry that restarted and dropped counts of the earlier epoch', async () => {
    const [first, second] = [freshId('first'), freshId('second')];
    const registry = await registryWith(first, second);
    const edge = await fetched(registry.type);
    for (let times = 0; times < 3; times++) assign(edge, positionOf(edge, second), Date.now());
    await registry.api.remove(first, { drainMs: 0, ifGeneration: null });
    await registry.evict();
    await fetched(registry.type);
    expect(openAt(edge, second)).toBe(3);
    await fetched(registry.type);
    expect((await registry.read(second)).load.activeConnections).toBe(3);
  });
});

describe('an outcome that a caller reported', () => {
  it('reaches the registry soon, even without further requests', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    for (let times = 0; times < 3; times++) assign(edge, positionOf(edge, id), Date.now());
    await fetched(registry.type);
    expect((await registry.read(id)).load.activeConnections).toBe(3);
    const spy = watchSync();
    for (let times = 0; times < 2; times++)
      noteOutcomes(registry.type, id, outcomesOf(1, { latencyMs: 50, timed: 1 }), { inFlight: null, waitUntil });
    expect(openAt(edge, id)).toBe(1);
    await settled();
    expect(spy).toHaveBeenCalledTimes(1);
    expect(spy.mock.calls[0]![0].outcomes).toEqual([[id, outcomesOf(2, { latencyMs: 100, timed: 2 })]]);
  });

  it('replaces the count by that of the component', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    noteOutcomes(registry.type, id, outcomesOf(1), { inFlight: 6, waitUntil });
    expect(openAt(edge, id)).toBe(6);
  });

  it('reaches the registry even when the sync in flight began without it', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    await fetched(registry.type);
    const barrier = newBarrier();
    const spy = watchSync(async function hangOnce(this: ComponentRegistry, request) {
      await barrier.pass(spy.mock.calls.length);
      return realSync(this, request);
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_500 });
    const refreshing = refreshedSnapshot(registry.type, waitUntil);
    noteOutcomes(registry.type, id, outcomesOf(1), { inFlight: null, waitUntil });
    // By the time that another registry has responded, a sync that was due has been sent.
    await freshRegistry().api.loads();
    barrier.open();
    await refreshing;
    await settled();
    expect(spy.mock.calls.map(([{ outcomes }]) => outcomes.length)).toEqual([0, 1]);
  });

  it('is reported again after a failed sync', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    await fetched(registry.type);
    const spy = watchSync(async function failOnce(this: ComponentRegistry, request) {
      if (spy.mock.calls.length === 1) throw new Error('the registry is unreachable');
      return realSync(this, request);
    });
    noteOutcomes(registry.type, id, outcomesOf(2), { inFlight: null, waitUntil });
    await settled();
    expect(spy.mock.calls.map(([{ outcomes }]) => outcomes)).toEqual([[[id, outcomesOf(2)]], [[id, outcomesOf(2)]]]);
  });

  it('is kept by an isolate that has no snapshot yet', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    noteOutcomes(registry.type, id, outcomesOf(1, { latencyMs: 70, timed: 1 }), { inFlight: null, waitUntil });
    await settled();
    expect((await fetched(registry.type)).pool.candidates).toMatchObject([{ id, liveStats: { ewmaMs: 70 } }]);
  });
});
