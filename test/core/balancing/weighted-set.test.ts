import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { drawFrom, emptySet, isMember, setWeight } from '../../../src/core/balancing/weighted-set.ts';
import { seededRandom } from './candidate-of.ts';

const POSITIONS = 40;

/** The last number below a power of two: where the logarithm rounds up to the next band. */
const justBelow = (power: number): number => 2 ** power * (1 - Number.EPSILON / 2);

const weight = fc.oneof(
  fc.constant(0),
  fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  fc.integer({ min: -20, max: 30 }).map((power) => 2 ** power),
  fc.integer({ min: -20, max: 30 }).map(justBelow),
);
const strange = fc.constantFrom(NaN, -1, -Infinity, Infinity, 1e300, 1e-300, Number.MIN_VALUE, Number.MAX_VALUE);
const change = (of: fc.Arbitrary<number>) => fc.tuple(fc.nat(POSITIONS * 2 - 1), of);
const changes = fc.array(change(weight), { maxLength: 200 });

function setOf(entries: Iterable<readonly [position: number, weight: number]>): WeightedSet {
  // Half of the positions lie beyond the initial size.
  const set = emptySet(POSITIONS);
  for (const [position, weigh] of entries) setWeight(set, position, weigh);
  return set;
}

/** Reference model: the last weight of each position, without those of 0. */
function plainOf(entries: Iterable<readonly [position: number, weight: number]>): Map<number, number> {
  const plain = new Map(entries);
  for (const [position, weigh] of plain) if (weigh <= 0) plain.delete(position);
  return plain;
}

const membersOf = (set: WeightedSet): number[] =>
  Array.from(set.members.subarray(0, set.size)).toSorted((a, b) => a - b);
const weightOf = (set: WeightedSet): number => sumOf(membersOf(set).map((position) => set.weights[position]!));
const sumOf = (values: Iterable<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);

/** How often each position is drawn. */
function frequencies(set: WeightedSet, draws: number, seed = 3): Map<number, number> {
  const random = seededRandom(seed);
  const drawn = new Map<number, number>();
  for (let at = 0; at < draws; at++) {
    const position = drawFrom(set, random);
    drawn.set(position, (drawn.get(position) ?? 0) + 1);
  }
  return drawn;
}

function expectConsistent(set: WeightedSet): void {
  for (let slot = 0; slot < set.size; slot++) expect(set.slots[set.members[slot]!]).toBe(slot);
  expect(sumOf(set.bands.map(({ size }) => size))).toBe(set.size);
  expect(set.bands.map(({ top }) => top)).toEqual(set.bands.map(({ top }) => top).toSorted((a, b) => b - a));
  expect(set.span).toBe(sumOf(set.bands.map(({ size, maxWeight: most }) => size * most)));
  for (const { top, members, size, maxWeight: most } of set.bands) {
    expect(size).toBeGreaterThan(0);
    expect(most).toBeLessThan(top);
    for (const [slot, position] of Array.from(members.subarray(0, size)).entries()) {
      expect(set.bandSlots[position]).toBe(slot);
      expect(set.weights[position]).toBeLessThanOrEqual(most);
      expect(set.weights[position]).toBeGreaterThanOrEqual(top / 2);
    }
  }
}

describe('a weighted set', () => {
  it('holds the same as a plain map after any changes in any order', () => {
    fc.assert(
      fc.property(changes, (entries) => {
        const [set, plain] = [setOf(entries), plainOf(entries)];
        expect(membersOf(set)).toEqual([...plain.keys()].toSorted((a, b) => a - b));
        for (const [position, weigh] of plain) expect(set.weights[position]).toBe(weigh);
        for (let position = 0; position < POSITIONS * 2 + 5; position++)
          expect(isMember(set, position)).toBe(plain.has(position));
        expectConsistent(set);
      }),
      { numRuns: 300 },
    );
  });

  it('draws only members after any changes, and none when empty', () => {
    fc.assert(
      fc.property(fc.array(change(fc.oneof(weight, strange)), { maxLength: 60 }), fc.integer(), (entries, seed) => {
        const set = setOf(entries);
        expectConsistent(set);
        const random = seededRandom(seed);
        for (let at = 0; at < 20; at++) {
          const position = drawFrom(set, random);
          expect(position === -1 ? set.size === 0 : isMember(set, position)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, number[]]>([
    ['equals', Array.from({ length: 30 }, () => 1)],
    ['one to twenty', Array.from({ length: 20 }, (_, at) => at + 1)],
    ['powers of two and just below', [1, 2, 4, 8, justBelow(1), justBelow(2), justBelow(3), justBelow(4)]],
    ['fractions', [0.001, 0.002, 0.004, 0.003]],
    ['one alone', [7]],
    ['far apart', [1, 1_000, 1_000_000]],
  ])('draws in proportion to weight: %s', (_, weights) => {
    const draws = 100_000;
    const drawn = frequencies(setOf(weights.entries()), draws);
    for (const [position, weigh] of weights.entries()) {
      const due = (draws * weigh) / sumOf(weights);
      expect(Math.abs((drawn.get(position) ?? 0) - due)).toBeLessThan(5 * Math.sqrt(due) + 1);
    }
  });

  it('draws in proportion after weights changed and members were removed', () => {
    const set = setOf(Array.from({ length: 60 }, (_, at) => [at, 1 + (at % 7)] as const));
    for (let position = 0; position < 60; position += 2) setWeight(set, position, 0);
    for (let position = 1; position < 60; position += 4) setWeight(set, position, 100);
    setWeight(set, 2, 50);
    const drawn = frequencies(set, 100_000);
    for (const [position, times] of drawn) {
      const due = (100_000 * set.weights[position]!) / weightOf(set);
      expect(Math.abs(times - due)).toBeLessThan(5 * Math.sqrt(due));
    }
    expect(drawn.size).toBe(31);
  });

  it('consumes a bounded number of random numbers, whatever its size', () => {
    const set = setOf(Array.from({ length: 10_000 }, (_, at) => [at, 1 + (at % 100)] as const));
    let calls = 0;
    const next = seededRandom(1);
    for (let at = 0; at < 1_000; at++) drawFrom(set, () => (calls++, next()));
    expect(calls).toBeLessThan(3_500);
  });
});

describe('extreme weights', () => {
  it.each([NaN, 0, -1, -Infinity])('%d is no weight: it adds no member and removes an existing one', (none) => {
    const set = setOf([
      [0, 1],
      [1, none],
    ]);
    expect(membersOf(set)).toEqual([0]);
    setWeight(set, 0, none);
    expect(set).toMatchObject({ size: 0, span: 0, bands: [] });
    setWeight(set, 1, 2);
    expect(frequencies(set, 10)).toEqual(new Map([[1, 10]]));
  });

  it.each([1e300, Infinity, Number.MAX_VALUE])(
    '%d outweighs all others and leaves no rounding error behind',
    (huge) => {
      const set = setOf([
        [0, 1],
        [1, 3],
      ]);
      setWeight(set, 2, huge);
      setWeight(set, 3, huge);
      expect(Number.isFinite(set.span)).toBe(true);
      expect(new Set(frequencies(set, 100).keys())).toEqual(new Set([2, 3]));
      setWeight(set, 2, 0);
      setWeight(set, 3, 0);
      expect(Math.abs(frequencies(set, 10_000).get(1)! - 7_500)).toBeLessThan(300);
    },
  );

  it.each([1e-300, Number.MIN_VALUE])('%d is a valid, small weight', (tiny) => {
    const set = setOf([
      [0, tiny],
      [1, tiny],
    ]);
    const drawn = frequencies(set, 10_000);
    expect(Math.abs(drawn.get(0)! - 5_000)).toBeLessThan(300);
    setWeight(set, 2, 1);
    setWeight(set, 2, 0);
    expect(new Set(frequencies(set, 100).keys())).toEqual(new Set([0, 1]));
    expect(membersOf(set)).toEqual([0, 1]);
  });

  it('keeps small weights exact while a heavy one comes and goes', () => {
    const small = [3, 5, 7].map((weigh) => weigh * 1e-5);
    const set = setOf(small.entries());
    for (let times = 0; times < 100_000; times++) setWeight(set, 3, times % 2 === 0 ? 1e8 + times : 0);
    const drawn = frequencies(set, 100_000);
    for (const [position, weigh] of small.entries())
      expect(Math.abs(drawn.get(position)! - (100_000 * weigh) / sumOf(small))).toBeLessThan(800);
  });
});
