import { describe, expect, it } from 'vitest';
import type { ComponentRecord, RecoveryState } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import { countFailures, failuresLastHour } from '../../../src/core/failure/failure-count.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';

const NOW = 1_000_000;
const POLICY = { failureThreshold: 3, failureWindow: 300_000 };

const recordWith = (recovery: Partial<RecoveryState>, rest: Partial<ComponentRecord> = {}): ComponentRecord =>
  ({
    registeredAt: 0,
    registration: { healthCheck: {} },
    health: { ...initialHealth(0), checkStatus: 'healthy' },
    recovery: { ...NO_RECOVERY, ...recovery },
    ...rest,
  }) as unknown as ComponentRecord;

const reports = (count: number, callers = 1) =>
  Array.from({ length: count }, (_, index) => ({ at: NOW - index, by: `k-${index % callers}` }));

describe('the failures that count', () => {
  it.each<[string, ComponentRecord, number]>([
    ['are none of a component without failures', recordWith({}), 0],
    ['are those within the window', recordWith({ recentFailures: [NOW - 300_000, NOW - 299_999, NOW] }), 2],
    ['exclude those that a recovery settled', recordWith({ recentFailures: [NOW - 9, NOW], settledUntil: NOW - 5 }), 1],
    ['exclude those of a predecessor', recordWith({ recentFailures: [NOW - 9, NOW] }, { registeredAt: NOW - 5 }), 1],
    ['include confirmed reports', recordWith({ recentFailures: [NOW], recentReports: reports(2) }), 3],
  ])('%s', (_, record, expected) => {
    expect(countFailures(record, POLICY, NOW)).toEqual({ recentFailures: expected, unconfirmedReports: 0 });
  });
});

describe('reports of callers', () => {
  const failing = { ...initialHealth(0), checkStatus: 'healthy', consecutiveFailures: 1 } as const;

  it.each<[string, ComponentRecord, number, number]>([
    ['weigh a fifth while checks pass', recordWith({ recentReports: reports(55) }), 11, 55],
    ['of one caller need eleven for three failures', recordWith({ recentReports: reports(10) }), 2, 10],
    ['of two callers weigh no more', recordWith({ recentReports: reports(10, 2) }), 2, 10],
    ['of three callers confirm each other', recordWith({ recentReports: reports(3, 3) }), 3, 0],
    ['count without a health check', recordWith({ recentReports: reports(3) }, { registration: {} as never }), 3, 0],
    ['count while a check fails', recordWith({ recentReports: reports(3) }, { health: failing }), 3, 0],
    ['count before the first check', recordWith({ recentReports: reports(3) }, { health: initialHealth(0) }), 3, 0],
    ['count once a check failed', recordWith({ recentReports: reports(3), recentFailures: [NOW] }), 4, 0],
    ['are forgotten after the window', recordWith({ recentReports: [{ at: NOW - 300_000, by: null }] }), 0, 0],
  ])('%s', (_, record, recentFailures, unconfirmedReports) => {
    expect(countFailures(record, POLICY, NOW)).toEqual({ recentFailures, unconfirmedReports });
  });
});

it('failures of the last hour count whatever a recovery settled, but not those of a predecessor', () => {
  const hour = 3_600_000;
  const now = 3 * hour;
  const recentFailures = [now - hour - 1, now - hour, now - hour + 1, now];
  const recovery = { recentFailures, recentReports: [{ at: now - 5, by: null }], settledUntil: now };
  expect(failuresLastHour(recordWith(recovery), now)).toBe(3);
  expect(failuresLastHour(recordWith(recovery, { registeredAt: now - 10 }), now)).toBe(2);
  expect(failuresLastHour(recordWith({}), now)).toBe(0);
});
