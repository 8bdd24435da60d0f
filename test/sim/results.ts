/** Combined results of all seeds: estimates by load, case and figure. */
import type { Job, SeedResult } from './run-seed.ts';
import type { Estimate, Figures } from './statistics.ts';
import { FIGURES, estimate } from './statistics.ts';

export type Estimates = Readonly<Record<keyof Figures, Estimate>>;

export interface Results {
  readonly seeds: number;
  readonly requests: number;
  readonly warmUp: number;
  /** Figures of the oracle by load; figures of the other cases as multiples of these, by load and case key. */
  readonly oracle: ReadonlyMap<number, Estimates>;
  readonly ratios: ReadonlyMap<number, ReadonlyMap<string, Estimates>>;
}

export function gather(jobs: readonly Job[], of: readonly SeedResult[]): Results {
  const byLoad = Map.groupBy(of.keys(), (at) => jobs[at]!.load);
  const oracle = new Map<number, Estimates>();
  const ratios = new Map<number, ReadonlyMap<string, Estimates>>();
  for (const [load, places] of byLoad) {
    const results = places.map((at) => of[at]!);
    oracle.set(load, estimates(results.map((result) => result.oracle)));
    const keys = Array.from(results[0]!.ratios.keys());
    ratios.set(load, new Map(keys.map((key) => [key, estimates(results.map((result) => result.ratios.get(key)!))])));
  }
  const { requests, warmUp } = jobs[0]!;
  return { seeds: new Set(jobs.map(({ seed }) => seed)).size, requests, warmUp, oracle, ratios };
}

const estimates = (of: readonly Figures[]): Estimates => {
  const [p50, p99, p999, peak] = FIGURES.map((name) => estimate(of.map((figures) => figures[name])));
  return { p50: p50!, p99: p99!, p999: p999!, peak: peak! };
};
