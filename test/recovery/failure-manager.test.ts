import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailureManager } from '../../src/recovery/failure-manager.ts';
import type { ComponentRegistry } from '../../src/registry/component-registry.ts';
import { deliverNow, freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, registrationFor } from '../support/coordinator-http.ts';
import {
  registerFailing,
  beginWithoutWorkflow,
  awaitEnd,
  eventsOf,
  incidentsOf,
  getRecovery,
} from './failing-component.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const writtenOf = async (id: string): Promise<string[]> => {
  const { results } = await env.HISTORY.prepare('SELECT id FROM failures WHERE component_id = ?')
    .bind(id)
    .all<{ id: string }>();
  return results.map((row) => row.id);
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a failure that cannot be evaluated', () => {
  it('does not delay others, and is evaluated again until its recovery begins', async () => {
    const registry = freshRegistry();
    const [broken, other] = [freshId('broken'), freshId('other')];
    for (const id of [broken, other]) await registry.register(id, beats);
    let breaks = true;
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const recoveries = instance['runtime'].recoveries;
      const begin = recoveries.begin.bind(recoveries);
      recoveries.begin = async (id, ...rest) => {
        if (breaks && id === broken) throw new Error('this recovery cannot begin');
        return begin(id, ...rest);
      };
    });
    for (const id of [broken, broken, broken, other]) {
      expect(await registry.api.reportFailure(id, { message: 'it failed me' }, null)).toMatchObject({ ok: true });
    }
    await deliverNow(registry);
    const pending = () => registry.rows(`SELECT component_id FROM outbox WHERE kind = 'failure'`);
    expect(await pending()).toEqual([{ component_id: broken }]);
    expect(await writtenOf(other)).toHaveLength(1);
    expect((await registry.read(broken)).recoveryId).toBeNull();

    breaks = false;
    await deliverNow(registry);
    expect(await pending()).toEqual([]);
    expect((await registry.read(broken)).recoveryId).not.toBeNull();
    expect(await writtenOf(broken)).toHaveLength(3);
  });

  it('is still accepted from its caller, and recorded once afterwards', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, beats));
    const evaluate = vi.spyOn(FailureManager.prototype, 'evaluate').mockImplementation(async () => {
      throw new Error('the failure manager cannot');
    });
    const error = { code: 'ETIMEDOUT', message: 'it never answered' };
    const response = await call('POST', `/v1/components/${id}/failures`, { error });
    expect(response).toMatchObject({
      status: 202,
      body: { failureType: 'timeout_failure', recentFailures: 1, threshold: 3, recoveryId: null },
    });
    expect(await writtenOf(id)).toEqual([]);
    evaluate.mockRestore();
    await eventually(
      () => writtenOf(id),
      (written) => written.length > 0,
      5_000,
    );
    await deliverNow(freshRegistry('task_router'));
    expect(await writtenOf(id)).toEqual([response.body.failureId]);
  });
});

describe.concurrent('a recovery whose workflow died', () => {
  it('is ended by the sweep, as failed, with a critical incident', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    await eventually(
      () => getRecovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    const instance = await env.RECOVERY_WORKFLOW.get(recoveryId);
    await instance.terminate();
    await eventually(
      async () => (await instance.status()).status,
      (status) => status === 'terminated',
    );
    expect((await registry.read(id)).recoveryId).toBe(recoveryId);

    await registry.api.sweep();
    const found = await awaitEnd(recoveryId, 5_000);
    expect(found).toMatchObject({ status: 'failed', actions: [{ action: 'restart', status: 'done' }] });
    expect(found.finishedAt).not.toBeNull();
    expect((await registry.read(id)).recoveryId).toBeNull();
    expect(await incidentsOf(id)).toMatchObject([
      { id: found.incidentId, status: 'open', severity: 'critical', recoveryId },
    ]);
    await registry.api.sweep();
    const failed = await eventually(
      () => eventsOf(id, 'recovery.failed'),
      (events) => events.length > 0,
    );
    expect(failed).toMatchObject([{ data: { recoveryId, outcome: 'failed', actions: 1 } }]);
    expect(failed[0]!.data['error']).toContain('no checks verified');
    expect(await incidentsOf(id)).toHaveLength(1);
  });
});

describe.concurrent('a recovery whose workflow was never started', () => {
  it('leaves no pending outbox row when its component is removed', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await eventually(
      () => registry.rows('SELECT kind, key FROM outbox'),
      (rows) => rows.length === 0,
      5_000,
    );
    await expect(env.RECOVERY_WORKFLOW.get(recoveryId)).rejects.toThrow();
  });

  it('keeps its pending signal when an operator cancels it: the sweep starts the workflow, which ends', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await registry.api.cancelRecovery(id, recoveryId);
    await registry.api.sweep();
    expect(await awaitEnd(recoveryId)).toMatchObject({ status: 'cancelled', actions: [] });
    expect((await registry.read(id)).recoveryId).toBeNull();
  });
});
