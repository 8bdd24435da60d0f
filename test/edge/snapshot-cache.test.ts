import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Outcomes } from '../../src/core/component/load.ts';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';
import type { EdgeSnapshot } from '../../src/edge/edge-snapshot.ts';
import { assign } from '../../src/edge/edge-snapshot.ts';
import type { SyncRequest } from '../../src/registry/contract/snapshot-api.ts';
import { edgeSnapshot, freshSnapshot, noteOutcomes } from '../../src/edge/snapshot-cache.ts';
import { freshId } from '../support/coordinator-http.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
/** What the registry answers, also where it is watched. */
const answerOf = (registry: ComponentRegistry, request: SyncRequest): ReturnType<ComponentRegistry['sync']> =>
  sync.call(registry, request);
// oxlint-disable-next-line typescript/unbound-method -- bound by `answerOf`
const { sync } = ComponentRegistry.prototype;

/** Work that goes on behind the answers. */
const behind: Promise<unknown>[] = [];
const waitUntil = (work: Promise<unknown>): void => void behind.push(work);
const settled = async (): Promise<void> => void (await Promise.all(behind.splice(0)));

/** Watches, or stands in for, what edges ask the registries. */
const watchSync = (instead?: (request: SyncRequest) => ReturnType<ComponentRegistry['sync']>) => {
  const spy = vi.spyOn(ComponentRegistry.prototype, 'sync');
  return instead ? spy.mockImplementation(instead) : spy;
};
/**
 * A gate that the first call stands at until it is opened. An object waits for it by looking again and again:
 * what another context resolves does not wake it.
 */
function newGate() {
  const gate = {
    isOpen: false,
    open: () => void (gate.isOpen = true),
    async pass(call: number): Promise<void> {
      if (call === 1) while (!this.isOpen) await scheduler.wait(5);
    },
  };
  return gate;
}

const isAway = async (): Promise<never> => {
  throw new Error('the registry is away');
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
  const snapshot = await freshSnapshot(type, waitUntil);
  return snapshot!.edge;
}

const positionOf = (edge: EdgeSnapshot, id: string): number => edge.fleet.positions.get(id)!;

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
  it('asks once however many wait', async () => {
    const id = freshId();
    const { type } = await registryWith(id);
    const spy = watchSync();
    expect(edgeSnapshot(type, Date.now(), waitUntil)).toBeNull();
    const snapshots = await Promise.all(Array.from({ length: 20 }, () => freshSnapshot(type, waitUntil)));
    expect(spy).toHaveBeenCalledTimes(1);
    expect(new Set(snapshots.map((snapshot) => snapshot?.edge)).size).toBe(1);
    expect(snapshots[0]).toMatchObject({ stale: false });
    expect(snapshots[0]!.edge.fleet.candidates).toMatchObject([{ id }]);
  });

  it('has nothing to serve while the registry is away, and all when it is back', async () => {
    const { type } = await registryWith(freshId());
    const spy = watchSync(isAway);
    expect(await freshSnapshot(type, waitUntil)).toBeNull();
    expect(edgeSnapshot(type, Date.now(), waitUntil)).toBeNull();
    spy.mockRestore();
    expect(await freshSnapshot(type, waitUntil)).toMatchObject({ stale: false });
  });
});

describe('a fleet that is held', () => {
  it.each([
    ['serves without a call', 0, true, 0],
    ['serves, and is refreshed behind the answer', 1_000, true, 1],
    ['serves, and is refreshed behind the answer, up to 2 s', 1_900, true, 1],
    ['is refreshed before it serves', 2_000, false, 0],
    ['is of no known age when the clock went back', -3_000, false, 0],
  ])('%s: %i ms old', async (_, ageMs, serves, calls) => {
    const { type } = await registryWith(freshId());
    const edge = await fetched(type);
    const spy = watchSync();
    const now = Date.now() + ageMs;
    expect(edgeSnapshot(type, now, waitUntil)).toBe(serves ? edge : null);
    for (let times = 0; times < 5; times++) edgeSnapshot(type, now, waitUntil);
    await settled();
    expect(spy).toHaveBeenCalledTimes(calls);
  });

  it('hears only what changed, where it stands', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    const { place } = edge;
    await registry.beat(id, 'unhealthy');
    const spy = watchSync();
    await fetched(registry.type);
    expect(spy.mock.calls[0]![0]).toMatchObject({ place, given: [], reported: [] });
    expect(edge.fleet.candidates).toMatchObject([{ id, status: 'unhealthy' }]);
  });

  it('serves on, marked stale, while the registry is away', async () => {
    const { type } = await registryWith(freshId());
    const edge = await fetched(type);
    watchSync(isAway);
    expect(await freshSnapshot(type, waitUntil)).toEqual({ edge, stale: true });
  });

  it('serves on, marked stale, when the registry does not answer within a second', async () => {
    const { type } = await registryWith(freshId());
    const edge = await fetched(type);
    const gate = newGate();
    const spy = watchSync(async function hang(this: ComponentRegistry, request) {
      await gate.pass(spy.mock.calls.length);
      return answerOf(this, request);
    });
    expect(await freshSnapshot(type, waitUntil)).toEqual({ edge, stale: true });
    // Whoever comes later waits for the same one, and no longer.
    expect(await freshSnapshot(type, waitUntil)).toEqual({ edge, stale: true });
    expect(spy).toHaveBeenCalledTimes(1);
    gate.open();
    await settled();
    expect(await freshSnapshot(type, waitUntil)).toEqual({ edge, stale: false });
  });

  it('asks again when a call has hung for long, and the late answer changes nothing', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    const gate = newGate();
    const spy = watchSync(async function hangOnce(this: ComponentRegistry, request) {
      const call = spy.mock.calls.length;
      const answer = await answerOf(this, request);
      await gate.pass(call);
      return answer;
    });
    await freshSnapshot(registry.type, waitUntil);
    await registry.beat(id, 'unhealthy');
    const later = Date.now() + 5_000;
    vi.useFakeTimers({ toFake: ['Date'], now: later });
    expect(await freshSnapshot(registry.type, waitUntil)).toEqual({ edge, stale: false });
    const { place } = edge;
    vi.useRealTimers();
    gate.open();
    await settled();
    expect(edge.place).toEqual(place);
    expect(edge.fleet.candidates).toMatchObject([{ id, status: 'unhealthy' }]);
  });
});

describe('work that this isolate gave', () => {
  it('is told with the next refresh, and again when that fails', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    for (let times = 0; times < 3; times++) assign(edge, positionOf(edge, id));
    const spy = watchSync(isAway);
    await freshSnapshot(registry.type, waitUntil);
    assign(edge, positionOf(edge, id));
    spy.mockRestore();
    await fetched(registry.type);
    expect((await registry.read(id)).load.activeConnections).toBe(4);
    expect(edge.untold.size).toBe(0);
  });

  it('is told to the registry that started anew, which could not know whom it was given to', async () => {
    const [first, second] = [freshId('first'), freshId('second')];
    const registry = await registryWith(first, second);
    const edge = await fetched(registry.type);
    for (let times = 0; times < 3; times++) assign(edge, positionOf(edge, second));
    await registry.api.remove(first, { drainMs: 0, ifGeneration: null });
    await registry.evict();
    await fetched(registry.type);
    expect(edge.work.open[positionOf(edge, second)]).toBe(3);
    await fetched(registry.type);
    expect((await registry.read(second)).load.activeConnections).toBe(3);
  });
});

describe('what callers reported', () => {
  it('reaches the registry soon, where nobody routes', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    for (let times = 0; times < 3; times++) assign(edge, positionOf(edge, id));
    await fetched(registry.type);
    expect((await registry.read(id)).load.activeConnections).toBe(3);
    const spy = watchSync();
    for (let times = 0; times < 2; times++)
      noteOutcomes(registry.type, id, outcomesOf(1, { latencyMs: 50, timed: 1 }), { inFlight: null, waitUntil });
    expect(edge.work.open[positionOf(edge, id)]).toBe(1);
    await settled();
    expect(spy).toHaveBeenCalledTimes(1);
    expect(spy.mock.calls[0]![0].reported).toEqual([[id, outcomesOf(2, { latencyMs: 100, timed: 2 })]]);
  });

  it('goes by what the component said of its work', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    const edge = await fetched(registry.type);
    noteOutcomes(registry.type, id, outcomesOf(1), { inFlight: 6, waitUntil });
    expect(edge.work.open[positionOf(edge, id)]).toBe(6);
  });

  it('reaches the registry also when a call was under way that had left without it', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    await fetched(registry.type);
    const gate = newGate();
    const spy = watchSync(async function hangOnce(this: ComponentRegistry, request) {
      await gate.pass(spy.mock.calls.length);
      return answerOf(this, request);
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_500 });
    const refreshing = freshSnapshot(registry.type, waitUntil);
    noteOutcomes(registry.type, id, outcomesOf(1), { inFlight: null, waitUntil });
    // What is due is on its way by the time that another registry has answered.
    await freshRegistry().api.loads();
    gate.open();
    await refreshing;
    await settled();
    expect(spy.mock.calls.map(([{ reported }]) => reported.length)).toEqual([0, 1]);
  });

  it('is brought again when the registry was away', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    await fetched(registry.type);
    const spy = watchSync(async function failOnce(this: ComponentRegistry, request) {
      if (spy.mock.calls.length === 1) throw new Error('the registry is away');
      return answerOf(this, request);
    });
    noteOutcomes(registry.type, id, outcomesOf(2), { inFlight: null, waitUntil });
    await settled();
    expect(spy.mock.calls.map(([{ reported }]) => reported)).toEqual([[[id, outcomesOf(2)]], [[id, outcomesOf(2)]]]);
  });

  it('is kept by an isolate that has not routed yet', async () => {
    const id = freshId();
    const registry = await registryWith(id);
    noteOutcomes(registry.type, id, outcomesOf(1, { latencyMs: 70, timed: 1 }), { inFlight: null, waitUntil });
    await settled();
    expect((await fetched(registry.type)).fleet.candidates).toMatchObject([{ id, vitals: { usualMs: 70 } }]);
  });
});
