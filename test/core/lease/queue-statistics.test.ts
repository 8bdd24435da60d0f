import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyLog, queueStatistics, countExit, countServed } from '../../../src/core/lease/queue-statistics.ts';
import { retryAfterMs } from '../../../src/core/lease/retry-after.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

describe('the figures of a line', () => {
  it('say what became of those who asked, and how long they waited', () => {
    const log = emptyLog();
    for (let waited = 1; waited <= 100; waited++) countServed(log, waited, NOW);
    countExit(log, 'timedOut', NOW + MINUTE);
    countExit(log, 'atCapacity', NOW);
    countExit(log, 'overQuota', NOW);
    expect(queueStatistics(log, NOW + MINUTE)).toEqual({
      overMs: 5 * MINUTE,
      granted: 100,
      timedOut: 1,
      atCapacity: 1,
      overQuota: 1,
      waitMs: { p50: 50, p90: 100, p99: 100 },
    });
  });

  it('forget what is older than five minutes, also when nobody came since', () => {
    const log = emptyLog();
    countServed(log, 10, NOW);
    expect(queueStatistics(log, NOW + 4 * MINUTE).granted).toBe(1);
    expect(queueStatistics(log, NOW + 5 * MINUTE)).toMatchObject({ granted: 0, waitMs: { p50: null, p99: null } });
    countServed(log, 10, NOW + 5 * MINUTE);
    expect(queueStatistics(log, NOW + 5 * MINUTE).granted).toBe(1);
  });

  it('name for each part a time that so many did not wait longer than, and no less than a class too much', () => {
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

describe('when to come back', () => {
  const full = { nextExpiry: Infinity, typicalMs: 100, waitingAhead: 0, leaseCount: 10 };

  it.each([
    ['work is usually over soon', full, 1],
    ['it takes a while', { ...full, typicalMs: 8_000 }, 8],
    ['a lease is over before that', { ...full, typicalMs: 8_000, nextExpiry: NOW + 3_000 }, 3],
    ['many wait already', { ...full, typicalMs: 2_000, waitingAhead: 30 }, 8],
    ['it takes very long', { ...full, typicalMs: 600_000 }, 30],
    ['a lease should be over', { ...full, nextExpiry: NOW - 5_000 }, 1],
    ['nothing is held', { ...full, leaseCount: 0, waitingAhead: 3, typicalMs: 1_000 }, 4],
  ])('%s', (_, fullness, seconds) => {
    expect(retryAfterMs(fullness, NOW, never)).toBe(seconds * 1_000);
  });

  it('is spread, in whole seconds, from 1 to 30', () => {
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
