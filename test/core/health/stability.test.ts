import { describe, expect, it } from 'vitest';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import { settledAs } from '../../../src/core/component/lifecycle.ts';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { stability } from '../../../src/core/health/stability.ts';

const NOW = 10_000_000;
const CLOCK = { now: NOW, unobservedSince: () => 0 };
const POLICY = { flapWindow: 600_000, flapHoldMs: 30_000, slowStartMs: 30_000 };

function recordOf(health: Partial<HealthState>, rest: Partial<ComponentRecord> = {}): ComponentRecord {
  const up = { ...initialHealth(0), status: 'healthy' as const, since: NOW - 60_000, backSince: NOW - 60_000 };
  const observed = { goodInRow: 3, lastGoodAt: NOW };
  const parts = {
    health: { ...up, ...observed, ...health },
    lifecycle: settledAs('active'),
    recovery: NO_RECOVERY,
    ...rest,
  };
  return parts as ComponentRecord;
}

describe('stability of a component that recovered', () => {
  it.each<[string, Partial<HealthState>, string]>([
    ['healthy for a minute', {}, 'stable'],
    ['healthy for less', { backSince: NOW - 59_999 }, 'unstable'],
    ['degraded from the beginning', { status: 'degraded', since: NOW }, 'stable'],
    ['suspect', { suspect: true }, 'unstable'],
    ['healthy for a minute by two observations', { goodInRow: 2 }, 'unstable'],
    ['healthy for a minute of which nothing was observed', { lastGoodAt: NOW - 60_000 }, 'unstable'],
    ['healthy for a minute, observed for less', { lastGoodAt: NOW - 1 }, 'unstable'],
    ['down', { status: 'unhealthy' }, 'unstable'],
    ['unknown', { status: 'unknown' }, 'unstable'],
  ])('%s', (_, health, expected) => {
    expect(stability(recordOf(health), 'time', POLICY, CLOCK)).toBe(expected);
  });

  it('requires the whole slow start if it is longer', () => {
    expect(stability(recordOf({}), 'time', { ...POLICY, slowStartMs: 60_001 }, CLOCK)).toBe('unstable');
  });

  it('does not count time in which the registry was suspended', () => {
    const suspended = { now: NOW, unobservedSince: (time: number) => (time === NOW - 60_000 ? 1 : 0) };
    expect(stability(recordOf({}), 'time', POLICY, suspended)).toBe('unstable');
    expect(stability(recordOf({ backSince: NOW - 60_001 }), 'time', POLICY, suspended)).toBe('stable');
  });

  it('is not reached out of service', () => {
    const isolated = { state: 'isolated', until: null, next: 'active' } as const;
    expect(stability(recordOf({}, { lifecycle: isolated }), 'time', POLICY, CLOCK)).toBe('unstable');
  });

  it('is reached at once after a proven recovery, unless the component flaps', () => {
    const fallen = (falls: number) => ({
      flap: { falls: Array.from({ length: falls }, () => NOW - 1_000), heldUntil: null },
    });
    expect(stability(recordOf({ backSince: NOW, ...fallen(2) }), 'recovery', POLICY, CLOCK)).toBe('stable');
    expect(stability(recordOf({ backSince: NOW, ...fallen(3) }), 'recovery', POLICY, CLOCK)).toBe('unstable');
  });
});
