import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING, POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import type { TraitKind } from '../../../src/core/balancing/traits.ts';
import { advanceSlowStart, compilePool, healthyWith, patchPool } from '../../../src/core/balancing/candidate-pool.ts';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { NOW } from './candidate-of.ts';
import { anyCandidate } from './scenes.ts';

const NAMES: Readonly<Record<TraitKind, readonly string[]>> = {
  location: ['weur', 'enam', 'apac', 'nowhere'],
  capability: ['review', 'build', 'fast', 'nothing'],
  part: ['0', '1', '2'],
};
const SPLIT: BalancingSettings['trafficSplit'] = [
  { match: { tier: 'gold' }, percent: 10 },
  { match: { tier: 'silver' }, percent: 50 },
];

/** Candidates with task limit and response time: the pool mean, which may have moved, replaces neither. */
const measured = fc
  .tuple(fc.nat(12), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 3_000 }))
  .chain(([number, maxConcurrentTasks, ewmaMs]) =>
    fc
      .tuple(anyCandidate(`c-${number}`), fc.option(fc.integer({ min: NOW - 4_000, max: NOW })))
      .map(([candidate, backSince]): Candidate => {
        // An empty pool uses times of checks. Times of work would require a recompilation.
        const liveStats = { ...candidate.liveStats, ewmaMs, isWorkTime: false };
        return { ...candidate, maxConcurrentTasks, backSince, liveStats };
      }),
  );
/** Steps of an edge on its pool: put a candidate, move its live stats, clear a position, wait, or query a trait. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), position: fc.nat(20), candidate: measured }),
  fc.record({ kind: fc.constant('move' as const), position: fc.nat(20), candidate: measured }),
  fc.record({ kind: fc.constant('clear' as const), position: fc.nat(20) }),
  // Too short for measured times to fade: a recompiled pool would have them fresh.
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(240) }),
  fc.constantFrom(...(Object.keys(NAMES) as TraitKind[])).chain((trait) =>
    fc.record({
      kind: fc.constant('ask' as const),
      trait: fc.constant(trait),
      name: fc.constantFrom(...NAMES[trait]),
    }),
  ),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Applies the steps and returns the time after them. Never puts a known id at a second position. */
function patchedBy(pool: CandidatePool, steps: readonly Step[]): number {
  let now = NOW;
  for (const each of steps) {
    switch (each.kind) {
      case 'put': {
        const known = pool.positions.get(each.candidate.id);
        patchPool(pool, known ?? each.position, each.candidate, now);
        break;
      }
      case 'move': {
        const known = pool.candidates[each.position];
        if (known) patchPool(pool, each.position, { ...known, liveStats: each.candidate.liveStats }, now);
        break;
      }
      case 'clear':
        patchPool(pool, each.position, null, now);
        break;
      case 'wait':
        advanceSlowStart(pool, (now += each.ms));
        break;
      case 'ask':
        healthyWith(pool, each.trait, each.name);
        break;
      default:
        each satisfies never;
    }
  }
  advanceSlowStart(pool, now);
  return now;
}

const weightsOf = (set: WeightedSet): [number, number][] =>
  Array.from(set.members.subarray(0, set.size), (at): [number, number] => [at, set.weights[at]!]).toSorted(
    ([a], [b]) => a - b,
  );

/** Everything that a pool holds by position, and the draw weights of every set. */
function contentOf(pool: CandidatePool) {
  const { length } = pool.candidates;
  const traits = (Object.keys(NAMES) as TraitKind[]).flatMap((kind) =>
    NAMES[kind].map((name) => {
      const trait = pool.traits[kind].get(name);
      const holders = Array.from({ length }, (_, at) => trait?.holders[at] ?? 0);
      return { kind, name, count: trait?.count ?? 0, holders, healthy: weightsOf(healthyWith(pool, kind, name)) };
    }),
  );
  return {
    candidates: pool.candidates,
    positions: new Map([...pool.positions].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    taskLimit: pool.taskLimit.slice(0, length),
    capacity: pool.capacity.slice(0, length),
    rate: pool.rate.slice(0, length),
    ewmaMs: pool.ewmaMs.slice(0, length),
    suspectFlags: pool.suspectFlags.slice(0, length),
    ramping: new Set([...pool.ramping].toSorted((a, b) => a - b)),
    routableCount: pool.routableCount,
    healthy: weightsOf(pool.healthy),
    suspect: weightsOf(pool.suspect),
    active: weightsOf(pool.active),
    traits,
  };
}

describe('patchPool', () => {
  it.each(POLICY_NAMES)('gives the same pool as a recompilation: %s', (policy) => {
    const settings: BalancingSettings = { ...DEFAULT_BALANCING, policy, trafficSplit: SPLIT, slowStartMs: 3_000 };
    fc.assert(
      fc.property(fc.array(measured, { maxLength: 8 }), fc.array(step, { maxLength: 40 }), (first, steps) => {
        const unique = [...new Map(first.map((candidate) => [candidate.id, candidate])).values()];
        const pool = compilePool(unique, settings, NOW);
        const now = patchedBy(pool, steps);
        const recompiled = compilePool(pool.candidates, settings, now);
        expect(contentOf(pool)).toEqual(contentOf(recompiled));
        expect(pool.rateTotal).toBeCloseTo(recompiled.rateTotal, 9);
        expect(pool.capacityTotal).toBeCloseTo(recompiled.capacityTotal, 9);
        expect(pool.taskLimits.count).toBe(recompiled.taskLimits.count);
        expect(pool.taskLimits.sum).toBeCloseTo(recompiled.taskLimits.sum, 6);
        expect(pool.ewmaTimes.sum).toBeCloseTo(recompiled.ewmaTimes.sum, 6);
      }),
      { numRuns: 150 },
    );
  });

  it('uses the current values of a component, whichever of them changed', () => {
    const settings = { ...DEFAULT_BALANCING, trafficSplit: SPLIT, slowStartMs: 3_000 };
    fc.assert(
      fc.property(
        measured,
        measured,
        fc.subarray(['metadata', 'taskTypes', 'flags', 'location'] as const),
        (a, b, kept) => {
          const pool = compilePool([a], settings, NOW);
          for (const kind of Object.keys(NAMES) as TraitKind[])
            for (const name of NAMES[kind]) healthyWith(pool, kind, name);
          // Unchanged parts keep their object identity.
          const changed = { ...b, ...Object.fromEntries(kept.map((name) => [name, a[name]])), id: a.id };
          patchPool(pool, 0, changed, NOW);
          expect(contentOf(pool)).toEqual(contentOf(compilePool([changed], settings, NOW)));
        },
      ),
    );
  });

  it('keeps no trait without holders', () => {
    const pool = compilePool([], DEFAULT_BALANCING, NOW);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        patchedBy(pool, steps);
        for (let at = 0; at < pool.candidates.length; at++) patchPool(pool, at, null, NOW);
        expect(Object.values(pool.traits).map(({ size }) => size)).toEqual([0, 0, 0]);
        expect([pool.healthy.size, pool.suspect.size, pool.active.size]).toEqual([0, 0, 0]);
        expect([pool.rateTotal, pool.routableCount, pool.positions.size]).toEqual([0, 0, 0]);
      }),
    );
  });
});
