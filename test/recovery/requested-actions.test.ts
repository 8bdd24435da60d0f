import { describe, expect, it } from 'vitest';
import type { ActionRequest } from '../../src/registry/contract/recovery-api.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { freshId, setMode } from '../support/coordinator-http.ts';
import {
  begunOnly,
  controlLog,
  ended,
  eventsOf,
  incidentsOf,
  modifyWorkflows,
  withControl,
} from './failing-component.ts';

const ASKED: ActionRequest = { action: 'restart', idempotencyKey: null, reason: null, force: false };

async function healthy(registry: FreshRegistry, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await registry.register(id, { ...withControl(id), ...overrides });
  await registry.api.probe(id);
  return id;
}

const ask = (registry: FreshRegistry, id: string, asked: Partial<ActionRequest> = {}) =>
  registry.api.requestAction(id, { ...ASKED, ...asked });

async function askedId(registry: FreshRegistry, id: string, asked: Partial<ActionRequest> = {}): Promise<string> {
  const order = await ask(registry, id, asked);
  if (!order.ok) throw new Error(order.message);
  return order.value.recoveryId;
}

describe.concurrent('a restart that an operator asks for', () => {
  it('is a recovery of that one action: asked for, proven, written down', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const recoveryId = await askedId(registry, id, { reason: 'a new version' });
    const recovery = await ended(recoveryId);
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

  it('is one for each key, also when it is long over and after an eviction', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const first = await askedId(registry, id, { idempotencyKey: 'deploy-7' });
    expect(await askedId(registry, id, { idempotencyKey: 'deploy-7' })).toBe(first);
    await ended(first);
    await ended(await askedId(registry, id, { idempotencyKey: 'deploy-8' }));
    await registry.evict();
    expect(await askedId(registry, id, { idempotencyKey: 'deploy-7' })).toBe(first);
    expect((await controlLog(id)).control).toHaveLength(2);
  });

  it('asked for by many at once is one', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const ids = await Promise.all(Array.from({ length: 8 }, () => askedId(registry, id, { idempotencyKey: 'once' })));
    expect(new Set(ids).size).toBe(1);
    await ended(ids[0]!);
    expect((await controlLog(id)).control).toHaveLength(1);
  });

  it('says what the controller said, opens no incident and delays no recovery', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await setMode(id, 'refuses-control');
    const recovery = await ended(await askedId(registry, id));
    expect(recovery).toMatchObject({
      status: 'failed',
      incidentId: null,
      actions: [{ status: 'failed', attempts: 3, detail: 'control endpoint answered HTTP 500' }],
    });
    expect(await incidentsOf(id)).toEqual([]);
    expect((await begunOnly(registry, id)).recoveryId).not.toBe(recovery.id);
  });

  it('is given up by an operator like any other', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await setMode(id, 'unavailable');
    const recoveryId = await askedId(registry, id);
    await registry.api.cancelRecovery(id, recoveryId);
    expect((await ended(recoveryId)).status).toBe('cancelled');
  });

  it('is carried out on one that is in maintenance', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await registry.setAside(id, 'maintenance', Date.now() + 3_600_000);
    expect((await ended(await askedId(registry, id))).status).toBe('successful');
    expect(await registry.read(id)).toMatchObject({ lifecycle: 'maintenance' });
  });
});

describe.concurrent('is refused', () => {
  it('while a recovery of the component runs', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    const { recoveryId } = await begunOnly(registry, id);
    expect(await ask(registry, id, { force: true })).toMatchObject({
      reason: 'recovery-running',
      message: expect.stringContaining(recoveryId),
    });
  });

  it('while a third of the type is being worked on, unless it is forced', async () => {
    const registry = freshRegistry();
    const [busy, id] = [await healthy(registry), await healthy(registry)];
    const { recoveryId } = await begunOnly(registry, busy);
    await registry.api.permitAction(busy, recoveryId, true);
    expect(await ask(registry, id)).toMatchObject({ ok: false, reason: 'held-back' });
    const forced = await askedId(registry, id, { force: true });
    // It counts itself from the start.
    await registry.api.endRecovery(busy, recoveryId, 'successful');
    const third = await healthy(registry);
    expect([await ask(registry, third), (await ended(forced)).status]).toMatchObject([
      { reason: 'held-back' },
      'successful',
    ]);
  });

  it('where nobody does it, and for who is being removed or not there', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    expect(await ask(registry, id, { action: 'scale_up' })).toMatchObject({ reason: 'no-control' });
    expect(await ask(registry, 'nobody')).toMatchObject({ reason: 'unknown-component' });
    await registry.api.remove(id, { drainMs: 60_000, ifGeneration: null });
    expect(await ask(registry, id)).toMatchObject({ reason: 'being-removed' });
  });
});

describe('a restart whose steps fail', () => {
  it('gets over one failure of every step and is asked for once', async () => {
    await modifyWorkflows(async (instance) => {
      await instance.disableRetryDelays();
      for (const name of ['plan', '0 guard 0', '0 restart', 'record 0 done', '0 verify', 'end', 'close'])
        await instance.mockStepError({ name }, new Error('the step was cut short'), 1);
    });
    const registry = freshRegistry();
    const id = await healthy(registry);
    expect((await ended(await askedId(registry, id))).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(1);
  });
});
