import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { assignWork, shareErrorOf } from './assign-work.ts';
import type { Changes } from './candidate-of.ts';
import { MODES, candidateOf, candidatesOf, poolOf, fullCandidate, requestOf } from './candidate-of.ts';

const candidatesWithLimits = (...limits: readonly number[]): Candidate[] =>
  candidatesOf(limits.length, (at) => ({ maxConcurrentTasks: limits[at]! }));

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

describe('the share of work', () => {
  it.each([
    [1, 0.2],
    [5, 0.35],
    [30, 0.2],
    [210, 0.05],
  ])('is proportional to the task limit while %i tasks are open, within a part of %d', (underWay, tolerance) => {
    for (const mode of MODES)
      expect(
        shareErrorOf(poolOf(candidatesWithLimits(10_000, 20_000, 40_000)), [1, 2, 4], {
          mode,
          work: underWay,
          count: 20_000,
        }),
      ).toBeLessThan(tolerance);
  });

  it.each([2, 6, 40, 99, 7_920])('holds in a pool of %i, half of it with twice the task limit', (size) => {
    const shares = Array.from({ length: size }, (_, at) => (at < size / 2 ? 1 : 2));
    const pool = poolOf(candidatesOf(size, (at) => ({ maxConcurrentTasks: 10_000 * shares[at]! })));
    const groups = (at: number): number => shares[at]!;
    for (const work of ['done at once', 3 * size] as const)
      expect(shareErrorOf(pool, shares, { work, count: 40_000, groups })).toBeLessThan(0.12);
  });

  it.each([
    ['few', 200, [3, 4, 5, 60, 130]],
    ['one in a hundred', 1_000, [7, 8, 9, 10, 11, 500, 501, 900, 999, 4]],
    ['every third', 90, Array.from({ length: 30 }, (_, at) => 3 * at)],
  ])('is even among the components that meet a preference, whatever their positions: %s', (_, size, left) => {
    const isLeft = (at: number): Changes => (left.includes(at) ? { location: 'weur', metadata: { tier: 'gold' } } : {});
    for (const preferences of [{ location: 'weur' }, { match: { tier: 'gold' } }]) {
      const got = assignWork(poolOf(candidatesOf(size, isLeft)), {
        count: 10_000,
        work: 'done at once',
        request: () => requestOf(preferences),
      });
      const theirs = left.map((at) => got[at]!);
      expect(theirs.reduce((sum, part) => sum + part, 0)).toBe(10_000);
      for (const part of theirs) expect(Math.abs((part * left.length) / 10_000 - 1)).toBeLessThan(0.12);
    }
  });

  it('never exceeds a task limit', () => {
    for (const mode of MODES)
      expect(assignWork(poolOf(candidatesWithLimits(1, 2, 3, 4, 5, 6, 7, 8)), { count: 100, mode })).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8,
      ]);
  });
});

describe('policy random', () => {
  it.each([
    ['next to each other', [0, 1, 2]],
    ['far apart', [0, 30, 31]],
  ])('is even whatever the positions of the components with capacity: %s', (_, left) => {
    for (const mode of MODES)
      for (const size of [4, 60]) {
        const at = left.map((position) => position % size);
        const candidates = Array.from({ length: size }, (__, position) =>
          at.includes(position) ? candidateOf(`c-${position}`) : fullCandidate(`c-${position}`),
        );
        const got = assignWork(poolOf(candidates, { policy: 'random' }), { count: 9_000, mode });
        for (const position of new Set(at))
          expect(Math.abs((got[position]! * new Set(at).size) / 9_000 - 1)).toBeLessThan(0.1);
      }
  });

  it('is even if all have capacity', () => {
    for (const mode of MODES)
      expect(
        shareErrorOf(poolOf(candidatesOf(40), { policy: 'random' }), ones(40), { mode, count: 40_000 }),
      ).toBeLessThan(0.12);
  });
});
