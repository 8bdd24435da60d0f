import { describe, expect, it } from 'vitest';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { patchPool } from '../../../src/core/balancing/candidate-pool.ts';
import type { Aperture } from '../../../src/core/balancing/aperture.ts';
import { apertureOf, sharingOf } from '../../../src/core/balancing/aperture.ts';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { NOW, candidateOf, candidatesOf, poolOf, pickOnce, requestOf } from './candidate-of.ts';

const TASK_LIMITS = [2, 4, 8];
const taskLimitAt = (at: number): number => TASK_LIMITS[at % TASK_LIMITS.length]!;
const mixedPool = (size = 100): CandidatePool =>
  poolOf(candidatesOf(size, (at) => ({ maxConcurrentTasks: taskLimitAt(at) })));

const membersOf = ({ set }: Aperture): number[] =>
  Array.from(set!.members.subarray(0, set!.size)).toSorted((a, b) => a - b);

/** Weight of the aperture as a part of all. */
const weightOf = ({ size, members, weights }: WeightedSet): number =>
  members.subarray(0, size).reduce((sum, position) => sum + weights[position]!, 0);
const partOf = (pool: CandidatePool, { set }: Aperture): number => weightOf(set!) / weightOf(pool.healthy);

describe('sharingOf', () => {
  it.each([
    ['the only isolate', 1, 1],
    ['one that routes a quarter: its aperture is everything', 0.25, 4],
    ['one with four times its share', 0.05, 4],
    ['one with the smallest aperture', 0.02, 6],
    ['one that routes little: bounded', 0.001, 8],
    ['one that does not know its share', null, 1],
  ])('is the number of isolates that share a component: %s', (_, share, expected) => {
    const edgeMember = { number: 3, share };
    expect(sharingOf(apertureOf(mixedPool(), edgeMember, null), edgeMember)).toBeCloseTo(expected);
  });
});

describe('apertureOf', () => {
  it.each([
    ['few components', 12, 0.01],
    ['an edge that routes much of the work', 100, 0.25],
    ['an edge that does not know its share', 100, null],
  ])('covers the whole pool with %s', (_, size, share) => {
    expect(apertureOf(mixedPool(size), { number: 3, share }, null).set).toBeNull();
  });

  it.each([
    [0, 0.12],
    [0.01, 0.12],
    [0.05, 0.2],
    [0.2, 0.8],
  ])('gives an edge with %f of the work %f of the ring', (share, expected) => {
    const pool = mixedPool();
    for (let number = 0; number < 20; number++)
      expect(partOf(pool, apertureOf(pool, { number, share }, null))).toBeCloseTo(expected, 6);
  });

  it.each([8, 24, 64, 200])(
    'lets %i equal edges cover every component about alike, in proportion to its task limit',
    (edgeCount) => {
      const pool = mixedPool();
      const covered = new Float64Array(100);
      for (let number = 0; number < edgeCount; number++) {
        const { set } = apertureOf(pool, { number, share: 1 / edgeCount }, null);
        for (const position of set!.members.subarray(0, set!.size)) covered[position]! += set!.weights[position]!;
      }
      const parts = covered.map((weight, at) => weight / pool.healthy.weights[at]!);
      const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length;
      expect(Math.min(...parts) / mean).toBeGreaterThan(0.7);
      expect(Math.max(...parts) / mean).toBeLessThan(1.35);
    },
  );

  it('keeps the aperture until the healthy components change', () => {
    const pool = mixedPool();
    const member = { number: 5, share: 0.05 };
    const first = apertureOf(pool, member, null);
    patchPool(pool, membersOf(first)[2]!, candidateOf('c-2', { maxConcurrentTasks: 8 }, { ewmaMs: 500 }), NOW);
    expect(apertureOf(pool, { ...member, share: 0.055 }, first)).toBe(first);
    const gone = membersOf(first)[0]!;
    patchPool(pool, gone, null, NOW);
    const next = apertureOf(pool, member, first);
    expect(membersOf(next)).not.toContain(gone);
    const kept = membersOf(next).filter((position) => membersOf(first).includes(position));
    expect(kept.length).toBeGreaterThanOrEqual(membersOf(first).length - 3);
  });

  it('follows number and share of the edge', () => {
    const pool = mixedPool();
    const first = apertureOf(pool, { number: 5, share: 0.05 }, null);
    expect(membersOf(apertureOf(pool, { number: 6, share: 0.05 }, first))).not.toEqual(membersOf(first));
    expect(apertureOf(pool, { number: 5, share: 0.1 }, first).length).toBeCloseTo(0.4, 6);
  });

  it('draws by the current weights of its members', () => {
    const pool = mixedPool();
    const member = { number: 5, share: 0.05 };
    const aperture = apertureOf(pool, member, null);
    const slow = membersOf(aperture).find((at) => !aperture.partial.has(at))!;
    const before = aperture.set!.weights[slow]!;
    const { candidates } = pool;
    patchPool(pool, slow, { ...candidates[slow]!, liveStats: { ...candidates[slow]!.liveStats, ewmaMs: 200 } }, NOW);
    apertureOf(pool, member, aperture);
    expect(aperture.set!.weights[slow]! / before).toBeCloseTo(20 / 200, 6);
  });

  it('keeps the partial weight of a boundary member, even if its whole weight drops to the former part', () => {
    const pool = mixedPool();
    const member = { number: 5, share: 0.05 };
    const aperture = apertureOf(pool, member, null);
    const [position, part] = [...aperture.partial][0]!;
    const candidate = pool.candidates[position]!;
    const ewmaMs = candidate.liveStats.ewmaMs! / part;
    patchPool(pool, position, { ...candidate, liveStats: { ...candidate.liveStats, ewmaMs } }, NOW);
    apertureOf(pool, member, aperture);
    expect(aperture.set!.weights[position]! / pool.healthy.weights[position]!).toBeCloseTo(part, 6);
  });

  it('limits the edge except for work with an affinity key', () => {
    const pool = mixedPool();
    const [one, other] = [1, 2].map((number) => apertureOf(pool, { number, share: 0.01 }, null));
    const picksOf = (aperture: Aperture, affinityKey: string | null): number[] =>
      Array.from({ length: 200 }, (_, seed) => {
        const pick = pickOnce(pool, requestOf({}, { affinityKey }), { seed, aperture: aperture.set });
        return pick.ok ? pick.position : -1;
      });
    expect(membersOf(one!)).toEqual(expect.arrayContaining(picksOf(one!, null)));
    expect(new Set([...picksOf(one!, 'session-1'), ...picksOf(other!, 'session-1')]).size).toBe(1);
  });
});
