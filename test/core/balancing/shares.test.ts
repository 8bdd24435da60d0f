import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { Capacities, Shareholder } from '../../../src/core/balancing/shares.ts';
import { redistribution, sharesAmong } from '../../../src/core/balancing/shares.ts';

const capacitiesOf = (entries: Record<string, number>): Capacities => new Map(Object.entries(entries));

const holder = (capacity: number, more: Partial<Shareholder> = {}): Shareholder => ({
  tier: 'healthy',
  capacity,
  fullBy: null,
  ...more,
});
const sharesOf = (holders: readonly Shareholder[], settings: Partial<BalancingSettings> = {}): number[] =>
  holders.map(sharesAmong(holders, { ...DEFAULT_BALANCING, ...settings }));

describe('sharesAmong', () => {
  it.each<[string, readonly Shareholder[], number[]]>([
    ['by capacity', [holder(10), holder(30)], [0.25, 0.75]],
    ['nothing for components out of service', [holder(10), holder(30, { tier: null })], [1, 0]],
    ['nothing for suspect ones beside healthy ones', [holder(10), holder(30, { tier: 'suspect' })], [1, 0]],
    ['suspect ones if there are no others', [holder(10, { tier: 'suspect' }), holder(30, { tier: 'active' })], [1, 0]],
    [
      'suspect ones if the healthy ones are full by known load',
      [holder(10, { tier: 'suspect' }), holder(30, { fullBy: 'known' })],
      [1, 0],
    ],
    [
      'no suspect ones if the healthy ones are full by estimate alone',
      [holder(10, { tier: 'suspect' }), holder(30, { fullBy: 'estimate' })],
      [0, 1],
    ],
    [
      'nothing for one that is full by estimate beside one that is not',
      [holder(10), holder(9, { fullBy: 'estimate' })],
      [1, 0],
    ],
    [
      'by capacity among those that are full by estimate',
      [holder(10, { fullBy: 'estimate' }), holder(30, { fullBy: 'estimate' }), holder(5, { fullBy: 'known' })],
      [0.25, 0.75, 0],
    ],
    ['nothing for anyone if all are full by known load', [holder(10, { fullBy: 'known' })], [0]],
    ['nothing for unhealthy ones alone', [holder(10, { tier: 'active' })], [0]],
    ['no components', [], []],
  ])('%s', (_, holders, expected) => {
    expect(sharesOf(holders)).toEqual(expected);
  });

  it('ignores health below the panic threshold, and where nothing is routable under fail-open', () => {
    const holders = [holder(10), holder(10, { tier: 'suspect' }), holder(20, { tier: 'active' })];
    expect(sharesOf(holders, { panicThreshold: 50 })).toEqual([0.25, 0.25, 0.5]);
    expect(sharesOf(holders, { panicThreshold: 30 })).toEqual([1, 0, 0]);
    expect(sharesOf([holder(5, { tier: 'active' })], { noHealthyPolicy: 'fail-open' })).toEqual([1]);
  });
});

describe('redistribution', () => {
  it.each([
    ['the first component is added', {}, { a: 5 }, 1, 'membership'],
    ['the last is removed', { a: 5 }, {}, 1, 'membership'],
    ['the last becomes unroutable', { a: 5 }, { a: 0 }, 1, 'routability'],
    ['one of two goes down', { a: 5, b: 5 }, { a: 5, b: 0 }, 0.5, 'routability'],
    ['one grows', { a: 5, b: 5 }, { a: 15, b: 5 }, 0.25, 'capacity'],
    ['one is removed and another grows', { a: 5, b: 5, c: 5 }, { a: 10, b: 5 }, 1 / 3, 'membership'],
    ['an unroutable one is added', { a: 5 }, { a: 5, b: 0 }, 0, 'membership'],
    ['all grow alike', { a: 5, b: 10 }, { a: 10, b: 20 }, 0, 'capacity'],
    ['no change', { a: 5 }, { a: 5 }, 0, null],
  ] as const)('%s', (_, before, after, moved, reason) => {
    const change = redistribution(capacitiesOf(before), capacitiesOf(after));
    expect(change.movedShare).toBeCloseTo(moved, 4);
    expect(change.reason).toBe(reason);
  });

  it('lists the largest change first', () => {
    const { changes } = redistribution(capacitiesOf({ a: 1, b: 1, c: 2 }), capacitiesOf({ a: 1, b: 1, d: 6 }));
    expect(changes).toEqual([
      { componentId: 'd', before: 0, after: 0.75 },
      { componentId: 'c', before: 0.5, after: 0 },
      { componentId: 'a', before: 0.25, after: 0.125 },
      { componentId: 'b', before: 0.25, after: 0.125 },
    ]);
  });

  it('moves as much to components as from others, between 0 and all of it', () => {
    const some = fc
      .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 9 }))
      .map((entries) => capacitiesOf(entries));
    fc.assert(
      fc.property(some, some, (before, after) => {
        const { movedShare, changes } = redistribution(before, after);
        expect(movedShare).toBeGreaterThanOrEqual(0);
        expect(movedShare).toBeLessThanOrEqual(1);
        const net = changes.reduce((sum, change) => sum + change.after - change.before, 0);
        expect([-1, 0, 1].some((each) => Math.abs(net - each) < 0.001)).toBe(true);
      }),
    );
  });
});
