import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { describe, expect, inject, it } from 'vitest';
import { performAction } from '../../src/recovery/perform-action.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { componentLog, eventually, freshId } from '../support/coordinator-http.ts';
import { registerFailing, beginWithoutWorkflow, controlLog, awaitEnd, plannedAction } from './failing-component.ts';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const received = async (id: string): Promise<Received[]> =>
  ((await componentLog(id)) as unknown as { controlRequests: Received[] }).controlRequests;

/** A registry whose type has a controller: the control endpoint of the component `controller`. */
async function controlled(actions: readonly ('restart' | 'scale_up')[] = ['restart']) {
  const registry = freshRegistry();
  const controller = freshId('controller');
  const url = `${inject('componentUrl')}/${controller}/control`;
  const overrides = { controller: { url, actions: [...actions] }, autoScalingEnabled: true };
  await registry.api.configureType({ revision: 1, overrides });
  return { registry, controller };
}

async function inRecovery(registry: FreshRegistry, overrides: (id: string) => Record<string, unknown> = () => ({})) {
  const id = freshId();
  await registry.register(id, overrides(id));
  const order = await beginWithoutWorkflow(registry, id);
  const perform = (action: 'restart' | 'scale_up') => performAction(plannedAction(action), { env, order, position: 0 });
  return { id, order, perform };
}

const ownRestart = () => ({ control: { endpoint: '/control', actions: ['restart'] } });
const isSignedWith = (secret: string, { body, headers }: Received): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false; // `verify` throws for an invalid signature.
  }
};

describe.concurrent('the controller of a type', () => {
  it('restarts a component that has no control endpoint, in a recovery like any other', async () => {
    const { registry, controller } = await controlled();
    const { id, recoveryId } = await registerFailing(registry, 'unavailable', () => ({}));
    const orders = await eventually(
      async () => (await controlLog(controller)).control,
      (calls) => calls.length > 0,
      15_000,
    );
    expect(orders).toMatchObject([
      { action: 'restart', componentId: id, recoveryId, idempotencyKey: `${recoveryId}-0` },
    ]);
    await registry.api.cancelRecovery(id, recoveryId);
    expect((await awaitEnd(recoveryId)).actions[0]).toMatchObject({ action: 'restart', status: 'done' });
  });

  it('is called with its own secret, which survives an eviction', async () => {
    const { registry, controller } = await controlled();
    const { perform } = await inRecovery(registry);
    const { secret } = await registry.api.controllerSecret();
    await registry.evict();
    expect(await registry.api.controllerSecret()).toEqual({ secret, previousUntil: null });
    expect(await perform('restart')).toMatchObject({ status: 'done' });
    const [call] = await received(controller);
    expect(isSignedWith(secret, call!)).toBe(true);
  });

  it('is called with both secrets for a day after a rotation', async () => {
    const { registry, controller } = await controlled();
    const { perform } = await inRecovery(registry);
    const old = await registry.api.controllerSecret();
    const next = await registry.api.rotateControllerSecret({ type: registry.type, actor: null });
    if (!next.ok) throw new Error(next.message);
    await perform('restart');
    const [call] = await received(controller);
    expect([old, next.value].map(({ secret }) => isSignedWith(secret, call!))).toEqual([true, true]);
  });

  it("performs only actions that the component's own control endpoint does not offer", async () => {
    const { registry, controller } = await controlled(['restart', 'scale_up']);
    const { id, order, perform } = await inRecovery(registry, ownRestart);
    expect(await registry.api.recoveryFacts(id, order.recoveryId)).toMatchObject({
      value: { facts: { controlActions: ['restart', 'scale_up'] } },
    });
    await perform('restart');
    await perform('scale_up');
    expect((await controlLog(id)).control.map(({ action }) => action)).toEqual(['restart']);
    expect((await controlLog(controller)).control.map(({ action }) => action)).toEqual(['scale_up']);
  });

  it('is not called for an action that it does not offer', async () => {
    const { registry, controller } = await controlled(['scale_up']);
    const { id, order, perform } = await inRecovery(registry);
    expect(await registry.api.recoveryFacts(id, order.recoveryId)).toMatchObject({
      value: { facts: { controlActions: ['scale_up'] } },
    });
    expect(await perform('restart')).toMatchObject({ status: 'failed' });
    expect((await controlLog(controller)).control).toEqual([]);
  });
});
