import { describe, expect, it } from 'vitest';
import type { Candidate, Condition, LiveStats } from '../../../src/core/balancing/candidate.ts';
import type { SnapshotVersion, SnapshotDelta } from '../../../src/core/balancing/snapshot-delta.ts';
import { LIVE_STATS_WIDTH, unpackLiveStats } from '../../../src/core/balancing/snapshot-delta.ts';
import type { Outcomes } from '../../../src/core/component/load.ts';
import type { SyncRequest } from '../../../src/registry/contract/snapshot-api.ts';
import { componentLog, eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const ONE_ENDED: Outcomes = { ended: 1, failed: 0, latencyMs: 0, timed: 0 };
const NOTHING = { full: false, changed: [], conditions: [], liveStats: new Float64Array() };

const sync = (
  { api }: FreshRegistry,
  version: SnapshotVersion | null = null,
  more: Partial<SyncRequest> = {},
): Promise<SnapshotDelta> => api.sync({ syncedTo: version, assignments: [], outcomes: [], ...more });

/** The registration as text, which begins with the id. */
const textOf = (id: string): unknown => expect.stringContaining(`{"id":"${id}"`);

const candidatesIn = (delta: SnapshotDelta): (Candidate | null)[] => delta.changed.map(([, candidate]) => candidate);
const positionOf = (delta: SnapshotDelta, id: string): number =>
  delta.changed.find(([, candidate]) => candidate?.id === id)![0];

/** The live stats of a delta by position. */
const liveStatsByPosition = ({ liveStats: stats }: SnapshotDelta): Map<number, LiveStats> =>
  new Map(
    Array.from({ length: stats.length / LIVE_STATS_WIDTH }, (_, row) => unpackLiveStats(stats, row)).map((each) => [
      each.position,
      each.liveStats,
    ]),
  );

/** The work in flight by the count of the registry. */
const inFlightOf = async (registry: FreshRegistry, id: string): Promise<number> =>
  (await registry.read(id)).load.activeConnections;

async function healthyPair(): Promise<{ registry: FreshRegistry; first: string; second: string }> {
  const registry = freshRegistry();
  const [first, second] = [freshId('first'), freshId('second')];
  for (const id of [first, second]) {
    await registry.register(id, beats);
    await registry.beat(id);
  }
  return { registry, first, second };
}

describe.concurrent('a snapshot delta', () => {
  it('is full at first, and empty when nothing changed', async () => {
    const { registry, first, second } = await healthyPair();
    const whole = await sync(registry);
    expect(whole).toMatchObject({ full: true, size: 2 });
    expect(new Set(candidatesIn(whole).map((candidate) => candidate?.id))).toEqual(new Set([first, second]));
    const again = await sync(registry, whole);
    expect(again).toMatchObject({ ...NOTHING, epoch: whole.epoch, version: whole.version, size: 2 });
    expect(await sync(freshRegistry())).toMatchObject({ full: true, size: 0, changed: [], nextCheckAt: null });
  });

  it('contains a newly registered component only', async () => {
    const { registry } = await healthyPair();
    const before = await sync(registry);
    const third = freshId('third');
    await registry.register(third, beats);
    const delta = await sync(registry, before);
    expect(delta).toMatchObject({
      full: false,
      size: 3,
      changed: [[2, { id: third, status: 'unknown' }, textOf(third)]],
    });
    expect(delta.revision).toBeGreaterThan(before.revision);
    expect(delta.liveStats).toHaveLength(0);
  });

  it('contains a removal, and later the component that reuses the position', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    const position = positionOf(before, first);
    await registry.api.remove(first, { drainMs: 0, ifGeneration: null });
    const gone = await sync(registry, before);
    expect(gone).toMatchObject({ size: 2, changed: [[position, null]] });
    const third = freshId('third');
    await registry.register(third, beats);
    expect(await sync(registry, gone)).toMatchObject({ size: 2, changed: [[position, { id: third }, textOf(third)]] });
    expect(await sync(registry, before)).toMatchObject({
      size: 2,
      changed: [[position, { id: third }, textOf(third)]],
    });
  });

  it('contains the new component when one was removed and registered again', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    await registry.api.remove(first, { drainMs: 0, ifGeneration: null });
    await registry.register(first, { ...beats, metadata: { version: '2' } });
    const delta = await sync(registry, before);
    expect(delta.size).toBe(2);
    expect(delta.changed).toMatchObject([
      [expect.any(Number), { id: first, status: 'unknown', metadata: { version: '2' } }, textOf(first)],
    ]);
  });

  it('contains the whole component when its registration changed', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    await registry.register(first, { ...beats, weight: 7 });
    const delta = await sync(registry, before);
    expect(delta.changed).toMatchObject([
      [positionOf(before, first), { id: first, weight: 7, status: 'healthy' }, textOf(first)],
    ]);
    expect(JSON.parse(delta.changed[0]![2]!)).toMatchObject({ id: first, type: registry.type, weight: 7 });
    expect(delta.conditions).toEqual([]);
    expect(delta.revision).toBeGreaterThan(before.revision);
  });

  it.each<[string, (registry: FreshRegistry, id: string) => Promise<unknown>, Partial<Condition>]>([
    ['health', (registry, id) => registry.beat(id, 'unhealthy'), { status: 'unhealthy', backSince: null }],
    [
      'lifecycle',
      (registry, id) => registry.takeOutOfService(id, 'maintenance', Date.now() + 600_000),
      { lifecycle: 'maintenance' },
    ],
    [
      'return to health',
      (registry, id) => registry.beat(id, 'unhealthy').then(() => registry.beat(id)),
      { status: 'healthy', backSince: expect.any(Number) as never },
    ],
  ])('contains only the condition when only that changed: %s', async (_, change, expected) => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    await change(registry, first);
    const delta = await sync(registry, before);
    expect(delta.conditions).toMatchObject([[positionOf(before, first), expected]]);
    expect(delta.changed).toEqual([]);
    expect(delta.revision).toBeGreaterThan(before.revision);
    expect(await sync(registry, delta)).toMatchObject(NOTHING);
  });

  it('contains only live stats when only those changed, without a new revision', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    await registry.beat(first, 'healthy', { activeConnections: 5, queueDepth: 1, loadPercentage: 50 });
    const delta = await eventually(
      () => sync(registry, before),
      ({ liveStats: stats }) => stats.length > 0,
    );
    expect(delta).toMatchObject({ changed: [], revision: before.revision });
    expect(liveStatsByPosition(delta)).toEqual(
      new Map([
        [
          positionOf(before, first),
          {
            suspect: false,
            inFlight: 5,
            estimated: 0,
            estimatedAt: 0,
            loadPercentage: 50,
            ewmaMs: null,
            isWorkTime: false,
          },
        ],
      ]),
    );
    expect(await sync(registry, delta)).toMatchObject(NOTHING);
  });

  it('contains what the requesting edge has not received yet', async () => {
    const { registry, first, second } = await healthyPair();
    const early = await sync(registry);
    await registry.beat(first, 'degraded');
    const late = await sync(registry, early);
    await registry.beat(second, 'degraded');
    const positionsTo = async (version: SnapshotVersion): Promise<Set<number>> =>
      new Set((await sync(registry, version)).conditions.map(([position]) => position));
    const [one, two] = [positionOf(early, first), positionOf(early, second)];
    expect(await positionsTo(early)).toEqual(new Set([one, two]));
    expect(await positionsTo(late)).toEqual(new Set([two]));
  });

  it('is full again after an eviction, whatever version the edge has', async () => {
    const { registry, first, second } = await healthyPair();
    const before = await sync(registry);
    await registry.evict();
    const after = await sync(registry, before);
    expect(after).toMatchObject({ full: true, size: 2, revision: before.revision });
    expect(after.epoch).not.toBe(before.epoch);
    expect(new Set(candidatesIn(after).map((candidate) => candidate?.id))).toEqual(new Set([first, second]));
  });

  it('contains the time of the next due check', async () => {
    const { registry } = await healthyPair();
    expect((await sync(registry)).nextCheckAt).toBeNull();
    await registry.register(freshId());
    const { nextCheckAt } = await sync(registry);
    expect(Math.abs(nextCheckAt! - Date.now())).toBeLessThan(60_000);
  });
});

describe.concurrent('an assignment that an edge reports', () => {
  it('is estimated in the response to its report, however recent the previous sync is', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    const position = positionOf(before, first);
    const estimatedIn = (delta: SnapshotDelta): number => {
      const stats = liveStatsByPosition(delta).get(position)!;
      expect(stats.inFlight).toBe(0);
      return Math.round(stats.estimated);
    };
    for (const count of [1, 2, 3])
      expect(estimatedIn(await sync(registry, before, { assignments: [[position, 1]] }))).toBe(count);
    const reported = [[first, { ...ONE_ENDED, ended: 2 }]] as const;
    expect(estimatedIn(await sync(registry, before, { outcomes: reported }))).toBe(1);
  });

  it('decays in the isolates, without further deltas', async () => {
    const { registry, first } = await healthyPair();
    await registry.api.configureType({ revision: 1, overrides: { assumedTaskMs: 50 } });
    const before = await sync(registry);
    const assigned = await sync(registry, before, { assignments: [[positionOf(before, first), 5]] });
    expect(assigned.changed).toEqual([]);
    await clockReaches(assigned.sentAt + 500);
    const over = await sync(registry, assigned);
    expect(over).toMatchObject(NOTHING);
    expect(over.revision).toBe(before.revision);
    expect(await inFlightOf(registry, first)).toBe(0);
  });

  it('is replaced by the load that the component reports', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    const position = positionOf(before, first);
    await sync(registry, before, { assignments: [[position, 9]] });
    expect((await registry.read(first)).load).toMatchObject({
      activeConnections: 9,
      estimated: { activeConnections: 9 },
    });
    await registry.beat(first, 'healthy', { activeConnections: 4, queueDepth: 0, loadPercentage: null });
    expect((await registry.read(first)).load).toMatchObject({
      activeConnections: 4,
      estimated: { activeConnections: 0 },
    });
  });

  it('is not counted without a version, for an unknown position, or in another epoch', async () => {
    const { registry, first, second } = await healthyPair();
    const before = await sync(registry);
    const assignments = [[positionOf(before, first), 9]] as const;
    await sync(registry, null, { assignments });
    await sync(registry, before, { assignments: [[99, 9]] });
    await registry.evict();
    await sync(registry, before, { assignments });
    expect(await inFlightOf(registry, first)).toBe(0);
    expect(await inFlightOf(registry, second)).toBe(0);
  });

  it('is not counted for a component that reuses the position', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    const position = positionOf(before, first);
    await registry.api.remove(first, { drainMs: 0, ifGeneration: null });
    const third = freshId('third');
    await registry.register(third, beats);
    // Another edge has received the change already.
    const seen = await sync(registry);
    expect(positionOf(seen, third)).toBe(position);
    await sync(registry, before, { assignments: [[position, 9]] });
    expect(await inFlightOf(registry, third)).toBe(0);
    await sync(registry, seen, { assignments: [[position, 4]] });
    expect(await inFlightOf(registry, third)).toBe(4);
  });
});

describe.concurrent('an outcome that an edge reports', () => {
  it('ends work that edges assigned, and moves the average duration', async () => {
    const { registry, first } = await healthyPair();
    const before = await sync(registry);
    const position = positionOf(before, first);
    await sync(registry, before, { assignments: [[position, 5]] });
    const reported = [[first, { ...ONE_ENDED, ended: 3, latencyMs: 90_000, timed: 3 }]] as const;
    const delta = await sync(registry, before, { outcomes: reported });
    expect(await inFlightOf(registry, first)).toBe(2);
    const stats = liveStatsByPosition(delta).get(position)!;
    expect(stats).toMatchObject({ inFlight: 0, ewmaMs: 30_000 });
    expect(stats.estimated).toBeCloseTo(2, 0);
  });

  it('is ignored for an unknown component', async () => {
    const { registry } = await healthyPair();
    expect(await sync(registry, null, { outcomes: [['nobody', ONE_ENDED]] })).toMatchObject({ full: true, size: 2 });
  });

  it('triggers a check when work failed, at most once per second', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'healthy');
    await registry.register(id);
    const { health } = await eventually(
      () => registry.read(id),
      (component) => component.health.lastCheck !== null,
    );
    await clockReaches(Date.parse(health.lastCheck!) + 1_000);
    const checks = async (): Promise<number> => (await componentLog(id)).checks;
    const before = await checks();
    const failed = [[id, { ...ONE_ENDED, failed: 1 }]] as const;
    await sync(registry, null, { outcomes: [[id, ONE_ENDED]] });
    await setMode(id, 'unavailable');
    await Promise.all([1, 2, 3].map(() => sync(registry, null, { outcomes: failed })));
    const down = await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
    );
    expect(down.health.reason).toContain('503');
    // The triggered check and its one retry.
    expect(await checks()).toBeLessThanOrEqual(before + 3);
  });
});
