import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UptimeBucket } from '../../../../src/core/health/samples/availability.ts';
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  MONTH_MS,
  availabilityOf,
  percentOf,
} from '../../../../src/core/health/samples/availability.ts';

const NOW = 1_800_000_000_000;
const bucket = (ago: number, durationMs: number, upMs: number, observedMs = durationMs): UptimeBucket => ({
  at: NOW - ago,
  durationMs,
  upMs,
  observedMs,
});

describe('percentOf', () => {
  it.each([
    [0, 0, null],
    [0, 1, 0],
    [1, 1, 100],
    [1, 3, 33.333],
    [2, 3, 66.666],
    [MONTH_MS - 1, MONTH_MS, 99.999],
  ])('%d of %d ms is %s', (upMs, observedMs, expected) => {
    expect(percentOf({ upMs, observedMs })).toBe(expected);
  });
});

describe('availabilityOf', () => {
  it.each<[string, UptimeBucket[], object]>([
    ['nothing', [], { hour: null, day: null, month: null }],
    ['nothing observed', [bucket(HOUR_MS, HOUR_MS, 0, 0)], { hour: null, day: null, month: null }],
    ['up', [bucket(MINUTE_MS, MINUTE_MS, MINUTE_MS)], { hour: 100, day: 100, month: 100 }],
    ['down two hours ago', [bucket(3 * HOUR_MS, HOUR_MS, 0)], { hour: null, day: 0, month: 0 }],
    ['up a week ago', [bucket(7 * DAY_MS, HOUR_MS, HOUR_MS)], { hour: null, day: null, month: 100 }],
    ['beyond a month', [bucket(MONTH_MS + 2 * HOUR_MS, HOUR_MS, HOUR_MS)], { hour: null, day: null, month: null }],
    ['in the future', [bucket(-HOUR_MS, HOUR_MS, 0)], { hour: null, day: null, month: null }],
    [
      'down in the last minute, up before',
      [bucket(MINUTE_MS, MINUTE_MS, 0), bucket(2 * HOUR_MS, HOUR_MS, HOUR_MS)],
      { hour: 0, day: 98.36, month: 98.36 },
    ],
    [
      'unobserved time does not count',
      [bucket(HOUR_MS, HOUR_MS, MINUTE_MS, 2 * MINUTE_MS)],
      { hour: 50, day: 50, month: 50 },
    ],
  ])('%s', (_, buckets, expected) => {
    expect(availabilityOf(buckets, NOW)).toEqual(expected);
  });

  it('is between 0 and 100, or null', () => {
    const buckets = fc.record({
      at: fc.integer({ min: NOW - 2 * MONTH_MS, max: NOW + DAY_MS }),
      durationMs: fc.constantFrom(MINUTE_MS, HOUR_MS),
      upMs: fc.nat(HOUR_MS),
      observedMs: fc.nat(HOUR_MS),
    });
    fc.assert(
      fc.property(fc.array(buckets), (all) => {
        const sound = all.map((each) => ({ ...each, observedMs: Math.max(each.upMs, each.observedMs) }));
        for (const percent of Object.values(availabilityOf(sound, NOW)))
          if (percent !== null) expect(percent >= 0 && percent <= 100).toBe(true);
      }),
    );
  });
});
