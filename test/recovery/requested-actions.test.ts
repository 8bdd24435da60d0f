import { describe, expect, it } from 'vitest';
import type { ActionRequest } from '../../src/registry/contract/recovery-api.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { freshId, setMode } from '../support/coordinator-http.ts';
import {
  beginWithoutWorkflow,
  controlLog,
  awaitEnd,
  eventsOf,
  incidentsOf,
  modifyWorkflows,
  withControl,
} from './failing-component.ts';

const RESTART: ActionRequest = { action: 'restart', idempotencyKey: null, reason: null, force: false };

async function healthy(registry: FreshRegistry, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await registry.register(id, { ...withControl(), ...overrides });
  await registry.api.probe(id);
  return id;
}

const requestAction = (registry: FreshRegistry, id: string, overrides: Partial<ActionRequest> = {}) =>
  registry.api.requestAction(id, { ...RESTART, ...overrides });

async function requestRecovery(
  registry: FreshRegistry,
  id: string,
  overrides: Partial<ActionRequest> = {},
): Promise<string> {
  const order = await requestAction(registry, id, overrides);
  if (!order.ok) throw new Error(order.message);
  return order.value.recoveryId;
}

describe.concurrent('a restart that an operator requests', () => {
  it('is a recovery with that one action, which is requested, proven and recorded', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const recoveryId = await requestRecovery(registry, id, { reason: 'a new version' });
    const recovery = await awaitEnd(recoveryId);
    expect(recovery).toMatchObject({
      status: 'successful',
      failureType: 'operator_request',
      failureId: '',
      reason: 'requested by an operator: a new version',
      actions: [{ action: 'restart', status: 'done', detail: 'accepted with HTTP 202', verification: 'proven' }],
    });
    expect((await controlLog(id)).control).toMatchObject([{ idempotencyKey: `${recoveryId}-0`, recoveryId }]);
    const types = (await eventsOf(id, 'recovery.')).map(({ type }) => type);
    expect(types).toEqual(['recovery.started', 'recovery.action', 'recovery.succeeded']);
  });

  it('is made once per idempotency key, also after its end and an eviction', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const first = await requestRecovery(registry, id, { idempotencyKey: 'deploy-7' });
    expect(await requestRecovery(registry, id, { idempotencyKey: 'deploy-7' })).toBe(first);
    await awaitEnd(first);
    await awaitEnd(await requestRecovery(registry, id, { idempotencyKey: 'deploy-8' }));
    await registry.evict();
    expect(await requestRecovery(registry, id, { idempotencyKey: 'deploy-7' })).toBe(first);
    expect((await controlLog(id)).control).toHaveLength(2);
  });

  it('is made once for concurrent requests with the same key', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => requestRecovery(registry, id, { idempotencyKey: 'once' })),
    );
    expect(new Set(ids).size).toBe(1);
    await awaitEnd(ids[0]!);
    expect((await controlLog(id)).control).toHaveLength(1);
  });

  it('shows the response of the control endpoint, opens no incident and delays no recovery', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await setMode(id, 'refuses-control');
    const recovery = await awaitEnd(await requestRecovery(registry, id));
    expect(recovery).toMatchObject({
      status: 'failed',
      incidentId: null,
      actions: [{ status: 'failed', attempts: 3, detail: 'control endpoint answered HTTP 500' }],
    });
    expect(await incidentsOf(id)).toEqual([]);
    expect((await beginWithoutWorkflow(registry, id)).recoveryId).not.toBe(recovery.id);
  });

  it('can be cancelled by an operator', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await setMode(id, 'unavailable');
    const recoveryId = await requestRecovery(registry, id);
    await registry.api.cancelRecovery(id, recoveryId);
    expect((await awaitEnd(recoveryId)).status).toBe('cancelled');
  });

  it('is performed on a component in maintenance', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await registry.takeOutOfService(id, 'maintenance', Date.now() + 3_600_000);
    expect((await awaitEnd(await requestRecovery(registry, id))).status).toBe('successful');
    expect(await registry.read(id)).toMatchObject({ lifecycle: 'maintenance' });
  });
});

describe.concurrent('a requested action is refused', () => {
  it('while a recovery of the component runs', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    expect(await requestAction(registry, id, { force: true })).toMatchObject({
      reason: 'recovery-running',
      message: expect.stringContaining(recoveryId),
    });
  });

  it('while a third of the type is recovering, unless it is forced', async () => {
    const registry = freshRegistry();
    const [busy, id] = [freshId(), await healthy(registry)];
    await registry.register(busy, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const { recoveryId } = await beginWithoutWorkflow(registry, busy);
    await registry.api.permitAction(busy, recoveryId, true);
    expect(await requestAction(registry, id)).toMatchObject({ ok: false, reason: 'held-back' });
    const forced = await requestRecovery(registry, id, { force: true });
    // The forced action counts itself from the start.
    await registry.api.endRecovery(busy, recoveryId, 'successful');
    const third = await healthy(registry);
    expect([await requestAction(registry, third), (await awaitEnd(forced)).status]).toMatchObject([
      { reason: 'held-back' },
      'successful',
    ]);
  });

  it('without a control endpoint for it, for an unknown component, and during a removal', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    expect(await requestAction(registry, id, { action: 'scale_up' })).toMatchObject({ reason: 'no-control' });
    expect(await requestAction(registry, 'nobody')).toMatchObject({ reason: 'unknown-component' });
    await registry.api.remove(id, { drainMs: 60_000, ifGeneration: null });
    expect(await requestAction(registry, id)).toMatchObject({ reason: 'being-removed' });
  });
});

describe('a requested restart whose steps fail', () => {
  it('survives one failure of every step and restarts once', async () => {
    await modifyWorkflows(async (instance) => {
      await instance.disableRetryDelays();
      for (const name of ['plan', '0 guard 0', '0 restart', 'record 0 done', '0 verify', 'end', 'close'])
        await instance.mockStepError({ name }, new Error('the step was cut short'), 1);
    });
    const registry = freshRegistry();
    const id = await healthy(registry);
    expect((await awaitEnd(await requestRecovery(registry, id))).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(1);
  });
});
