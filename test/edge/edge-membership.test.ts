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
  const { place } = edge;
  const delta = await api.sync({ place, given: drainAssignments(edge), reported: [] });
  applyDelta(edge, delta, { settings: DEFAULT_BALANCING, decider: null }, Date.now());
}

const heldBy = ({ fleet }: EdgeSnapshot): Map<string, Candidate> =>
  new Map(fleet.candidates.flatMap((candidate) => (candidate ? [[candidate.id, candidate] as const] : [])));

/** One thing that happens to a fleet, as `random` has it. */
async function happen(registry: FreshRegistry, ids: Set<string>, random: () => number): Promise<void> {
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
  else if (kind === 9) await registry.setAside(id, 'maintenance', Date.now() + 600_000);
  else if (kind === 10) {
    ids.delete(id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
  } else if (random() < 0.3) await registry.evict();
}

describe.concurrent('a registry and its edges through a life of changes', () => {
  it.each([1, 2, 3, 4])('agree in the end, whenever each of them asked (%i)', async (seed) => {
    const registry = freshRegistry();
    const random = seededRandom(seed);
    const ids = new Set<string>();
    const edges = Array.from({ length: 3 }, () => newEdgeSnapshot(DEFAULT_BALANCING));
    for (let step = 0; step < 60; step++) {
      await happen(registry, ids, random);
      for (const edge of edges) {
        const [position = -1] = edge.fleet.healthy.members.subarray(0, edge.fleet.healthy.size);
        if (position !== -1 && random() < 0.3) assign(edge, position);
        if (random() < 0.4) await refresh(edge, registry);
      }
    }
    for (const edge of edges) {
      await eventually(
        async () => {
          await Promise.all([...edges].map((each) => refresh(each, registry)));
          const whole = newEdgeSnapshot(DEFAULT_BALANCING);
          await refresh(whole, registry);
          return { held: heldBy(edge), told: heldBy(whole) };
        },
        ({ held, told }) => JSON.stringify([...held].toSorted(byId)) === JSON.stringify([...told].toSorted(byId)),
        5_000,
      );
      expect(new Set(heldBy(edge).keys())).toEqual(ids);
      expect(edge.untold.size).toBe(0);
    }
  });
});

const byId = ([a]: readonly [string, Candidate], [b]: readonly [string, Candidate]): number => (a < b ? -1 : 1);
