import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyLog, queueStatistics, countExit, countServed } from '../../../src/core/lease/queue-statistics.ts';
import { retryAfterMs } from '../../../src/core/lease/retry-after.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

describe('queueStatistics', () => {
  it('counts requests by result, and their waiting times', () => {
    const log = emptyLog();
    for (let waited = 1; waited <= 100; waited++) countServed(log, waited, NOW);
    countExit(log, 'timedOut', NOW + MINUTE);
    countExit(log, 'atCapacity', NOW);
    countExit(log, 'overQuota', NOW);
    expect(queueStatistics(log, NOW + MINUTE)).toEqual({
      windowMs: 5 * MINUTE,
      granted: 100,
      timedOut: 1,
      atCapacity: 1,
      overQuota: 1,
      waitMs: { p50: 50, p90: 100, p99: 100 },
    });
  });

  it('drops counts older than five minutes, even without later requests', () => {
    const log = emptyLog();
    countServed(log, 10, NOW);
    expect(queueStatistics(log, NOW + 4 * MINUTE).granted).toBe(1);
    expect(queueStatistics(log, NOW + 5 * MINUTE)).toMatchObject({ granted: 0, waitMs: { p50: null, p99: null } });
    countServed(log, 10, NOW + 5 * MINUTE);
    expect(queueStatistics(log, NOW + 5 * MINUTE).granted).toBe(1);
  });

  it('returns percentiles that are upper bounds of their histogram bucket', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 200 }), (waits) => {
        const log = emptyLog();
        for (const waited of waits) countServed(log, waited, NOW);
        const { p50, p90, p99 } = queueStatistics(log, NOW).waitMs;
        const short = waits.filter((waited) => waited <= p50!).length;
        expect(p50 === 31_000 || short >= waits.length / 2).toBe(true);
        expect(p50! <= p90! && p90! <= p99!).toBe(true);
      }),
    );
  });
});

const never = (): number => 0;

describe('retryAfterMs', () => {
  const full = { nextExpiry: Infinity, typicalMs: 100, waitingAhead: 0, leaseCount: 10 };

  it.each([
    ['short tasks', full, 1],
    ['longer tasks', { ...full, typicalMs: 8_000 }, 8],
    ['a lease expires earlier', { ...full, typicalMs: 8_000, nextExpiry: NOW + 3_000 }, 3],
    ['many requests wait already', { ...full, typicalMs: 2_000, waitingAhead: 30 }, 8],
    ['very long tasks', { ...full, typicalMs: 600_000 }, 30],
    ['a lease is past its expiry', { ...full, nextExpiry: NOW - 5_000 }, 1],
    ['no lease', { ...full, leaseCount: 0, waitingAhead: 3, typicalMs: 1_000 }, 4],
  ])('%s', (_, fullness, seconds) => {
    expect(retryAfterMs(fullness, NOW, never)).toBe(seconds * 1_000);
  });

  it('adds jitter, in whole seconds from 1 to 30', () => {
    const anyFullness = fc.record({
      nextExpiry: fc.oneof(fc.integer({ min: NOW - 10_000, max: NOW + 3_600_000 }), fc.constant(Infinity)),
      typicalMs: fc.integer({ min: 0, max: 3_600_000 }),
      waitingAhead: fc.nat(10_000),
      leaseCount: fc.nat(10_000),
    });
    fc.assert(
      fc.property(anyFullness, (fullness) => {
        const delayMs = retryAfterMs(fullness, NOW, Math.random);
        expect(delayMs % 1_000).toBe(0);
        expect(delayMs).toBeGreaterThanOrEqual(1_000);
        expect(delayMs).toBeLessThanOrEqual(30_000);
      }),
    );
    const spread = new Set(Array.from({ length: 100 }, () => retryAfterMs(full, NOW, Math.random)));
    expect([...spread].toSorted((a, b) => a - b)).toEqual([1_000, 2_000]);
  });
});
