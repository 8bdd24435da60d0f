import { describe, expect, it } from 'vitest';
import type { Cluster } from './model.ts';
import { MEAN_WORK_MS, drawTraffic, evenRouter } from './model.ts';
import { newServer } from './server.ts';
import { simulate } from './simulate.ts';
import { edge, exact } from './strategies/production.ts';
import type { MakeStrategy } from './strategy.ts';

const SERVERS = 100;
const SLOTS = 4;
const [SLOW_FROM, SLOW_TO, END] = [8, 16, 32];
const isSlow = (server: number): boolean => server % 20 === 0;

/** A hundred equal servers, five of which are five times slower for eight seconds. */
const newCluster = (): Cluster => ({
  servers: Array.from({ length: SERVERS }, (_, at) =>
    newServer(SLOTS, 1, isSlow(at) ? [{ from: SLOW_FROM * 1_000, to: SLOW_TO * 1_000 }] : [], 5),
  ),
  taskLimits: Array.from({ length: SERVERS }, () => 8 * SLOTS),
});

/** Work of the slow servers between two times, in seconds, relative to their share. */
type PartIn = (from: number, to: number) => number;

function partOfSlow(make: MakeStrategy, load: number, routers: number): PartIn {
  const rate = (load * SERVERS * SLOTS) / MEAN_WORK_MS;
  const traffic = drawTraffic(1, rate, Math.round(rate * END * 1_000));
  const assigned = new Float64Array(END + 1);
  const counted: MakeStrategy = (scene) => {
    const strategy = make(scene);
    return {
      ...strategy,
      pick(router, now, request) {
        const server = strategy.pick(router, now, request);
        if (isSlow(server)) assigned[Math.min(END, Math.floor(now / 1_000))]! += 1;
        return server;
      },
    };
  };
  simulate(counted, newCluster(), traffic, { routers, routerFor: evenRouter, ageMs: 1_000, seed: 1, warmUp: 0 });
  const share = rate * 1_000 * 0.05;
  return (from, to) => assigned.subarray(from, to).reduce((sum, count) => sum + count, 0) / (share * (to - from));
}

describe.each([
  ['exact', exact('least-time'), 1],
  ['edge, 8 routers, snapshots of 1 s', edge('least-time'), 8],
  ['edge, 64 routers, snapshots of 1 s', edge('least-time'), 64],
] as const)('servers that become five times slower: %s', (_, make, routers) => {
  it.each([0.3, 0.7, 0.9])(
    'lose their work within two seconds and regain it about ten seconds after their recovery: load %f',
    (load) => {
      const partIn = partOfSlow(make, load, routers);
      expect(partIn(4, SLOW_FROM)).toBeGreaterThan(0.6);
      expect(partIn(SLOW_FROM + 2, SLOW_TO)).toBeLessThan(0.2);
      expect(partIn(SLOW_TO + 10, END)).toBeGreaterThan(0.6);
    },
  );
});
