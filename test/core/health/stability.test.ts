import { describe, expect, it } from 'vitest';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import { settledAs } from '../../../src/core/component/lifecycle.ts';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { stability } from '../../../src/core/health/stability.ts';

const NOW = 10_000_000;
const POLICY = { flapWindow: 600_000, flapHoldMs: 30_000, slowStartMs: 30_000 };

function recordOf(health: Partial<HealthState>, rest: Partial<ComponentRecord> = {}): ComponentRecord {
  const up = { ...initialHealth(0), status: 'healthy' as const, since: NOW - 60_000, backSince: NOW - 60_000 };
  const parts = { health: { ...up, ...health }, lifecycle: settledAs('active'), recovery: NO_RECOVERY, ...rest };
  return parts as ComponentRecord;
}

describe('a component that came back', () => {
  it.each<[string, Partial<HealthState>, string]>([
    ['healthy for a minute', {}, 'well'],
    ['not that long', { backSince: NOW - 59_999 }, 'ailing'],
    ['degraded all along', { status: 'degraded', since: NOW }, 'well'],
    ['in question', { suspect: true }, 'ailing'],
    ['down', { status: 'unhealthy' }, 'ailing'],
    ['not known', { status: 'unknown' }, 'ailing'],
  ])('%s', (_, health, expected) => {
    expect(stability(recordOf(health), 'time', POLICY, NOW)).toBe(expected);
  });

  it('has to be well for all of a slow start that is longer', () => {
    expect(stability(recordOf({}), 'time', { ...POLICY, slowStartMs: 60_001 }, NOW)).toBe('ailing');
  });

  it('is not well where somebody set it aside', () => {
    const isolated = { state: 'isolated', until: null, next: 'active' } as const;
    expect(stability(recordOf({}, { lifecycle: isolated }), 'time', POLICY, NOW)).toBe('ailing');
  });

  it('is well at once by a recovery that proved it, unless it falls again and again', () => {
    const fallen = (falls: number) => ({
      flap: { falls: Array.from({ length: falls }, () => NOW - 1_000), heldUntil: null },
    });
    expect(stability(recordOf({ backSince: NOW, ...fallen(2) }), 'recovery', POLICY, NOW)).toBe('well');
    expect(stability(recordOf({ backSince: NOW, ...fallen(3) }), 'recovery', POLICY, NOW)).toBe('ailing');
  });
});
