import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameJson } from '../../src/core/is-same-json.ts';

/** The same data with the members of each object in the opposite order. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
};

describe('isSameJson', () => {
  it('ignores the order of members at every depth', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => isSameJson(value, JSON.parse(JSON.stringify(reversed(value))))));
  });

  it('tells values apart whose JSON differs in more than the order', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const isSameLength = JSON.stringify(a).length === JSON.stringify(b).length;
        return isSameLength || !isSameJson(a, b);
      }),
    );
  });

  it.each([
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: undefined }, { b: 1 }, false],
    [[1, 2], [2, 1], false],
    [[1], { 0: 1 }, false],
    [{}, [], false],
    [null, {}, false],
    ['1', 1, false],
  ])('%j and %j: %s', (a, b, expected) => expect(isSameJson(a, b)).toBe(expected));
});
