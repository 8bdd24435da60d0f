import { describe, expect, it } from 'vitest';
import { MAX_TIMES, appendTime, summarizeTimes } from '../../../../src/core/health/samples/response-times.ts';

const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => at + 1).reduce<readonly number[]>(appendTime, []);

describe('response times', () => {
  it.each([
    [0, null],
    [1, { p50: 1, p95: 1, p99: 1, count: 1 }],
    [2, { p50: 1, p95: 2, p99: 2, count: 2 }],
    [20, { p50: 10, p95: 19, p99: 20, count: 20 }],
    [64, { p50: 32, p95: 61, p99: 64, count: 64 }],
    [100, { p50: 68, p95: 97, p99: 100, count: 64 }],
  ])('are summarized for %d checks', (count, expected) => {
    expect(summarizeTimes(upTo(count))).toEqual(expected);
  });

  it('are rounded to tenths, and only the latest are kept', () => {
    expect(appendTime([], 1.26)).toEqual([1.3]);
    expect(upTo(1_000)).toHaveLength(MAX_TIMES);
  });
});
