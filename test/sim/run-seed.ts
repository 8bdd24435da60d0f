/** All cases of one seed at one load, relative to the oracle's run of the same seed. */
import { CASES, keyOf } from './cases.ts';
import { capacityOf, drawCluster, drawTraffic, evenRouter, unevenRouter } from './model.ts';
import { simulate } from './simulate.ts';
import type { Figures } from './statistics.ts';
import { figuresOf, ratiosOf } from './statistics.ts';
import { oracle } from './strategies/oracle.ts';
import type { MakeStrategy } from './strategy.ts';

export interface Job {
  readonly seed: number;
  readonly load: number;
  readonly requests: number;
  /** Number of requests at the beginning that are not measured. */
  readonly warmUp: number;
}

export interface SeedResult {
  /** Figures of the oracle, times in ms. */
  readonly oracle: Figures;
  /** Figures as multiples of the oracle's, by case key. */
  readonly ratios: ReadonlyMap<string, Figures>;
}

/** Slowdowns are drawn up to this time; no run is longer. */
const UNTIL_MS = 600_000;

export function runSeed({ seed, load, requests, warmUp }: Job): SeedResult {
  const traffic = drawTraffic(seed, load * capacityOf(drawCluster(seed, UNTIL_MS)), requests);
  const run = (make: MakeStrategy, routers: number, ageMs: number, uneven: boolean): Figures => {
    const routerFor = uneven ? unevenRouter : evenRouter;
    return figuresOf(simulate(make, drawCluster(seed, UNTIL_MS), traffic, { routers, routerFor, ageMs, seed, warmUp }));
  };
  const base = run(oracle, 1, 0, false);
  const ratios = new Map<string, Figures>();
  for (const each of CASES) {
    if (!each.loads.includes(load)) continue;
    const figures = run(each.make, Math.max(1, each.routers), each.ageMs ?? 0, each.uneven);
    ratios.set(keyOf(each), ratiosOf(figures, base));
  }
  return { oracle: base, ratios };
}
