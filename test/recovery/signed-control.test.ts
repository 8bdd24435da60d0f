import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { describe, expect, inject, it } from 'vitest';
import { UNPROVEN_HOST } from '../../src/core/health/host-budget.ts';
import { performAction } from '../../src/recovery/perform-action.ts';
import type { ComponentRegistry } from '../../src/registry/component-registry.ts';
import { hostOfUrl } from '../../src/core/health/host-of-url.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { componentLog, freshId } from '../support/coordinator-http.ts';
import { registerFailing, beginWithoutWorkflow, awaitEnd, withControl, plannedAction } from './failing-component.ts';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const received = async (id: string): Promise<Received[]> =>
  ((await componentLog(id)) as unknown as { controlRequests: Received[] }).controlRequests;

async function secretOf({ api }: FreshRegistry, id: string): Promise<string> {
  const found = await api.controlSecret(id);
  if (!found.ok) throw new Error(found.message);
  return found.value.secret;
}

const isSignedWith = (secret: string, { body, headers }: Received): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false; // `verify` throws for an invalid signature.
  }
};

/** A registered component in recovery, without a workflow. */
async function inRecovery(overrides: (id: string) => ReturnType<typeof withControl> = withControl) {
  const registry = freshRegistry();
  const id = freshId();
  await registry.register(id, overrides(id));
  const order = await beginWithoutWorkflow(registry, id);
  const restart = () => performAction(plannedAction('restart'), { env, order, position: 0 });
  return { registry, id, order, restart };
}

describe.concurrent('a control call', () => {
  it('is signed with the secret of the component, over the sent body', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    await awaitEnd(recoveryId);
    const [call] = await received(id);
    const secret = await secretOf(registry, id);
    expect(isSignedWith(secret, call!)).toBe(true);
    expect(call!.headers['webhook-id']).toBe(`${recoveryId}-0`);
    expect(isSignedWith(secret, { ...call!, body: `${call!.body} ` })).toBe(false);
    const other = freshId();
    await registry.register(other, withControl());
    expect(isSignedWith(await secretOf(registry, other), call!)).toBe(false);
  });

  it('is signed with the old secret and the new one after a rotation', async () => {
    const { registry, id, restart } = await inRecovery();
    const old = await secretOf(registry, id);
    await registry.api.rotateControlSecret(id);
    const next = await secretOf(registry, id);
    expect(await restart()).toMatchObject({ status: 'done' });
    const [call] = await received(id);
    expect([old, next].map((secret) => isSignedWith(secret, call!))).toEqual([true, true]);

    await registry.api.rotateControlSecret(id);
    await restart();
    const [, later] = await received(id);
    expect([old, next].map((secret) => isSignedWith(secret, later!))).toEqual([false, true]);
  });

  it('does not expose the secret in its result, which the workflow stores', async () => {
    const { registry, id, restart } = await inRecovery();
    const secret = await secretOf(registry, id);
    expect(JSON.stringify(await restart())).not.toContain(secret.slice('whsec_'.length));
  });

  it('fails and is retried while its host is over the rate limit', async () => {
    // Another host name of the component server, on which no check has passed.
    const url = inject('componentUrl').replace('127.0.0.1', 'localhost');
    const { registry, id, order, restart } = await inRecovery((id) => ({
      control: { endpoint: `${url}/${id}/control`, actions: ['restart'] },
    }));
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const { burst, perSecond } = UNPROVEN_HOST;
      // The budget suffices again after 0.8 s, between the second and the third attempt.
      for (let charged = 0; charged < burst + 0.7 * perSecond; charged++)
        instance['runtime'].credentials['hostLimiter'].chargeRetry(hostOfUrl(url), 1, Date.now());
    });
    expect(await registry.api.controlAccess(id, { recoveryId: order.recoveryId, action: 'restart' })).toMatchObject({
      reason: 'host-busy',
    });
    const result = await restart();
    expect(result.attempts).toBeGreaterThan(1);
    expect(result).toMatchObject({ status: 'done' });
    expect(await received(id)).toHaveLength(1);
  });

  it('is not made for a component without a control endpoint', async () => {
    const { restart } = await inRecovery(() => ({}) as ReturnType<typeof withControl>);
    expect(await restart()).toMatchObject({ status: 'failed', detail: expect.stringContaining('no control endpoint') });
  });
});
