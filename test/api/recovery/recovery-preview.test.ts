import { describe, expect, it } from 'vitest';
import { RecoveryPreviewSchema } from '../../../src/api/schemas/recovery-preview.ts';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const REFUSED = { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };

async function registered(overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', registrationFor(id, { type: 'caws_validator', ...beats, ...overrides }));
  return id;
}

const preview = (componentId: string, error: Record<string, unknown> = REFUSED): Promise<ApiResponse> =>
  call('POST', '/v1/recoveries/preview', { componentId, error });
const report = (id: string): Promise<ApiResponse> => call('POST', `/v1/components/${id}/failures`, { error: REFUSED });
const control = { control: { endpoint: '/control', actions: ['restart'] } };

describe('POST /v1/recoveries/preview', () => {
  it('reports no recovery below the threshold, and its plan', async () => {
    const id = await registered(control);
    const response = await preview(id);
    expect(response).toMatchObject({
      status: 200,
      body: {
        failureType: 'connection_failure',
        recentFailures: 1,
        threshold: 3,
        wouldBegin: false,
        obstacle: { reason: 'below-threshold' },
        steps: [
          { action: 'switchover', verdict: 'skip', reason: expect.stringContaining('no healthy standby') },
          { action: 'restart', verdict: 'act', reason: null, blockedBy: null },
          { action: 'restart', verdict: 'act' },
        ],
        plan: [{ action: 'restart' }, { action: 'restart' }],
        nextCooldownMs: 300_000,
      },
    });
    expect(RecoveryPreviewSchema.parse(response.body)).toEqual(response.body);
  });

  it('reports a recovery at the threshold, and changes nothing', async () => {
    const id = await registered();
    await report(id);
    await report(id);
    for (let repeat = 0; repeat < 4; repeat++) {
      const { body } = await preview(id);
      expect(body).toMatchObject({ recentFailures: 3, wouldBegin: true, obstacle: null, recoveryId: null });
      expect(body.steps).toMatchObject([
        { action: 'switchover' },
        { action: 'restart', verdict: 'alert-instead', reason: expect.stringContaining('no control endpoint') },
        { action: 'restart', verdict: 'alert-instead' },
      ]);
      expect(body.plan).toMatchObject([{ action: 'alert', note: expect.stringContaining('no control endpoint') }]);
    }
    expect((await call('GET', `/v1/failures?componentId=${id}`)).body.items).toHaveLength(2);
    expect((await call('GET', `/v1/components/${id}`)).body.recoveryId).toBeNull();
    expect((await report(id)).body).toMatchObject({ recentFailures: 3, recoveryId: expect.any(String) });
    expect((await preview(id)).body).toMatchObject({ wouldBegin: false, obstacle: { reason: 'recovering' } });
  });

  it('reports a recovery for a single expired heartbeat', async () => {
    const { body } = await preview(await registered(), { code: 'HEARTBEAT_EXPIRED', message: 'no heartbeat' });
    expect(body).toMatchObject({ failureType: 'health_check_failure', recentFailures: 1, wouldBegin: true });
  });

  it('reports why no recovery would begin', async () => {
    const id = await registered();
    const expired = { code: 'HEARTBEAT_EXPIRED', message: 'no heartbeat' };
    const aside = await call('POST', `/v1/components/${id}/actions`, { action: 'maintenance', durationMs: 60_000 });
    expect(aside.status).toBeLessThan(300);
    expect((await preview(id, expired)).body.obstacle).toEqual({
      reason: 'not-in-service',
      message: 'the component is maintenance',
    });
    const failed = await registered();
    const cause = { occurredAt: Date.now(), failureId: 'f', failureType: 'timeout_failure', reason: 'r' } as const;
    const begun = await registryOf('caws_validator').beginRecovery(failed, cause);
    if (!begun.ok) throw new Error(begun.message);
    await registryOf('caws_validator').endRecovery(failed, begun.value.order.recoveryId, 'failed');
    expect((await preview(failed, expired)).body).toMatchObject({
      obstacle: { reason: 'cooling-down' },
      nextCooldownMs: 600_000,
    });
  });

  it('reports what would block the actions', async () => {
    const registry = registryOf('constitutional_runtime');
    const [busy, id] = [
      await registered({ ...control, type: 'constitutional_runtime' }),
      await registered({ ...control, type: 'constitutional_runtime' }),
    ];
    const cause = { occurredAt: Date.now(), failureId: 'f', failureType: 'timeout_failure', reason: 'r' } as const;
    const begun = await registry.beginRecovery(busy, cause);
    if (!begun.ok) throw new Error(begun.message);
    expect(await registry.permitAction(busy, begun.value.order.recoveryId, true)).toBe('permitted');
    const blockedBy = async () =>
      (await preview(id)).body.steps.map((step: { blockedBy: string | null }) => step.blockedBy);
    expect(await blockedBy()).toEqual([null, 'too-many', 'too-many']);
    await call('PUT', '/v1/config/types/constitutional_runtime', { recoveryFrozen: true });
    await registry.configureType({ revision: 1_000, overrides: { recoveryFrozen: true } });
    expect(await blockedBy()).toEqual([null, 'frozen', 'frozen']);
  });

  it('uses the configured policy', async () => {
    const type = 'performance_tracker';
    const recovery = { connection_failure: { actions: [{ action: 'isolate', durationMs: 9_000 }], cooldownMs: 7 } };
    await call('PUT', `/v1/config/types/${type}`, { recovery });
    const id = await registered({ type });
    const { body } = await preview(id);
    expect(body).toMatchObject({
      plan: [{ action: 'isolate', durationMs: 9_000, verifyMs: 60_000 }],
      nextCooldownMs: 7,
    });
    const { body: effective } = await call('GET', `/v1/config/types/${type}?effective=true`);
    expect(effective.config.recovery.connection_failure).toMatchObject({
      actions: [{ action: 'isolate', attempts: 3, durationMs: 9_000 }],
      cooldownMs: 7,
      maxCooldownMs: 3_600_000,
    });
    expect(effective.config.recovery.timeout_failure.actions).toHaveLength(4);
  });

  it('refuses an unknown component and an invalid body', async () => {
    expectProblem(await preview(freshId()), 404, 'unknown-component');
    expectProblem(await call('POST', '/v1/recoveries/preview', { componentId: 'x' }), 422, 'invalid-request');
  });
});
