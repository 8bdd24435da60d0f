import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoadState } from '../../../src/core/component/load.ts';
import { assign, inFlight, loadPercentage, NO_LOAD } from '../../../src/core/component/load.ts';

const NOW = 1_000_000;
const reporting = (activeConnections: number, percentage: number | null = null): LoadState => ({
  reported: { activeConnections, queueDepth: 0, loadPercentage: percentage },
  assigned: [],
});

describe('assign', () => {
  it.each([
    [200, 200],
    [0, 1],
    [null, 1_000],
    [30_000, 30_000],
    [90_000, 30_000],
  ])('with a usual time of %s ms counts for %s ms', (usualMs, expected) => {
    const load = assign(NO_LOAD, 3, usualMs, NOW);
    expect(inFlight(load, NOW + expected - 1)).toBe(3);
    expect(inFlight(load, NOW + expected)).toBe(0);
  });

  it('adds to what the component reports', () => {
    expect(inFlight(assign(reporting(4), 3, 100, NOW), NOW)).toBe(7);
  });

  it('forgets what is over, so that it never grows without end', () => {
    const first = assign(NO_LOAD, 1, 100, NOW);
    expect(assign(first, 1, 100, NOW + 99).assigned).toHaveLength(2);
    expect(assign(first, 1, 100, NOW + 100).assigned).toHaveLength(1);
  });

  it('leaves the load it was given as it was', () => {
    const before = assign(NO_LOAD, 1, 100, NOW);
    assign(before, 5, 100, NOW + 500);
    expect(inFlight(before, NOW)).toBe(1);
    expect(NO_LOAD.assigned).toEqual([]);
  });

  it('decays to the reported load within 30 s, falling all the way', () => {
    const work = fc.array(fc.tuple(fc.nat(50), fc.option(fc.nat(100_000)), fc.nat(2_000)), { maxLength: 20 });
    fc.assert(
      fc.property(work, fc.nat(100), (assignments, active) => {
        let now = NOW;
        let load = reporting(active);
        for (const [count, usualMs, pause] of assignments) load = assign(load, count, usualMs, (now += pause));
        const later = [0, 100, 1_000, 5_000, 29_999, 30_000].map((pause) => inFlight(load, now + pause));
        expect(later).toEqual(later.toSorted((a, b) => b - a));
        expect(later.at(-1)).toBe(active);
      }),
    );
  });
});

describe('loadPercentage', () => {
  it.each<[string, LoadState, number | undefined, number]>([
    ['what it reports', reporting(5, 42), 10, 42],
    ['what it reports, 0 included', reporting(5, 0), 10, 0],
    ['work over room', reporting(5), 10, 50],
    ['at most 100', reporting(50), 10, 100],
    ['0 when the room is unknown', reporting(50), undefined, 0],
    ['0 when idle', NO_LOAD, 10, 0],
  ])('is %s', (_, load, room, expected) => {
    expect(loadPercentage(load, room, NOW)).toBe(expected);
  });

  it('counts assignments while they last', () => {
    const load = assign(NO_LOAD, 4, 1_000, NOW);
    expect(loadPercentage(load, 8, NOW)).toBe(50);
    expect(loadPercentage(load, 8, NOW + 1_000)).toBe(0);
  });
});
