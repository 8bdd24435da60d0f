import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoadState, Outcomes } from '../../../src/core/component/load.ts';
import {
  addAssignments,
  inFlight,
  loadPercentage,
  ewmaAfter,
  NO_LOAD,
  applyOutcomes,
} from '../../../src/core/component/load.ts';

const NOW = 1_000_000;
const reporting = (activeConnections: number, percentage: number | null = null): LoadState => ({
  ...NO_LOAD,
  reported: { activeConnections, queueDepth: 0, loadPercentage: percentage },
});

const ended = (count: number, more: Partial<Outcomes> = {}): Outcomes => ({
  ended: count,
  failed: 0,
  latencyMs: 0,
  timed: 0,
  ...more,
});

describe('addAssignments', () => {
  it.each([
    [200, 200],
    [0, 1],
    [null, 1_000],
    [30_000, 30_000],
    [90_000, 30_000],
  ])('with an average time of %s ms counts for %s ms', (ewmaMs, expected) => {
    const load = addAssignments(NO_LOAD, 3, ewmaMs, NOW);
    expect(inFlight(load, NOW + expected - 1)).toBe(3);
    expect(inFlight(load, NOW + expected)).toBe(0);
  });

  it('adds to the reported load', () => {
    expect(inFlight(addAssignments(reporting(4), 3, 100, NOW), NOW)).toBe(7);
  });

  it('drops expired assignments, so that memory is bounded', () => {
    const first = addAssignments(NO_LOAD, 1, 100, NOW);
    expect(addAssignments(first, 1, 100, NOW + 99).assigned).toHaveLength(2);
    expect(addAssignments(first, 1, 100, NOW + 100).assigned).toHaveLength(1);
  });

  it('does not modify its input', () => {
    const before = addAssignments(NO_LOAD, 1, 100, NOW);
    addAssignments(before, 5, 100, NOW + 500);
    expect(inFlight(before, NOW)).toBe(1);
    expect(NO_LOAD.assigned).toEqual([]);
  });

  it('decays monotonically to the reported load within 30 s', () => {
    const work = fc.array(fc.tuple(fc.nat(50), fc.option(fc.nat(100_000)), fc.nat(2_000)), { maxLength: 20 });
    fc.assert(
      fc.property(work, fc.nat(100), (assignments, active) => {
        let now = NOW;
        let load = reporting(active);
        for (const [count, ewmaMs, pause] of assignments) load = addAssignments(load, count, ewmaMs, (now += pause));
        const later = [0, 100, 1_000, 5_000, 29_999, 30_000].map((pause) => inFlight(load, now + pause));
        expect(later).toEqual(later.toSorted((a, b) => b - a));
        expect(later.at(-1)).toBe(active);
      }),
    );
  });
});

describe('applyOutcomes', () => {
  const busy = addAssignments(addAssignments(NO_LOAD, 3, 1_000, NOW), 2, 5_000, NOW + 100);

  it.each([
    [0, 5, 2],
    [2, 3, 2],
    [3, 2, 2],
    [4, 1, 1],
    [5, 0, 0],
    [50, 0, 0],
  ])('of %i ended leaves %i in flight, the newest %i', (count, left, leftLater) => {
    const load = applyOutcomes(busy, ended(count), NOW + 100);
    expect(inFlight(load, NOW + 100)).toBe(left);
    expect(inFlight(load, NOW + 1_000)).toBe(leftLater);
  });

  it('subtracts nothing for work that is no longer counted', () => {
    const load = applyOutcomes(busy, ended(1), NOW + 1_500);
    expect(inFlight(load, NOW + 1_500)).toBe(1);
    expect(load.assigned).toHaveLength(1);
  });

  it('subtracts nothing from the reported load or from leases', () => {
    const load = { ...addAssignments(reporting(4), 1, 1_000, NOW), leased: 3 };
    expect(inFlight(load, NOW)).toBe(8);
    expect(inFlight(applyOutcomes(load, ended(9), NOW), NOW)).toBe(7);
  });

  it('updates the average time by timed outcomes only', () => {
    expect(applyOutcomes(NO_LOAD, ended(3), NOW).workMs).toBeNull();
    expect(applyOutcomes(NO_LOAD, ended(3, { latencyMs: 400, timed: 2 }), NOW).workMs).toBe(200);
    const known = { ...NO_LOAD, workMs: 100 };
    expect(applyOutcomes(known, ended(3, { failed: 3 }), NOW).workMs).toBe(100);
    expect(applyOutcomes(known, ended(1, { latencyMs: 200, timed: 1 }), NOW).workMs).toBeCloseTo(110);
  });

  it('does not modify its input', () => {
    applyOutcomes(busy, ended(5, { latencyMs: 100, timed: 1 }), NOW);
    expect(inFlight(busy, NOW + 100)).toBe(5);
    expect(busy.workMs).toBeNull();
  });

  it('never goes below 0, nor above the load before', () => {
    const work = fc.array(fc.tuple(fc.nat(5), fc.option(fc.nat(3_000)), fc.nat(1_000), fc.nat(8)), { maxLength: 30 });
    fc.assert(
      fc.property(work, (steps) => {
        let [now, load, assigned] = [NOW, NO_LOAD, 0];
        for (const [count, ewmaMs, pause, finished] of steps) {
          load = addAssignments(load, count, ewmaMs, (now += pause));
          assigned += count;
          const before = inFlight(load, now);
          load = applyOutcomes(load, ended(finished), now);
          expect(inFlight(load, now)).toBe(Math.max(0, before - finished));
        }
        expect(inFlight(load, now)).toBeLessThanOrEqual(assigned);
      }),
    );
  });
});

describe('ewmaAfter', () => {
  it('is the first value, then moves by a tenth of the difference with each', () => {
    expect(ewmaAfter(null, 300, 1)).toBe(300);
    expect(ewmaAfter(100, 200, 1)).toBeCloseTo(110);
    expect(ewmaAfter(100, 200, 2)).toBeCloseTo(119);
  });

  it('gives the same for one batch as for single values', () => {
    const time = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(time, time, fc.integer({ min: 1, max: 200 }), (before, value, times) => {
        let one = before;
        for (let at = 0; at < times; at++) one = ewmaAfter(one, value, 1);
        expect(ewmaAfter(before, value, times)).toBeCloseTo(one, 4);
      }),
    );
  });
});

describe('loadPercentage', () => {
  it.each<[string, LoadState, number | undefined, number]>([
    ['the reported value', reporting(5, 42), 10, 42],
    ['the reported value, 0 included', reporting(5, 0), 10, 0],
    ['work divided by the task limit', reporting(5), 10, 50],
    ['at most 100', reporting(50), 10, 100],
    ['0 without a task limit', reporting(50), undefined, 0],
    ['0 when idle', NO_LOAD, 10, 0],
  ])('is %s', (_, load, taskLimit, expected) => {
    expect(loadPercentage(load, taskLimit, NOW)).toBe(expected);
  });

  it('counts assignments while they last', () => {
    const load = addAssignments(NO_LOAD, 4, 1_000, NOW);
    expect(loadPercentage(load, 8, NOW)).toBe(50);
    expect(loadPercentage(load, 8, NOW + 1_000)).toBe(0);
  });
});
