import { describe, expect, it } from 'vitest';
import { capacityOf, drawCluster, drawTraffic, evenRouter } from './model.ts';
import { simulate } from './simulate.ts';
import { figuresOf, ratiosOf } from './statistics.ts';
import { oracle } from './strategies/oracle.ts';
import { unreported } from './strategies/unreported.ts';

const UNTIL_MS = 600_000;
const SEED = 1;
const WARM_UP = 10_000;

describe('routers without reports', () => {
  it.each([8, 64])('do not all fill the same gap: %i routers, snapshots of 1 s', { timeout: 60_000 }, (routers) => {
    const traffic = drawTraffic(SEED, 0.7 * capacityOf(drawCluster(SEED, UNTIL_MS)), 25_000);
    const [routed, base] = [unreported('least-time'), oracle].map((make) => {
      const setting = { routers, routerFor: evenRouter, ageMs: 1_000, seed: SEED, warmUp: WARM_UP };
      return figuresOf(simulate(make, drawCluster(SEED, UNTIL_MS), traffic, setting));
    });
    // With every router blind for the others until the next sync, half of the requests wait five times as long.
    expect(ratiosOf(routed!, base!).p50).toBeLessThan(1.5);
  });
});
