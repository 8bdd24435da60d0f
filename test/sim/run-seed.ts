/** All cases of one seed at one load, against the oracle's run of the same seed. */
import { CASES, keyOf } from './cases.ts';
import { capacityOf, drawPlant, drawTraffic, evenDoor, unevenDoor } from './model.ts';
import { simulate } from './simulate.ts';
import type { Figures } from './statistics.ts';
import { figuresOf, ratiosOf } from './statistics.ts';
import { oracle } from './strategies/oracle.ts';
import type { MakeStrategy } from './strategy.ts';

export interface Job {
  readonly seed: number;
  readonly load: number;
  readonly requests: number;
  /** So many of them at the beginning are not measured. */
  readonly warmUp: number;
}

export interface SeedResult {
  /** The oracle's own figures, times in ms. */
  readonly oracle: Figures;
  /** As multiples of the oracle's, by key of the case. */
  readonly ratios: ReadonlyMap<string, Figures>;
}

/** Ends of slowdowns are drawn this far; no run is longer. */
const UNTIL_MS = 600_000;

export function runSeed({ seed, load, requests, warmUp }: Job): SeedResult {
  const traffic = drawTraffic(seed, load * capacityOf(drawPlant(seed, UNTIL_MS)), requests);
  const run = (make: MakeStrategy, routers: number, ageMs: number, uneven: boolean): Figures => {
    const doorOf = uneven ? unevenDoor : evenDoor;
    return figuresOf(simulate(make, drawPlant(seed, UNTIL_MS), traffic, { routers, doorOf, ageMs, seed, warmUp }));
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
