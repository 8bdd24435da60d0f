import { describe, expect, it } from 'vitest';
import type { LoadState, Outcomes } from '../../../src/core/component/load.ts';
import {
  addAssignments,
  applyOutcomes,
  estimatedInFlight,
  inFlight,
  knownLoadPercentage,
  loadPercentage,
  NO_LOAD,
  reportLoad,
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

const at = (now: number) => ({ assumedTaskMs: 1_000, now });
const assigned = (load: LoadState, count: number, now = NOW): LoadState =>
  addAssignments(load, { count, overMs: 0 }, at(now));

describe('addAssignments', () => {
  it.each([
    ['assumed', null, 1_000],
    ['measured', 200, 200],
    ['measured, however long', 90_000, 90_000],
  ])('counts work that decays over the task time: %s', (_, workMs, taskMs) => {
    const load = assigned({ ...NO_LOAD, workMs }, 100);
    expect(inFlight(load, at(NOW))).toBe(100);
    expect(inFlight(load, at(NOW + taskMs))).toBe(37);
    expect(inFlight(load, at(NOW + 10 * taskMs))).toBe(0);
  });

  it('adds to the known load', () => {
    const load = assigned({ ...reporting(4), leased: 2 }, 3);
    expect([inFlight(load, at(NOW)), estimatedInFlight(load, at(NOW))]).toEqual([9, 3]);
  });

  it('does not modify its input', () => {
    const before = assigned(NO_LOAD, 1);
    assigned(before, 5, NOW + 500);
    expect(inFlight(before, at(NOW))).toBe(1);
    expect(inFlight(NO_LOAD, at(NOW))).toBe(0);
  });
});

describe('reportLoad', () => {
  it('replaces the estimate: the report includes all work assigned before', () => {
    const load = reportLoad({ ...assigned(reporting(4), 3), leased: 2, workMs: 70 }, reporting(5).reported);
    expect(load).toEqual({ ...reporting(5), leased: 2, workMs: 70 });
    expect(inFlight(assigned(load, 1), at(NOW))).toBe(8);
  });
});

/** The average after four seconds of work that takes 300 ms instead of 100, with a report every `everyMs`. */
function slowedDown(everyMs: number): number {
  let load: LoadState = { ...NO_LOAD, workMs: 100, workMeasuredAt: NOW };
  for (let time = everyMs; time <= 4_000; time += everyMs)
    load = applyOutcomes(load, ended(1, { latencyMs: 300, timed: 1 }), at(NOW + time));
  return load.workMs ?? NaN;
}

describe('applyOutcomes', () => {
  const busy = assigned(NO_LOAD, 5);

  it.each([
    [0, 5],
    [2, 3],
    [5, 0],
    [50, 0],
  ])('of %i ended leaves %i in flight', (count, left) => {
    expect(inFlight(applyOutcomes(busy, ended(count), at(NOW)), at(NOW))).toBe(left);
  });

  it('removes no work again that has decayed', () => {
    const load = applyOutcomes(assigned(NO_LOAD, 100), ended(50), at(NOW + 1_000));
    expect(inFlight(load, at(NOW + 1_000))).toBe(37);
  });

  it('subtracts nothing from the reported load or from leases', () => {
    const load = { ...assigned(reporting(4), 1), leased: 3 };
    expect(inFlight(load, at(NOW))).toBe(8);
    expect(inFlight(applyOutcomes(load, ended(9), at(NOW)), at(NOW))).toBe(7);
  });

  it('updates the average time by timed outcomes only', () => {
    expect(applyOutcomes(NO_LOAD, ended(3), at(NOW)).workMs).toBeNull();
    expect(applyOutcomes(NO_LOAD, ended(3, { latencyMs: 400, timed: 2 }), at(NOW)).workMs).toBe(200);
    const known = { ...NO_LOAD, workMs: 100, workMeasuredAt: NOW };
    expect(applyOutcomes(known, ended(3, { failed: 3 }), at(NOW)).workMs).toBe(100);
    expect(applyOutcomes(known, ended(1, { latencyMs: 200, timed: 1 }), at(NOW + 200)).workMs).toBeCloseTo(109.5, 1);
  });

  it('weighs reports by the time since the last one, not by their number', () => {
    expect(slowedDown(10)).toBeCloseTo(slowedDown(1_000), -1.5);
    expect(slowedDown(10)).toBeGreaterThan(260);
  });

  it('bounds one slow report, and trusts a quick one after a pause', () => {
    const known = { ...NO_LOAD, workMs: 50, workMeasuredAt: NOW };
    const afterOutlier = applyOutcomes(known, ended(1, { latencyMs: 600_000, timed: 1 }), at(NOW + 600_000));
    expect(afterOutlier.workMs).toBe(275);
    const afterPause = applyOutcomes(afterOutlier, ended(1, { latencyMs: 50, timed: 1 }), at(NOW + 605_000));
    expect(afterPause.workMs).toBeLessThan(70);
  });

  it('does not modify its input', () => {
    applyOutcomes(busy, ended(5, { latencyMs: 100, timed: 1 }), at(NOW));
    expect(inFlight(busy, at(NOW))).toBe(5);
    expect(busy.workMs).toBeNull();
  });
});

describe('knownLoadPercentage', () => {
  it.each<[string, LoadState, number | undefined, number]>([
    ['the reported value', reporting(5, 42), 10, 42],
    ['the reported value, 0 included', reporting(5, 0), 10, 0],
    ['work divided by the task limit', reporting(5), 10, 50],
    ['at most 100', reporting(50), 10, 100],
    ['0 without a task limit', reporting(50), undefined, 0],
    ['0 when idle', NO_LOAD, 10, 0],
  ])('is %s', (_, load, taskLimit, expected) => {
    expect(knownLoadPercentage(load, taskLimit)).toBe(expected);
    expect(loadPercentage(load, taskLimit, at(NOW))).toEqual({ total: expected, estimated: 0 });
  });
});

describe('loadPercentage', () => {
  it('adds the estimated work, and says how much of it there is', () => {
    const load = assigned(reporting(0, 30), 4);
    expect(loadPercentage(load, 8, at(NOW))).toEqual({ total: 80, estimated: 50 });
    expect(loadPercentage(load, 8, at(NOW + 20_000))).toEqual({ total: 30, estimated: 0 });
    expect(loadPercentage(assigned(load, 9), 8, at(NOW))).toEqual({ total: 100, estimated: 70 });
    expect(loadPercentage(load, undefined, at(NOW))).toEqual({ total: 30, estimated: 0 });
  });
});
