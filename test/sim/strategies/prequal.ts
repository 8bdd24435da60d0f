/**
 * After Prequal (Wydrowski and others, "Load is not what you should balance", 2024). Every request sends out probes to
 * servers drawn at random, which answer with their load and how long requests took that came at about that load;
 * answers are kept in a pool. A server whose load is in the upper part of those seen is hot. Of the cold ones in the pool
 * the fastest is taken; when all are hot, the least loaded. Then the worst is thrown away.
 *
 * Like it, not it: probes cost nothing and are answered at once. Load is counted by room, because these servers are not
 * equally large.
 */
import type { MakeStrategy } from '../strategy.ts';
import { drawByRoom } from './draw.ts';

const POOL = 16;
const PROBES = 3;
/** A probe older than this is thrown away. */
const KEPT_MS = 1_000;
/** Below this quantile of the loads seen a server is cold. */
const COLD_QUANTILE = 0.84;
const LOADS_SEEN = 128;
/** Loads above this many in flight are alike. */
const MOST_IN_FLIGHT = 255;
const LATENCY_WEIGHT = 0.1;

interface Probe {
  readonly server: number;
  readonly at: number;
  readonly load: number;
  readonly latencyMs: number;
}

export const prequal: MakeStrategy = ({ rooms, inFlight, works, routers, random }) => {
  const draw = drawByRoom(rooms, random);
  const pools = Array.from({ length: routers }, (): Probe[] => []);
  const seen = pools.map(() => ({ loads: new Float64Array(LOADS_SEEN), count: 0, hotAbove: 0 }));
  /** By server and requests in flight on arrival: how long it took; 0 for not known. */
  const times = rooms.map(() => new Float64Array(MOST_IN_FLIGHT + 1));
  const cameAt = new Uint8Array(works.length);

  const levelOf = (server: number): number => Math.min(MOST_IN_FLIGHT, inFlight[server]!);

  /** Of the load that is nearest to this one. */
  function latencyAt(server: number): number {
    const level = levelOf(server);
    const known = times[server]!;
    for (let away = 0; away <= MOST_IN_FLIGHT; away++) {
      const ms = known[level - away] || known[level + away] || 0;
      if (ms > 0) return ms;
    }
    return 0;
  }

  function probe(router: number, now: number): Probe {
    const server = draw();
    const load = inFlight[server]! / rooms[server]!;
    const view = seen[router]!;
    view.loads[view.count++ % LOADS_SEEN] = load;
    if (view.count % 16 === 0) {
      const known = view.loads.subarray(0, Math.min(view.count, LOADS_SEEN)).toSorted();
      view.hotAbove = known[Math.floor(COLD_QUANTILE * known.length)]!;
    }
    return { server, at: now, load, latencyMs: latencyAt(server) };
  }

  return {
    pick(router, now, request) {
      const fresh = Array.from({ length: PROBES }, () => probe(router, now));
      const pool = [...pools[router]!.filter(({ at }) => now - at <= KEPT_MS), ...fresh].slice(-POOL);
      const { hotAbove } = seen[router]!;
      const best = pool.reduce((a, b) => (isBetter(b, a, hotAbove) ? b : a));
      const worst = pool.reduce((a, b) => (isBetter(a, b, hotAbove) ? b : a));
      pools[router] = pool.filter((each) => each !== best && each !== worst);
      cameAt[request] = levelOf(best.server);
      return best.server;
    },
    ended({ server, request, latencyMs }) {
      const known = times[server]!;
      const level = cameAt[request]!;
      known[level] = known[level] === 0 ? latencyMs : known[level]! + LATENCY_WEIGHT * (latencyMs - known[level]!);
    },
  };
};

function isBetter(a: Probe, b: Probe, hotAbove: number): boolean {
  const [hotA, hotB] = [a.load > hotAbove, b.load > hotAbove];
  if (hotA !== hotB) return hotB;
  return hotA ? a.load < b.load : a.latencyMs < b.latencyMs;
}
