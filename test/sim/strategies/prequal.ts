/**
 * After Prequal (Wydrowski and others, "Load is not what you should balance", 2024). Every request sends probes to
 * random servers, which return their load and the response time at about that load. Results are kept in a pool. A
 * server with a load in the upper part of those seen is hot. The strategy picks the fastest cold server of the pool, or
 * the least loaded one if all are hot, and then drops the worst.
 *
 * Differences: probes are free and immediate. Load is relative to the task limit, because the servers differ in size.
 */
import type { MakeStrategy } from '../strategy.ts';
import { drawByTaskLimit } from './draw.ts';

const POOL = 16;
const PROBES = 3;
/** Maximum age of a probe result. */
const KEPT_MS = 1_000;
/** A server with a load below this quantile is cold. */
const COLD_QUANTILE = 0.84;
const LOADS_SEEN = 128;
/** Higher numbers of requests in flight count as this one. */
const MOST_IN_FLIGHT = 255;
const LATENCY_WEIGHT = 0.1;

interface Probe {
  readonly server: number;
  readonly at: number;
  readonly load: number;
  readonly latencyMs: number;
}

export const prequal: MakeStrategy = ({ taskLimits, inFlight, works, routers, random }) => {
  const draw = drawByTaskLimit(taskLimits, random);
  const pools = Array.from({ length: routers }, (): Probe[] => []);
  const seen = pools.map(() => ({ loads: new Float64Array(LOADS_SEEN), count: 0, hotAbove: 0 }));
  /** Response time by server and requests in flight on arrival; 0 if unknown. */
  const times = taskLimits.map(() => new Float64Array(MOST_IN_FLIGHT + 1));
  const levelOnArrival = new Uint8Array(works.length);

  const levelOf = (server: number): number => Math.min(MOST_IN_FLIGHT, inFlight[server]!);

  /** Response time at the nearest known load. */
  function latencyAt(server: number): number {
    const level = levelOf(server);
    const known = times[server]!;
    for (let distance = 0; distance <= MOST_IN_FLIGHT; distance++) {
      const ms = known[level - distance] || known[level + distance] || 0;
      if (ms > 0) return ms;
    }
    return 0;
  }

  function probe(router: number, now: number): Probe {
    const server = draw();
    const load = inFlight[server]! / taskLimits[server]!;
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
      levelOnArrival[request] = levelOf(best.server);
      return best.server;
    },
    ended({ server, request, latencyMs }) {
      const known = times[server]!;
      const level = levelOnArrival[request]!;
      known[level] = known[level] === 0 ? latencyMs : known[level]! + LATENCY_WEIGHT * (latencyMs - known[level]!);
    },
  };
};

function isBetter(a: Probe, b: Probe, hotAbove: number): boolean {
  const [hotA, hotB] = [a.load > hotAbove, b.load > hotAbove];
  if (hotA !== hotB) return hotB;
  return hotA ? a.load < b.load : a.latencyMs < b.latencyMs;
}
