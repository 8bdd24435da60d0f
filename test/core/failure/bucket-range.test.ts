import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketRange } from '../../../src/core/failure/bucket-range.ts';

const NOON = Date.UTC(2026, 0, 2, 12);

describe('the bucket range', () => {
  it.each([
    ['minute', 60_000, NOON - 59 * 60_000, 60],
    ['hour', 3_600_000, NOON - 47 * 3_600_000, 48],
    ['day', 86_400_000, Date.UTC(2025, 11, 4), 30],
  ] as const)('of a %s covers the last buckets without a start', (bucket, sizeMs, from, count) => {
    expect(bucketRange(bucket, {}, NOON)).toEqual({ ok: true, value: { sizeMs, from, count } });
  });

  it('has 1 to 500 buckets', () => {
    const since = NOON - 499 * 60_000;
    expect(bucketRange('minute', { since }, NOON)).toMatchObject({ value: { count: 500 } });
    expect(bucketRange('minute', { since: since - 1 }, NOON)).toMatchObject({
      reason: 'too-many',
      message: expect.stringContaining('at most 500 buckets, not 501'),
    });
    expect(bucketRange('day', { since: NOON, until: NOON - 86_400_000 }, NOON)).toMatchObject({
      reason: 'turned-round',
    });
  });

  it('covers the requested time, and no bucket entirely outside it', () => {
    const moment = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(fc.constantFrom(...BUCKETS), moment, fc.integer({ min: 1, max: 4e9 }), (bucket, since, length) => {
        const until = since + length;
        const range = bucketRange(bucket, { since, until }, 0);
        if (!range.ok) {
          expect(range.reason).toBe('too-many');
          return;
        }
        const { from, sizeMs, count } = range.value;
        const end = from + count * sizeMs;
        expect(from % sizeMs).toBe(0);
        expect(from <= since && since - from < sizeMs).toBe(true);
        expect(end >= until && end - until < sizeMs).toBe(true);
      }),
    );
  });
});
