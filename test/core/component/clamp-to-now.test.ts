import { describe, expect, it } from 'vitest';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import { NO_ROOT_CAUSE } from '../../../src/core/component/root-cause.ts';
import { NO_LOAD } from '../../../src/core/component/load.ts';
import { clampToNow } from '../../../src/core/component/clamp-to-now.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';

const T0 = 1_800_000_000_000;
const DAY_MS = 86_400_000;

const lived = {
  registeredAt: T0 - 5_000,
  health: { ...initialHealth(T0), backSince: T0 - 1, lastCheckAt: T0 - 100, lastFailureAt: T0 - 2_000 },
  load: { ...NO_LOAD, estimate: { count: 3, presumedEnded: 1, at: T0 - 20 }, workMeasuredAt: T0 - 30 },
  dependencyState: { ...NO_ROOT_CAUSE, since: T0 - 50 },
  recovery: {
    ...NO_RECOVERY,
    recentFailures: [T0 - DAY_MS - 1, T0 - 3_000, T0 - 2_000],
    settledUntil: T0 - 1_000,
    recentReports: [{ at: T0 - 1, by: 'k-1' }],
    cooldown: { recoveries: 3, since: T0 - 1_000, fullMs: DAY_MS, works: false },
    disruption: { at: T0 - 1_000, isProven: true },
    active: { cancelled: false, verification: { position: 0, since: T0 - 10, until: T0 + 30_000, successes: 1 } },
  },
} as unknown as ComponentRecord;

describe('clampToNow', () => {
  it('returns the same record if no time is in the future', () => {
    expect(clampToNow(lived, T0)).toBe(lived);
  });

  it('moves past times to now and deadlines back, after the clock went back', () => {
    const now = T0 - DAY_MS;
    expect(clampToNow(lived, now)).toEqual({
      registeredAt: now,
      load: { ...NO_LOAD, estimate: { count: 3, presumedEnded: 1, at: now }, workMeasuredAt: now },
      dependencyState: { ...NO_ROOT_CAUSE, since: now },
      health: { ...lived.health, since: now, backSince: now, lastCheckAt: now, lastFailureAt: now },
      recovery: {
        ...lived.recovery,
        recentFailures: [now - 1, now, now],
        settledUntil: now,
        recentReports: [{ at: now, by: 'k-1' }],
        cooldown: { recoveries: 3, since: now, fullMs: DAY_MS, works: false },
        disruption: { at: now, isProven: true },
        active: { cancelled: false, verification: { position: 0, since: now, until: now + 30_010, successes: 1 } },
      },
    });
  });

  it('keeps times of events that never happened', () => {
    const record = { ...lived, health: initialHealth(T0) };
    expect(clampToNow(record, T0 - DAY_MS).health).toEqual(initialHealth(T0 - DAY_MS));
  });
});
