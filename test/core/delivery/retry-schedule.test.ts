import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RETRY_PAUSES_MS, nextAttemptAt, readRetryAfter } from '../../../src/core/delivery/retry-schedule.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-01T12:00:00Z');
const after = (failures: number, retryAfterMs: number | null = null, random = 0.5): number | null => {
  const at = nextAttemptAt({ failures, retryAfterMs }, NOW, random);
  return at === null ? null : at - NOW;
};

describe('the delivery schedule', () => {
  it('is that of Standard Webhooks: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, then none', () => {
    const pauses = Array.from({ length: 11 }, (_, at) => after(at + 1));
    const hour = 3_600_000;
    expect(pauses).toEqual([5_000, 300_000, hour / 2, ...[2, 5, 10, 14, 20, 24].map((n) => n * hour), null, null]);
  });

  it('adds jitter of a tenth to each pause, and ends within a week', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (failures, random) => {
          const pause = RETRY_PAUSES_MS[failures]!;
          const jittered = after(failures, null, random)!;
          expect(jittered).toBeGreaterThanOrEqual(Math.floor(pause * 0.9));
          expect(jittered).toBeLessThanOrEqual(Math.ceil(pause * 1.1));
        },
      ),
    );
    expect(RETRY_PAUSES_MS.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(7 * DAY);
  });

  it.each([
    [1, 60_000, 60_000],
    [1, 1, 5_000],
    [2, 10_000, 300_000],
    [1, 365 * DAY, DAY],
    [10, 60_000, null],
  ])('after %d failures and a Retry-After of %d ms waits %j ms', (failures, retryAfterMs, expected) => {
    expect(after(failures, retryAfterMs)).toBe(expected);
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    [' 7 ', 7_000],
    ['Sun, 01 Nov 2026 12:01:00 GMT', 60_000],
    ['Sun, 01 Nov 2026 11:00:00 GMT', 0],
    [null, null],
    ['', null],
    ['-1', null],
    ['1e3', null],
    ['soon', null],
    ['2026', 2_026_000],
    ['99999999999', null],
  ])('%j is %j', (header, expected) => {
    expect(readRetryAfter(header, NOW)).toBe(expected);
  });
});
