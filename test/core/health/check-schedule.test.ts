import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistrationInput } from '../../../src/core/component/registration.ts';
import type { SystemConfig } from '../../../src/core/config/system-config.ts';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { detectionFor, nextCheckAt, nextRoundAt, suspicionMs } from '../../../src/core/health/check-schedule.ts';
import { registrationOf } from '../component/registration-of.ts';

type Check = Partial<NonNullable<RegistrationInput['healthCheck']>>;

const checked = (check: Check = {}) => registrationOf({ healthCheck: { endpoint: '/health', ...check } });
const HEARTBEAT_ONLY = registrationOf({ healthCheck: undefined, heartbeat: { ttl: 8_000 } });
const BOTH = registrationOf({ heartbeat: { ttl: 5_000 } });

describe('suspicionMs', () => {
  it.each<[string, Check, number]>([
    ['half the default timeout', {}, 2_500],
    ['half a short timeout', { timeout: 1_000 }, 500],
    ['at most 2.5 s', { timeout: 60_000 }, 2_500],
    ['degradedAfter if set', { degradedAfter: 300 }, 300],
    ['degradedAfter, but at most 2.5 s', { timeout: 20_000, degradedAfter: 9_000 }, 2_500],
  ])('is %s', (_, check, expected) => {
    expect(suspicionMs(checked(check))).toBe(expected);
  });
});

describe('detectionFor', () => {
  it.each<[string, Check, Partial<SystemConfig>, number, number, number]>([
    ['the defaults', {}, {}, 1, 4_000, 9_000],
    ['an interval shorter than allowed', { interval: 2_000 }, {}, 1, 2_000, 7_000],
    ['the configured interval if the component declares none', {}, { healthCheckInterval: 3_000 }, 1, 3_000, 8_000],
    ['the interval of the component instead', { interval: 2_000 }, { healthCheckInterval: 3_000 }, 1, 2_000, 7_000],
    ['the longest allowed interval', { interval: 4_000 }, {}, 1, 4_000, 9_000],
    ['an early suspicion', { degradedAfter: 500 }, {}, 1, 4_000, 7_000],
    ['maxDetectionMs 0 honours the interval', {}, { maxDetectionMs: 0 }, 1, 10_000, 15_000],
    ['a larger maxDetectionMs', { interval: 30_000 }, { maxDetectionMs: 20_000 }, 1, 14_000, 19_000],
    ['a maxDetectionMs larger than the interval needs', {}, { maxDetectionMs: 120_000 }, 1, 10_000, 15_000],
    ['a maxDetectionMs too small to meet', {}, { maxDetectionMs: 3_000 }, 1, 1_000, 6_000],
    ['older snapshots', {}, { snapshotMaxAgeMs: 3_000 }, 1, 3_000, 9_000],
    ['400 components', {}, {}, 400, 4_000, 9_000],
    ['401 components stretch the interval', {}, {}, 401, 4_010, 9_010],
    ['10 000 components', {}, {}, 10_000, 100_000, 105_000],
    ['a larger budget', {}, { probeBudgetPerSecond: 1_000 }, 10_000, 10_000, 15_000],
    ['the budget binds an honoured interval too', {}, { maxDetectionMs: 0 }, 4_000, 40_000, 45_000],
  ])('%s', (_, check, config, checkedInType, intervalMs, worstCaseMs) => {
    expect(detectionFor(checked(check), { ...DEFAULT_CONFIG, ...config }, checkedInType)).toEqual({
      intervalMs,
      worstCaseMs,
    });
  });

  it('considers the heartbeat: alone, and beside a check', () => {
    expect(detectionFor(HEARTBEAT_ONLY, DEFAULT_CONFIG, 0)).toEqual({ intervalMs: null, worstCaseMs: 11_300 });
    expect(detectionFor(BOTH, DEFAULT_CONFIG, 1)).toEqual({ intervalMs: 4_000, worstCaseMs: 8_000 });
  });

  it('meets the default limit of 10 s for every registration, up to 400 components', () => {
    const check = fc.record({
      timeout: fc.integer({ min: 100, max: 60_000 }),
      interval: fc.integer({ min: 1_000, max: 3_600_000 }),
      retries: fc.nat(10),
    });
    fc.assert(
      fc.property(check, fc.integer({ min: 1, max: 400 }), (each, checkedInType) => {
        const { intervalMs, worstCaseMs } = detectionFor(checked(each), DEFAULT_CONFIG, checkedInType);
        expect(worstCaseMs).toBeLessThanOrEqual(9_000);
        expect(intervalMs).toBeLessThanOrEqual(Math.max(each.interval, checkedInType * 10));
      }),
    );
  });

  it('never starts more checks per second than the budget', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 1_000 }), (count, budget) => {
        const config = { ...DEFAULT_CONFIG, probeBudgetPerSecond: budget };
        const { intervalMs } = detectionFor(checked({ interval: 1_000 }), config, count);
        expect((count / intervalMs!) * 1_000).toBeLessThanOrEqual(budget);
      }),
    );
  });
});

describe('nextRoundAt', () => {
  const now = fc.integer({ min: 0, max: 2 ** 41 });
  const interval = fc.integer({ min: 1_000, max: 3_600_000 });
  const place = fc.record({ phaseMs: fc.nat(10_000), idHash: fc.nat(10_000), checkedInType: fc.nat(10_000) });

  it('lies within (now, now + interval]', () => {
    fc.assert(
      fc.property(now, interval, place, (at, intervalMs, where) => {
        const next = nextRoundAt(at, intervalMs, where);
        expect(next).toBeGreaterThan(at);
        expect(next).toBeLessThanOrEqual(at + intervalMs);
      }),
    );
  });

  it('is aligned: rounds of a place lie whole intervals apart', () => {
    fc.assert(
      fc.property(now, fc.nat(10_000_000), interval, place, (at, pause, intervalMs, where) => {
        const [first, second] = [nextRoundAt(at, intervalMs, where), nextRoundAt(at + pause, intervalMs, where)];
        expect((second - first) % intervalMs).toBe(0);
        expect(nextRoundAt(first, intervalMs, where)).toBe(first + intervalMs);
      }),
    );
  });

  it('is the same for the same place', () => {
    fc.assert(
      fc.property(now, interval, place, (at, intervalMs, where) => {
        const twin = { ...where };
        expect(nextRoundAt(at, intervalMs, twin)).toBe(nextRoundAt(at, intervalMs, where));
      }),
    );
  });

  it('schedules at most 48 checks at the same time, spread over the interval', () => {
    const times = Array.from({ length: 480 }, (_, idHash) =>
      nextRoundAt(0, 4_000, { phaseMs: 250, idHash, checkedInType: 480 }),
    );
    const instants = [...new Set(times)];
    const crowds = instants.map((instant) => times.filter((time) => time === instant).length);
    expect(crowds).toEqual(Array.from({ length: 10 }, () => 48));
    expect(Math.max(...times) - Math.min(...times)).toBe(3_600);
  });

  it('schedules a small type at one time', () => {
    const times = Array.from({ length: 48 }, (_, idHash) =>
      nextRoundAt(77, 4_000, { phaseMs: 1_234, idHash, checkedInType: 48 }),
    );
    expect(new Set(times)).toEqual(new Set([1_234]));
  });
});

describe('nextCheckAt', () => {
  const NOW = 1_000_000;
  const INTERVAL = 4_000;
  const PLACE = { phaseMs: 3_500, idHash: 0, checkedInType: 1 };
  const ROUND = 1_003_500;
  const health = initialHealth(0);
  const quiet = { now: NOW, startedAt: NOW - 300, verifying: false };

  it.each([
    ['the round after a good check', { ...health, consecutiveSuccesses: 3 }, ROUND],
    ['1 s after the first failure', { ...health, consecutiveFailures: 1 }, NOW + 1_000],
    ['2 s after the second', { ...health, consecutiveFailures: 2 }, NOW + 2_000],
    ['the round after the third', { ...health, consecutiveFailures: 3 }, ROUND],
    ['the round after many', { ...health, consecutiveFailures: 300 }, ROUND],
    [
      '1 s later while recovering',
      { ...health, checkStatus: 'unhealthy', consecutiveSuccesses: 1 } as const,
      NOW + 1_000,
    ],
  ])('is %s', (_, state, expected) => {
    expect(nextCheckAt(state, quiet, INTERVAL, PLACE)).toBe(expected);
  });

  it('schedules rechecks no later than the interval', () => {
    expect(nextCheckAt({ ...health, consecutiveFailures: 2 }, quiet, 1_000, PLACE)).toBe(NOW + 1_000);
  });

  it.each([
    [300, 700],
    [1_000, 0],
    [5_000, 0],
  ])('is every second while a recovery verifies: %i ms after its start, %i ms later', (elapsedMs, expected) => {
    const after = { now: NOW, startedAt: NOW - elapsedMs, verifying: true };
    for (const consecutiveFailures of [0, 1, 5]) {
      expect(nextCheckAt({ ...health, consecutiveFailures }, after, INTERVAL, PLACE)).toBe(NOW + expected);
    }
  });

  it('is never more than an interval away, and never in the past', () => {
    const state = fc.record({ consecutiveFailures: fc.nat(5), consecutiveSuccesses: fc.nat(5) });
    fc.assert(
      fc.property(state, fc.integer({ min: 1_000, max: 100_000 }), fc.boolean(), (counts, intervalMs, verifying) => {
        const next = nextCheckAt({ ...health, ...counts }, { ...quiet, verifying }, intervalMs, PLACE);
        expect(next).toBeGreaterThanOrEqual(NOW);
        expect(next).toBeLessThanOrEqual(NOW + intervalMs);
      }),
    );
  });
});
