import { describe, expect, it } from 'vitest';
import type { ControlSecret } from '../../../src/registry/contract/registry-api.ts';
import { begunOnly, withControl } from '../../recovery/failing-component.ts';
import { freshId, registrationFor } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const DAY_MS = 86_400_000;

async function controlled(): Promise<{ registry: FreshRegistry; id: string }> {
  const registry = freshRegistry();
  const id = freshId();
  await registry.register(id, withControl(id));
  return { registry, id };
}

async function secretOf({ api }: FreshRegistry, id: string): Promise<ControlSecret> {
  const found = await api.controlSecret(id);
  if (!found.ok) throw new Error(found.message);
  return found.value;
}

async function rotate({ api }: FreshRegistry, id: string): Promise<ControlSecret> {
  const found = await api.rotateControlSecret(id);
  if (!found.ok) throw new Error(found.message);
  return found.value;
}

describe.concurrent('the control secret of a component', () => {
  it('is made when first asked for, and the same ever after', async () => {
    const { registry, id } = await controlled();
    expect(await registry.rows('SELECT * FROM control_secrets')).toEqual([]);
    const first = await secretOf(registry, id);
    expect(first).toEqual({ secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/), previousUntil: null });
    await registry.evict();
    expect(await secretOf(registry, id)).toEqual(first);
    await registry.register(id, { ...withControl(id), weight: 2 });
    expect(await secretOf(registry, id)).toEqual(first);
  });

  it('is its own', async () => {
    const { registry, id } = await controlled();
    const other = freshId();
    await registry.register(other, withControl(other));
    expect((await secretOf(registry, other)).secret).not.toBe((await secretOf(registry, id)).secret);
  });

  it('signs beside the next one for a day, also after an eviction; a further rotation drops the oldest', async () => {
    const { registry, id } = await controlled();
    const { recoveryId } = await begunOnly(registry, id);
    const first = await secretOf(registry, id);
    const requestedAt = Date.now();
    const second = await rotate(registry, id);
    expect(second.secret).not.toBe(first.secret);
    expect(second.previousUntil).toBeGreaterThanOrEqual(requestedAt + DAY_MS);
    await registry.evict();
    expect(await secretOf(registry, id)).toEqual(second);
    expect(await registry.api.controlAccess(id, { recoveryId, action: 'restart' })).toMatchObject({
      value: { secrets: [second.secret, first.secret] },
    });
    const third = await rotate(registry, id);
    expect(await registry.api.controlAccess(id, { recoveryId, action: 'restart' })).toMatchObject({
      value: { secrets: [third.secret, second.secret] },
    });
  });

  it('goes with the component: its successor has another', async () => {
    const { registry, id } = await controlled();
    const { secret } = await secretOf(registry, id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect(await registry.rows('SELECT * FROM control_secrets')).toEqual([]);
    expect(await registry.api.controlSecret(id)).toMatchObject({ reason: 'unknown-component' });
    await registry.register(id, withControl(id));
    expect((await secretOf(registry, id)).secret).not.toBe(secret);
  });

  it('is none for a component that takes no control calls', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    const { recoveryId } = await begunOnly(registry, id);
    expect(await registry.api.controlSecret(id)).toMatchObject({ reason: 'no-control' });
    expect(await registry.api.rotateControlSecret(id)).toMatchObject({ reason: 'no-control' });
    expect(await registry.api.controlAccess(id, { recoveryId, action: 'restart' })).toMatchObject({
      reason: 'no-control',
    });
  });
});

describe.concurrent('access to a control endpoint', () => {
  it('is for the running recovery alone', async () => {
    const { registry, id } = await controlled();
    expect(await registry.api.controlAccess(id, { recoveryId: 'r-none', action: 'restart' })).toMatchObject({
      reason: 'not-recovering',
    });
    const { recoveryId } = await begunOnly(registry, id);
    const { endpoint } = registrationFor(id) as { endpoint: string };
    expect(await registry.api.controlAccess(id, { recoveryId, action: 'restart' })).toMatchObject({
      ok: true,
      value: { url: new URL(`/${id}/control`, endpoint).href, secrets: [(await secretOf(registry, id)).secret] },
    });
    await registry.api.endRecovery(id, recoveryId, 'successful');
    expect(await registry.api.controlAccess(id, { recoveryId, action: 'restart' })).toMatchObject({
      reason: 'not-recovering',
    });
  });

  it('is not among the facts that a recovery plans by, which are stored', async () => {
    const { registry, id } = await controlled();
    const { secret } = await secretOf(registry, id);
    const { recoveryId } = await begunOnly(registry, id);
    expect(JSON.stringify(await registry.api.recoveryFacts(id, recoveryId))).not.toContain(secret);
  });

  it('is refused while the host is being asked too much', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const never = 'http://never-asked.localhost:9/control';
    await registry.register(id, { control: { endpoint: never, actions: ['restart'] } });
    const { recoveryId } = await begunOnly(registry, id);
    const access = () => registry.api.controlAccess(id, { recoveryId, action: 'restart' });
    const results = await Promise.all(Array.from({ length: 60 }, access));
    expect(results.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(20);
    const refused = results.filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThan(0);
    for (const result of refused) expect(result).toMatchObject({ reason: 'host-busy' });
  });
});
