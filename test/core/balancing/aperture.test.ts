import { describe, expect, it } from 'vitest';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { patchPool } from '../../../src/core/balancing/candidate-pool.ts';
import type { Aperture } from '../../../src/core/balancing/aperture.ts';
import { apertureOf } from '../../../src/core/balancing/aperture.ts';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { NOW, candidateOf, candidatesOf, poolOf, pickOnce, requestOf } from './candidate-of.ts';

const TASK_LIMITS = [2, 4, 8];
const taskLimitAt = (at: number): number => TASK_LIMITS[at % TASK_LIMITS.length]!;
const mixedPool = (size = 100): CandidatePool =>
  poolOf(candidatesOf(size, (at) => ({ maxConcurrentTasks: taskLimitAt(at) })));

const membersOf = ({ set }: Aperture): number[] =>
  Array.from(set!.members.subarray(0, set!.size)).toSorted((a, b) => a - b);

/** Weight of the segment as a part of all. */
const weightOf = ({ size, members, weights }: WeightedSet): number =>
  members.subarray(0, size).reduce((sum, position) => sum + weights[position]!, 0);
const partOf = (pool: CandidatePool, { set }: Aperture): number => weightOf(set!) / weightOf(pool.healthy);

describe('a segment', () => {
  it.each([
    ['few components', 12, 0.01],
    ['a decider of much of the work', 100, 0.25],
    ['a decider that does not know its share', 100, null],
  ])('is everybody with %s', (_, size, share) => {
    expect(apertureOf(mixedPool(size), { number: 3, share }, null).set).toBeNull();
  });

  it.each([
    [0, 0.12],
    [0.01, 0.12],
    [0.05, 0.2],
    [0.2, 0.8],
  ])('of a decider of %f of the work is %f of the ring', (share, expected) => {
    const pool = mixedPool();
    for (let number = 0; number < 20; number++)
      expect(partOf(pool, apertureOf(pool, { number, share }, null))).toBeCloseTo(expected, 6);
  });

  it.each([8, 24, 64, 200])('of %i equal deciders together cover everybody about alike, for its room', (edgeCount) => {
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
  });

  it('is the same one until the healthy ones change', () => {
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

  it('follows the decider', () => {
    const pool = mixedPool();
    const first = apertureOf(pool, { number: 5, share: 0.05 }, null);
    expect(membersOf(apertureOf(pool, { number: 6, share: 0.05 }, first))).not.toEqual(membersOf(first));
    expect(apertureOf(pool, { number: 5, share: 0.1 }, first).length).toBeCloseTo(0.4, 6);
  });

  it('draws by what its members are worth now', () => {
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

  it('has of those that stick out their part, also when all of it is now what their part was', () => {
    const pool = mixedPool();
    const member = { number: 5, share: 0.05 };
    const aperture = apertureOf(pool, member, null);
    const [position, part] = [...aperture.partial][0]!;
    const candidate = pool.candidates[position]!;
    const ewmaMs = candidate.liveStats.ewmaMs! / part;
    patchPool(pool, position, { ...candidate, liveStats: { ...candidate.liveStats, ewmaMs: ewmaMs } }, NOW);
    apertureOf(pool, member, aperture);
    expect(aperture.set!.weights[position]! / pool.healthy.weights[position]!).toBeCloseTo(part, 6);
  });

  it('is what a decider keeps to, but for work that belongs together', () => {
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
