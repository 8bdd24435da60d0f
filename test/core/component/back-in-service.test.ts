import { describe, expect, it } from 'vitest';
import { backInService } from '../../../src/core/component/back-in-service.ts';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import type { Lifecycle } from '../../../src/core/component/lifecycle.ts';
import { takeOutOfService, settledAs } from '../../../src/core/component/lifecycle.ts';
import { NO_LOAD } from '../../../src/core/component/load.ts';
import { NO_ROOT_CAUSE } from '../../../src/core/component/root-cause.ts';
import { NOT_FLAPPING } from '../../../src/core/health/flap-damping.ts';
import type { HealthStatus } from '../../../src/core/health/health-status.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { registrationOf } from './registration-of.ts';

const NOW = 1_000_000;
const active = settledAs('active');
const flap = { falls: [NOW - 3, NOW - 2, NOW - 1], heldUntil: NOW + 60_000 };

const recordOf = (status: HealthStatus, lifecycle: Lifecycle = active): ComponentRecord => ({
  registration: registrationOf(),
  owner: null,
  claim: 1,
  generation: 1,
  revision: 1,
  registeredAt: 0,
  updatedAt: 0,
  lifecycle,
  health: { ...initialHealth(0), status, flap },
  load: NO_LOAD,
  recovery: NO_RECOVERY,
  dependencyState: NO_ROOT_CAUSE,
});

describe('backInService', () => {
  it.each([
    ['draining', 'healthy', { backSince: NOW, suspect: false, flap }, 0],
    ['isolated', 'healthy', { backSince: NOW, suspect: true, flap }, 0],
    ['isolated', 'degraded', { backSince: NOW, suspect: true, flap }, 0],
    ['isolated', 'unhealthy', { backSince: null, suspect: false, flap }, 0],
    ['maintenance', 'healthy', { backSince: NOW, suspect: true, flap: NOT_FLAPPING }, NOW],
    ['maintenance', 'unhealthy', { backSince: null, suspect: false, flap: NOT_FLAPPING }, NOW],
    ['maintenance', 'unknown', { backSince: null, suspect: false, flap: NOT_FLAPPING }, NOW],
  ] as const)('from %s, %s', (state, status, health, settledUntil) => {
    const back = backInService(recordOf(status), takeOutOfService(active, state, null), NOW);
    expect(back.health).toMatchObject(health);
    expect(back.recovery.settledUntil).toBe(settledUntil);
  });

  it('leaves a component unchanged that was in service, or that moves between out-of-service states', () => {
    const aside = takeOutOfService(active, 'isolated', NOW);
    for (const [record, before] of [
      [recordOf('healthy'), active],
      [recordOf('healthy'), settledAs('standby')],
      [recordOf('healthy', aside), active],
      [recordOf('healthy', aside), takeOutOfService(active, 'maintenance', NOW)],
    ] as const)
      expect(backInService(record, before, NOW)).toBe(record);
  });
});
