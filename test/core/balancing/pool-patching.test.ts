import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING, POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool, TraitKind } from '../../../src/core/balancing/candidate-pool.ts';
import { advancePool, compilePool, healthyWith, patchPool } from '../../../src/core/balancing/candidate-pool.ts';
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

/** Those that say both room and response time, so that nobody is taken for a mean that has moved. */
const spoken = fc
  .tuple(fc.nat(12), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 3_000 }))
  .chain(([number, maxConcurrentTasks, usualMs]) =>
    fc
      .tuple(anyCandidate(`c-${number}`), fc.option(fc.integer({ min: NOW - 4_000, max: NOW })))
      .map(([candidate, backSince]): Candidate => {
        // An empty fleet goes by checks: times of work would have it compiled anew.
        const vitals = { ...candidate.vitals, usualMs, ofWork: false };
        return { ...candidate, maxConcurrentTasks, backSince, vitals };
      }),
  );
/** What an edge does to a fleet: someone new, other numbers of someone known, nobody, or a question. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), position: fc.nat(20), candidate: spoken }),
  fc.record({ kind: fc.constant('move' as const), position: fc.nat(20), candidate: spoken }),
  fc.record({ kind: fc.constant('clear' as const), position: fc.nat(20) }),
  // Not so long that what was measured begins to be forgotten: that a fleet compiled anew has just heard.
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

/** Does the steps; an id that is somewhere already is not put elsewhere as well. Answers the time it is then. */
function patchedBy(fleet: CandidatePool, steps: readonly Step[]): number {
  let now = NOW;
  for (const each of steps) {
    switch (each.kind) {
      case 'put': {
        const known = fleet.positions.get(each.candidate.id);
        patchPool(fleet, known ?? each.position, each.candidate, now);
        break;
      }
      case 'move': {
        const known = fleet.candidates[each.position];
        if (known) patchPool(fleet, each.position, { ...known, vitals: each.candidate.vitals }, now);
        break;
      }
      case 'clear':
        patchPool(fleet, each.position, null, now);
        break;
      case 'wait':
        advancePool(fleet, (now += each.ms));
        break;
      case 'ask':
        healthyWith(fleet, each.trait, each.name);
        break;
      default:
        each satisfies never;
    }
  }
  advancePool(fleet, now);
  return now;
}

const weightsOf = (set: WeightedSet): [number, number][] =>
  Array.from(set.members.subarray(0, set.size), (at): [number, number] => [at, set.weights[at]!]).toSorted(
    ([a], [b]) => a - b,
  );

/** All that is told of a fleet by position, and every set with what it draws by. */
function contentOf(fleet: CandidatePool) {
  const { length } = fleet.candidates;
  const traits = (Object.keys(NAMES) as TraitKind[]).flatMap((kind) =>
    NAMES[kind].map((name) => {
      const trait = fleet.traits[kind].get(name);
      const holders = Array.from({ length }, (_, at) => trait?.holders[at] ?? 0);
      return { kind, name, count: trait?.count ?? 0, holders, healthy: weightsOf(healthyWith(fleet, kind, name)) };
    }),
  );
  return {
    candidates: fleet.candidates,
    positions: new Map([...fleet.positions].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    room: fleet.room.slice(0, length),
    capacity: fleet.capacity.slice(0, length),
    rate: fleet.rate.slice(0, length),
    usualMs: fleet.usualMs.slice(0, length),
    doubt: fleet.doubt.slice(0, length),
    ramping: new Set([...fleet.ramping].toSorted((a, b) => a - b)),
    rateCount: fleet.rateCount,
    healthy: weightsOf(fleet.healthy),
    doubtful: weightsOf(fleet.doubtful),
    active: weightsOf(fleet.active),
    traits,
  };
}

describe('patching a fleet', () => {
  it.each(POLICY_NAMES)('comes to the same as compiling it anew: %s', (policy) => {
    const settings: BalancingSettings = { ...DEFAULT_BALANCING, policy, trafficSplit: SPLIT, slowStartMs: 3_000 };
    fc.assert(
      fc.property(fc.array(spoken, { maxLength: 8 }), fc.array(step, { maxLength: 40 }), (first, steps) => {
        const unique = [...new Map(first.map((candidate) => [candidate.id, candidate])).values()];
        const fleet = compilePool(unique, settings, NOW);
        const now = patchedBy(fleet, steps);
        const anew = compilePool(fleet.candidates, settings, now);
        expect(contentOf(fleet)).toEqual(contentOf(anew));
        expect(fleet.rateTotal).toBeCloseTo(anew.rateTotal, 9);
        expect(fleet.capacityTotal).toBeCloseTo(anew.capacityTotal, 9);
        expect(fleet.rooms.count).toBe(anew.rooms.count);
        expect(fleet.rooms.sum).toBeCloseTo(anew.rooms.sum, 6);
        expect(fleet.usualTimes.sum).toBeCloseTo(anew.usualTimes.sum, 6);
      }),
      { numRuns: 150 },
    );
  });

  it('goes by what a component is now, whichever part of it is new', () => {
    const settings = { ...DEFAULT_BALANCING, trafficSplit: SPLIT, slowStartMs: 3_000 };
    fc.assert(
      fc.property(
        spoken,
        spoken,
        fc.subarray(['metadata', 'taskTypes', 'flags', 'location'] as const),
        (a, b, kept) => {
          const fleet = compilePool([a], settings, NOW);
          for (const kind of Object.keys(NAMES) as TraitKind[])
            for (const name of NAMES[kind]) healthyWith(fleet, kind, name);
          // Parts that are the very same object as before.
          const changed = { ...b, ...Object.fromEntries(kept.map((name) => [name, a[name]])), id: a.id };
          patchPool(fleet, 0, changed, NOW);
          expect(contentOf(fleet)).toEqual(contentOf(compilePool([changed], settings, NOW)));
        },
      ),
    );
  });

  it('keeps no trait that nobody has', () => {
    const fleet = compilePool([], DEFAULT_BALANCING, NOW);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        patchedBy(fleet, steps);
        for (let at = 0; at < fleet.candidates.length; at++) patchPool(fleet, at, null, NOW);
        expect(Object.values(fleet.traits).map(({ size }) => size)).toEqual([0, 0, 0]);
        expect([fleet.healthy.size, fleet.doubtful.size, fleet.active.size]).toEqual([0, 0, 0]);
        expect([fleet.rateTotal, fleet.rateCount, fleet.positions.size]).toEqual([0, 0, 0]);
      }),
    );
  });
});
