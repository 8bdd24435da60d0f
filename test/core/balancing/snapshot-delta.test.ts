import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveStats } from '../../../src/core/balancing/candidate.ts';
import {
  hasMoved,
  packLiveStats,
  unpackLiveStats,
  LIVE_STATS_WIDTH,
} from '../../../src/core/balancing/snapshot-delta.ts';

const liveStats: fc.Arbitrary<LiveStats> = fc.record({
  suspect: fc.boolean(),
  inFlight: fc.nat(1_000_000),
  estimated: fc.double({ min: 0, max: 1e6, noNaN: true }),
  estimatedAt: fc.nat(),
  loadPercentage: fc.double({ min: 0, max: 100, noNaN: true }),
  ewmaMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
  isWorkTime: fc.boolean(),
});

const IDLE: LiveStats = {
  suspect: false,
  inFlight: 0,
  estimated: 20,
  estimatedAt: 0,
  loadPercentage: 0,
  ewmaMs: 100,
  isWorkTime: false,
};
const ASSUMED_MS = 30_000;
const moves = (before: LiveStats, after: LiveStats): boolean => hasMoved(before, after, ASSUMED_MS);

describe('packLiveStats and unpackLiveStats', () => {
  it('round-trip every row', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(10_000), liveStats), { maxLength: 20 }), (rows) => {
        const packed = Float64Array.from(rows.flatMap(([position, each]) => packLiveStats(position, each)));
        expect(packed.length).toBe(rows.length * LIVE_STATS_WIDTH);
        rows.forEach(([position, each], row) =>
          expect(unpackLiveStats(packed, row)).toEqual({ position, liveStats: each }),
        );
      }),
    );
  });
});

describe('hasMoved', () => {
  it.each<[string, Partial<LiveStats>, boolean]>([
    ['nothing', {}, false],
    ['suspect', { suspect: true }, true],
    ['one more in flight', { inFlight: 1 }, true],
    ['one more by estimate', { estimated: 21 }, true],
    ['an estimate that has decayed as expected', { estimated: 20 / Math.E, estimatedAt: ASSUMED_MS }, false],
    ['an estimate that has not decayed', { estimatedAt: ASSUMED_MS }, true],
    ['less than a percent of load', { loadPercentage: 0.9 }, false],
    ['a percent of load', { loadPercentage: 1 }, true],
    ['a response time of work', { isWorkTime: true }, true],
    ['a response time a little longer', { ewmaMs: 104 }, false],
    ['a response time much longer', { ewmaMs: 106 }, true],
    ['a response time much shorter', { ewmaMs: 94 }, true],
    ['a response time that is no longer known', { ewmaMs: null }, true],
  ])('%s: %s', (_, change, expected) => {
    expect(moves(IDLE, { ...IDLE, ...change })).toBe(expected);
  });

  it('is true for a response time that becomes known, and for one that was 0', () => {
    expect(moves({ ...IDLE, ewmaMs: null }, { ...IDLE, ewmaMs: 0 })).toBe(true);
    expect(moves({ ...IDLE, ewmaMs: 0 }, { ...IDLE, ewmaMs: 1 })).toBe(true);
    expect(moves({ ...IDLE, ewmaMs: 0 }, { ...IDLE, ewmaMs: 0 })).toBe(false);
  });

  it('is false for equal numbers, and misses no move in small steps', () => {
    fc.assert(
      fc.property(liveStats, (each) => {
        expect(moves(each, { ...each })).toBe(false);
        let [sent, now] = [each, each];
        for (let step = 0; step < 50; step++) {
          now = { ...now, loadPercentage: now.loadPercentage + 0.5, ewmaMs: Math.max(1, now.ewmaMs ?? 0) * 1.02 };
          if (moves(sent, now)) sent = now;
        }
        expect(now.loadPercentage - sent.loadPercentage).toBeLessThan(1);
        expect(now.ewmaMs! / sent.ewmaMs!).toBeLessThanOrEqual(1.06);
      }),
    );
  });
});
