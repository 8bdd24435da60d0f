import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unitOf } from '../../../src/core/balancing/affinity.ts';
import { POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import {
  compilePool,
  fadeTimes,
  needsRecompile,
  patchPool,
  recordTime,
} from '../../../src/core/balancing/candidate-pool.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import { assignWork } from './assign-work.ts';
import {
  MODES,
  NOW,
  candidateOf,
  candidatesOf,
  poolOf,
  fullCandidate,
  outcomesOf,
  pickOnce,
  requestOf,
} from './candidate-of.ts';

const KEYS = Array.from({ length: 2_000 }, (_, key) => `session-${key}`);
const keyedRequest = (affinityKey: string, more: Partial<RouteRequest> = {}): RouteRequest =>
  requestOf({}, { affinityKey, ...more });

/** The owner of each key in an idle pool. */
const ownersOf = (pool: CandidatePool): Map<string, string> =>
  new Map(
    KEYS.map((key) => {
      const pick = pickOnce(pool, keyedRequest(key));
      return [key, pick.ok ? pick.candidate.id : pick.reason];
    }),
  );

const countBy = (owners: ReadonlyMap<string, string>): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const id of owners.values()) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};

describe('work of one affinity key', () => {
  it('stays with one component, whichever caller decides and however the pool was built', () => {
    const pool = poolOf(candidatesOf(30));
    for (const key of KEYS.slice(0, 20)) expect(outcomesOf(pool, keyedRequest(key))).toHaveLength(1);
    const patched = poolOf([]);
    for (const [at, candidate] of candidatesOf(30).toReversed().entries()) patchPool(patched, at, candidate, NOW);
    expect(ownersOf(patched)).toEqual(ownersOf(pool));
  });

  it('is spread evenly over the components', () => {
    for (const times of countBy(ownersOf(poolOf(candidatesOf(20)))).values())
      expect(Math.abs(times - 100)).toBeLessThan(5 * Math.sqrt(100));
  });

  it('is spread in proportion to weight', () => {
    const counts = countBy(ownersOf(poolOf(candidatesOf(3, (at) => ({ weight: 2 ** at })))));
    for (const at of [0, 1, 2]) {
      const due = (2_000 * 2 ** at) / 7;
      expect(Math.abs(counts.get(`c-${at}`)! - due)).toBeLessThan(5 * Math.sqrt(due));
    }
  });

  it('moves only from a component that is removed, and returns with it', () => {
    const candidates = candidatesOf(20);
    const before = ownersOf(poolOf(candidates));
    const pool = poolOf(candidates);
    patchPool(pool, 7, null, NOW);
    const without = ownersOf(pool);
    for (const [key, id] of before)
      if (id === 'c-7') expect(without.get(key)).not.toBe('c-7');
      else expect(without.get(key)).toBe(id);
    patchPool(pool, 7, candidates[7]!, NOW);
    expect(ownersOf(pool)).toEqual(before);
  });

  it('moves only to a component that is added', () => {
    const before = ownersOf(poolOf(candidatesOf(20)));
    const after = ownersOf(poolOf(candidatesOf(21)));
    const moved = KEYS.filter((key) => before.get(key) !== after.get(key));
    expect(new Set(moved.map((key) => after.get(key)))).toEqual(new Set(['c-20']));
    expect(Math.abs(moved.length - 2_000 / 21)).toBeLessThan(60);
  });
});

describe('measured response times', () => {
  const FEW_KEYS = KEYS.slice(0, 25);
  const ownersIn = (pool: CandidatePool): string[] =>
    FEW_KEYS.map((key) => {
      const pick = pickOnce(pool, keyedRequest(key));
      return pick.ok ? pick.candidate.id : pick.reason;
    });
  const component = fc.record({
    weight: fc.constantFrom(0.5, 1, 3),
    maxConcurrentTasks: fc.constantFrom(null, 8, 10, 100),
    ewmaMs: fc.option(fc.nat(5_000)),
  });
  /** A time that the registry sends, or that the isolate measures itself. */
  const measurement = fc.record({ at: fc.nat(9), ms: fc.nat(10_000), isSent: fc.boolean(), afterMs: fc.nat(3_000) });

  it('move no key while no component joins, leaves or fills up, under any policy', () => {
    fc.assert(
      fc.property(
        fc.array(component, { minLength: 2, maxLength: 10 }),
        fc.array(measurement, { maxLength: 60 }),
        fc.constantFrom(...POLICY_NAMES),
        (components, measurements, policy) => {
          let pool = poolOf(
            components.map(({ ewmaMs, ...change }, at) => candidateOf(`c-${at}`, change, { ewmaMs })),
            { policy },
          );
          const before = ownersIn(pool);
          let now = NOW;
          for (const { at, ms, isSent, afterMs } of measurements) {
            now += afterMs;
            const candidate = pool.candidates[at];
            if (candidate && isSent)
              patchPool(pool, at, { ...candidate, liveStats: { ...candidate.liveStats, ewmaMs: ms } }, now);
            else if (candidate) recordTime(pool, at, ms, now);
            fadeTimes(pool, now);
            if (needsRecompile(pool)) pool = compilePool(pool.candidates, pool.settings, now);
            expect(ownersIn(pool)).toEqual(before);
          }
        },
      ),
    );
  });

  it('move no key when the pool is compiled again after components have joined', () => {
    const limits = [null, null, 4, 100];
    const candidates = limits.map((maxConcurrentTasks, at) => candidateOf(`c-${at}`, { maxConcurrentTasks }));
    const grown = poolOf(candidates.slice(0, 3));
    patchPool(grown, 3, candidates[3]!, NOW);
    expect(ownersOf(grown)).toEqual(ownersOf(poolOf(candidates)));
  });
});

describe('the load bound', () => {
  it.each([1, 2, 7, 30])('keeps each of %i components within 125 %% of its share, even with a single key', (size) => {
    for (const mode of MODES)
      for (const keys of [1, 5, 400]) {
        const pool = poolOf(candidatesOf(size));
        const got = assignWork(pool, { count: 1_000, mode, request: (at) => keyedRequest(`key-${at % keys}`) });
        expect(Math.max(...got)).toBeLessThanOrEqual(Math.ceil((1.25 * 1_000) / size));
        expect(got.reduce((sum, part) => sum + part, 0)).toBe(1_000);
      }
  });

  it('is proportional to weight', () => {
    const pool = poolOf(candidatesOf(3, (at) => ({ weight: 2 ** at })));
    const got = assignWork(pool, { count: 700, request: () => keyedRequest('the only one') });
    got.forEach((part, at) => expect(part).toBeLessThanOrEqual(Math.ceil(1.25 * 100 * 2 ** at)));
  });

  it('counts only eligible components: the load of others does not move work', () => {
    const [wanted, ...others] = candidatesOf(40);
    const pool = poolOf([{ ...wanted!, metadata: { tier: 'gold' } }, ...others]);
    const request = requestOf({ match: { tier: 'gold' } }, { affinityKey: 'k' });
    expect(assignWork(pool, { count: 100, request: () => request })[0]).toBe(100);
  });

  it('admits a component with capacity if those of the key have none', () => {
    const busy = candidateOf('busy', { maxConcurrentTasks: 10 }, { inFlight: 9 });
    const idle = candidatesOf(3).map(({ id }) => fullCandidate(id));
    for (const key of KEYS.slice(0, 50))
      expect(outcomesOf(poolOf([busy, ...idle]), keyedRequest(key))).toEqual(['busy']);
  });

  it('refuses no slots that fit', () => {
    const pool = poolOf(candidatesOf(10).map(({ id }) => candidateOf(id, { maxConcurrentTasks: 8 }, { inFlight: 3 })));
    for (const key of KEYS.slice(0, 50)) {
      expect(outcomesOf(pool, keyedRequest(key, { slots: 5 }))).toHaveLength(1);
      expect(outcomesOf(pool, keyedRequest(key, { slots: 5 }))).not.toEqual(['at-capacity']);
    }
  });
});

describe('unitOf', () => {
  it('lies strictly between 0 and 1, and is even over neighbouring hashes', () => {
    for (const hash of [0, 1, 2 ** 31, 2 ** 32 - 1, -1]) {
      expect(unitOf(hash)).toBeGreaterThan(0);
      expect(unitOf(hash)).toBeLessThan(1);
    }
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let hash = 0; hash < 10_000; hash++) tenths[Math.floor(10 * unitOf(hash))]! += 1;
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
