import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveStats } from '../../../src/core/balancing/candidate.ts';
import {
  hasMoved,
  packLiveStats,
  unpackLiveStats,
  LIVE_STATS_WIDTH,
} from '../../../src/core/balancing/snapshot-delta.ts';

const vitals: fc.Arbitrary<LiveStats> = fc.record({
  suspect: fc.boolean(),
  inFlight: fc.nat(1_000_000),
  loadPercentage: fc.double({ min: 0, max: 100, noNaN: true }),
  usualMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
  ofWork: fc.boolean(),
});

const IDLE: LiveStats = { suspect: false, inFlight: 0, loadPercentage: 0, usualMs: 100, ofWork: false };

describe('packed vitals', () => {
  it('come out as they went in, row by row', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(10_000), vitals), { maxLength: 20 }), (rows) => {
        const packed = Float64Array.from(rows.flatMap(([position, each]) => packLiveStats(position, each)));
        expect(packed.length).toBe(rows.length * LIVE_STATS_WIDTH);
        rows.forEach(([position, each], row) =>
          expect(unpackLiveStats(packed, row)).toEqual({ position, vitals: each }),
        );
      }),
    );
  });
});

describe('hasMoved', () => {
  it.each<[string, Partial<LiveStats>, boolean]>([
    ['nothing', {}, false],
    ['a doubt', { suspect: true }, true],
    ['one more in flight', { inFlight: 1 }, true],
    ['less than a percent of load', { loadPercentage: 0.9 }, false],
    ['a percent of load', { loadPercentage: 1 }, true],
    ['a response time of work', { ofWork: true }, true],
    ['a response time a little longer', { usualMs: 104 }, false],
    ['a response time much longer', { usualMs: 106 }, true],
    ['a response time much shorter', { usualMs: 94 }, true],
    ['a response time that is no longer known', { usualMs: null }, true],
  ])('%s: %s', (_, change, expected) => {
    expect(hasMoved(IDLE, { ...IDLE, ...change })).toBe(expected);
  });

  it('sees a response time that becomes known, and one that was 0', () => {
    expect(hasMoved({ ...IDLE, usualMs: null }, { ...IDLE, usualMs: 0 })).toBe(true);
    expect(hasMoved({ ...IDLE, usualMs: 0 }, { ...IDLE, usualMs: 1 })).toBe(true);
    expect(hasMoved({ ...IDLE, usualMs: 0 }, { ...IDLE, usualMs: 0 })).toBe(false);
  });

  it('never sees a move where there is none, and none is lost in small steps', () => {
    fc.assert(
      fc.property(vitals, (each) => {
        expect(hasMoved(each, { ...each })).toBe(false);
        let [told, now] = [each, each];
        for (let step = 0; step < 50; step++) {
          now = { ...now, loadPercentage: now.loadPercentage + 0.5, usualMs: Math.max(1, now.usualMs ?? 0) * 1.02 };
          if (hasMoved(told, now)) told = now;
        }
        expect(now.loadPercentage - told.loadPercentage).toBeLessThan(1);
        expect(now.usualMs! / told.usualMs!).toBeLessThanOrEqual(1.06);
      }),
    );
  });
});
