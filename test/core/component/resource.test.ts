import { describe, expect, it } from 'vitest';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import { takeOutOfService, settledAs } from '../../../src/core/component/lifecycle.ts';
import { addAssignments, NO_LOAD } from '../../../src/core/component/load.ts';
import { toResource } from '../../../src/core/component/resource.ts';
import { NO_ROOT_CAUSE } from '../../../src/core/component/root-cause.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { registrationOf } from './registration-of.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const ISO = '2026-01-02T03:04:05.006Z';
const CONTEXT = { detection: { intervalMs: 4_000, worstCaseMs: 9_000 }, share: 0.5, assumedTaskMs: 30_000, now: NOW };

const record: ComponentRecord = {
  registration: registrationOf({ capabilities: { maxConcurrentTasks: 3 } }),
  owner: 'k-registrar',
  claim: 3,
  generation: 2,
  revision: 318,
  registeredAt: NOW,
  updatedAt: NOW,
  lifecycle: settledAs('active'),
  health: initialHealth(NOW),
  load: addAssignments({ ...NO_LOAD, leased: 1 }, { count: 1, overMs: 0 }, { assumedTaskMs: 30_000, now: NOW }),
  recovery: NO_RECOVERY,
  dependencyState: NO_ROOT_CAUSE,
};

describe('toResource', () => {
  it('contains the registration and the observed state', () => {
    const resource = toResource(record, CONTEXT);
    expect(resource).toMatchObject(record.registration);
    expect(JSON.stringify(resource)).not.toContain('k-registrar');
    expect(resource).toMatchObject({
      lifecycle: 'active',
      lifecycleUntil: null,
      detection: CONTEXT.detection,
      recoveryId: null,
      revision: 318,
      generation: 2,
      registeredAt: ISO,
      updatedAt: ISO,
    });
  });

  it('rounds load and response time', () => {
    const health = { ...record.health, responseTimeMs: 12.6, lastCheckAt: NOW };
    const resource = toResource({ ...record, health }, CONTEXT);
    expect(resource.load).toEqual({
      loadPercentage: 67,
      activeConnections: 2,
      queueDepth: 0,
      share: 0.5,
      estimated: { loadPercentage: 33, activeConnections: 1 },
    });
    expect(resource.health).toMatchObject({ responseTime: 13, lastCheck: ISO, since: ISO });
  });

  it('contains null for values that were not measured', () => {
    expect(toResource(record, CONTEXT).health).toMatchObject({
      status: 'unknown',
      suspect: false,
      lastCheck: null,
      responseTime: null,
      errorCount: 0,
      details: null,
      lastFailure: null,
    });
  });

  it('contains the end of the lifecycle state and the running recovery', () => {
    const order = {
      recoveryId: 'r-1',
      componentId: 'router-1',
      componentType: 'task_router',
      failureType: 'timeout_failure',
      failureId: 'f-1',
      reason: 'slow',
      startedAt: NOW,
      deadline: NOW + 1,
    } as const;
    const recovery = {
      ...NO_RECOVERY,
      active: { order, disruptive: true, cancelled: false, promoted: null, verification: null },
    };
    const resource = toResource(
      { ...record, recovery, lifecycle: takeOutOfService(record.lifecycle, 'isolated', NOW) },
      CONTEXT,
    );
    expect(resource).toMatchObject({ lifecycle: 'isolated', lifecycleUntil: ISO, recoveryId: 'r-1' });
  });

  it('is plain JSON data', () => {
    const resource = toResource(record, CONTEXT);
    expect(JSON.parse(JSON.stringify(resource))).toEqual(resource);
  });
});
