import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../src/core/balancing/candidate.ts';
import type { EdgeSnapshot } from '../../src/edge/edge-snapshot.ts';
import { applyDelta, assign, newEdgeSnapshot, drainAssignments } from '../../src/edge/edge-snapshot.ts';
import { seededRandom } from '../core/balancing/candidate-of.ts';
import { eventually, freshId } from '../support/coordinator-http.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;

async function refresh(edge: EdgeSnapshot, { api }: FreshRegistry): Promise<void> {
  const { syncedTo } = edge;
  const delta = await api.sync({ syncedTo, assignments: drainAssignments(edge), outcomes: [] });
  applyDelta(edge, delta, { settings: DEFAULT_BALANCING, edgeMember: null }, Date.now());
}

const candidatesOf = ({ pool }: EdgeSnapshot): Map<string, Candidate> =>
  new Map(pool.candidates.flatMap((candidate) => (candidate ? [[candidate.id, candidate] as const] : [])));

/** One random event in the life of a type. */
async function changeSomething(registry: FreshRegistry, ids: Set<string>, random: () => number): Promise<void> {
  const id = [...ids][Math.floor(random() * ids.size)] ?? freshId();
  const kind = Math.floor(random() * 12);
  if (kind < 3 || ids.size === 0) {
    const added = freshId();
    ids.add(added);
    await registry.register(added, { ...beats, metadata: { location: kind === 0 ? 'weur' : 'enam' } });
    await registry.beat(added);
  } else if (kind < 6) await registry.beat(id, STATUSES[kind - 3]);
  else if (kind < 8)
    await registry.beat(id, 'healthy', { activeConnections: kind, queueDepth: 0, loadPercentage: 100 * random() });
  else if (kind === 8) await registry.register(id, { ...beats, weight: 1 + random() });
  else if (kind === 9) await registry.takeOutOfService(id, 'maintenance', Date.now() + 600_000);
  else if (kind === 10) {
    ids.delete(id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
  } else if (random() < 0.3) await registry.evict();
}

describe.concurrent('a registry and its edges after many changes', () => {
  it.each([1, 2, 3, 4])('agree in the end, whenever each edge synced (%i)', async (seed) => {
    const registry = freshRegistry();
    const random = seededRandom(seed);
    const ids = new Set<string>();
    const edges = Array.from({ length: 3 }, () => newEdgeSnapshot(DEFAULT_BALANCING));
    for (let step = 0; step < 60; step++) {
      await changeSomething(registry, ids, random);
      for (const edge of edges) {
        const [position = -1] = edge.pool.healthy.members.subarray(0, edge.pool.healthy.size);
        if (position !== -1 && random() < 0.3) assign(edge, position, Date.now());
        if (random() < 0.4) await refresh(edge, registry);
      }
    }
    for (const edge of edges) {
      await eventually(
        async () => {
          await Promise.all([...edges].map((each) => refresh(each, registry)));
          const whole = newEdgeSnapshot(DEFAULT_BALANCING);
          await refresh(whole, registry);
          return { actual: candidatesOf(edge), expected: candidatesOf(whole) };
        },
        ({ actual, expected }) =>
          JSON.stringify([...actual].toSorted(byId)) === JSON.stringify([...expected].toSorted(byId)),
        5_000,
      );
      expect(new Set(candidatesOf(edge).keys())).toEqual(ids);
      expect(edge.pendingAssignments.size).toBe(0);
    }
  });
});

const byId = ([a]: readonly [string, Candidate], [b]: readonly [string, Candidate]): number => (a < b ? -1 : 1);
