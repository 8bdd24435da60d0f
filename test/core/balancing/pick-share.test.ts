import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import { candidateOf, requestOf, seededRandom } from './candidate-of.ts';

interface Work {
  readonly count: number;
  /** Tasks in flight at once, the oldest ends first: 0 when each ends before the next begins. */
  readonly inFlight?: number;
  readonly preferences?: Preferences;
  readonly seed?: number;
}

/** Assigns tasks one by one; answers how many each candidate got. */
function assignAll(candidates: readonly Candidate[], work: Work): number[] {
  const { count, inFlight = Infinity, preferences = {}, seed = 7 } = work;
  const fleet = compileFleet(candidates);
  const got = candidates.map(() => 0);
  const open = candidates.map(() => 0);
  const running: number[] = [];
  const context = { ownAssigned: (position: number) => open[position]!, random: seededRandom(seed) };
  for (let task = 0; task < count; task++) {
    const pick = pickComponent(fleet, requestOf(preferences), context);
    if (!pick.ok) continue;
    got[pick.position]!++;
    open[pick.position]!++;
    running.push(pick.position);
    if (running.length > inFlight) open[running.shift()!]!--;
  }
  return got;
}

const fleetOf = (size: number, changes: (index: number) => Parameters<typeof candidateOf>[1]): Candidate[] =>
  Array.from({ length: size }, (_, index) => candidateOf(`c-${index}`, changes(index)));

const sumOf = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);

/** The largest relative distance of a candidate's work from its share. */
function errorOf(got: readonly number[], shares: readonly number[]): number {
  const [work, total] = [sumOf(got), sumOf(shares)];
  return Math.max(...got.map((part, index) => Math.abs(part / ((work * shares[index]!) / total) - 1)));
}

const roomOf = (...rooms: readonly number[]) => fleetOf(rooms.length, (at) => ({ maxConcurrentTasks: rooms[at]! }));
const weightOf = (...weights: readonly number[]) => fleetOf(weights.length, (at) => ({ weight: weights[at]! }));

describe('the share of work', () => {
  it.each<[string, Candidate[], number[]]>([
    ['room', roomOf(10_000, 20_000, 40_000), [1, 2, 4]],
    ['weight', weightOf(1, 2), [1, 2]],
    ['weight, in fractions', weightOf(0.05, 0.1), [1, 2]],
    ['weight, far apart', weightOf(1, 1, 100), [1, 1, 100]],
    ['speed', [1, 3].map((times) => candidateOf(`${times}`, {}, { usualMs: times * 30 })), [3, 1]],
  ])('is in proportion to %s, however much is in flight', (_, candidates, shares) => {
    expect(errorOf(assignAll(candidates, { count: 1_000 }), shares)).toBeLessThan(0.05);
    expect(errorOf(assignAll(candidates, { count: 40_000, inFlight: 0 }), shares)).toBeLessThan(0.05);
    expect(errorOf(assignAll(candidates, { count: 40_000, inFlight: sumOf(shares) * 3 }), shares)).toBeLessThan(0.12);
  });

  it('is in proportion to small rooms when nothing is in flight', () => {
    expect(errorOf(assignAll(roomOf(10, 20, 40), { count: 40_000, inFlight: 0 }), [1, 2, 4])).toBeLessThan(0.05);
  });

  it('gives the large one more, and the small one something, when one task is in flight', () => {
    const [small, middle, large] = assignAll(roomOf(10, 20, 40), { count: 20_000, inFlight: 1 });
    expect(small).toBeGreaterThan(2_000);
    expect(middle).toBeGreaterThan(1.5 * small!);
    expect(large).toBeGreaterThan(1.5 * middle!);
  });

  it.each([2, 6, 40, 99, 7_920])('holds in a fleet of %i, the half of it twice as large', (size) => {
    const shares = Array.from({ length: size }, (_, index) => (index < size / 2 ? 1 : 2));
    const fleet = fleetOf(size, (index) => ({ maxConcurrentTasks: 10_000 * shares[index]! }));
    for (const [inFlight, tolerance] of [
      [0, 0.05],
      [3 * size, 0.12],
    ] as const) {
      const got = assignAll(fleet, { count: 40_000, inFlight });
      const halves = [0, 1].map((large) => sumOf(got.filter((__, index) => shares[index] === large + 1)));
      const due = [0, 1].map((large) => sumOf(shares.filter((share) => share === large + 1)));
      expect(errorOf(halves, due)).toBeLessThan(tolerance);
    }
  });

  it('is even among equals', () => {
    const alike = fleetOf(30, () => ({}));
    expect(
      errorOf(
        assignAll(alike, { count: 3_000 }),
        alike.map(() => 1),
      ),
    ).toBeLessThan(0.1);
    expect(
      errorOf(
        assignAll(alike, { count: 60_000, inFlight: 0 }),
        alike.map(() => 1),
      ),
    ).toBeLessThan(0.1);
  });

  it.each([
    ['few', 200, [3, 4, 5, 60, 130]],
    ['one in a hundred', 1_000, [7, 8, 9, 10, 11, 500, 501, 900, 999, 4]],
    ['every third', 90, Array.from({ length: 30 }, (_, index) => 3 * index)],
  ])('is even among those a preference leaves, wherever they stand: %s', (_, size, left) => {
    const fleet = fleetOf(size, (index) => (left.includes(index) ? { location: 'weur' } : {}));
    const got = assignAll(fleet, { count: 20_000, inFlight: 0, preferences: { location: 'weur' } });
    expect(
      errorOf(
        left.map((index) => got[index]!),
        left.map(() => 1),
      ),
    ).toBeLessThan(0.12);
    expect(sumOf(left.map((index) => got[index]!))).toBe(20_000);
  });

  it('goes to nobody beyond its room', () => {
    expect(assignAll(roomOf(1, 2, 3, 4, 5, 6, 7, 8), { count: 100 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
