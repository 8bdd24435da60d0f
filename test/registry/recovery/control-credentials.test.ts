import { describe, expect, it } from 'vitest';
import type { ControlSecret } from '../../../src/registry/contract/registry-api.ts';
import { beginWithoutWorkflow, withControl } from '../../recovery/failing-component.ts';
import { freshId, registrationFor } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const DAY_MS = 86_400_000;

async function controlled(): Promise<{ registry: FreshRegistry; id: string }> {
  const registry = freshRegistry();
  const id = freshId();
  await registry.register(id, withControl());
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
  it('is created at the first request, and stays the same', async () => {
    const { registry, id } = await controlled();
    expect(await registry.rows('SELECT * FROM control_secrets')).toEqual([]);
    const first = await secretOf(registry, id);
    expect(first).toEqual({ secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/), previousUntil: null });
    await registry.evict();
    expect(await secretOf(registry, id)).toEqual(first);
    await registry.register(id, { ...withControl(), weight: 2 });
    expect(await secretOf(registry, id)).toEqual(first);
  });

  it('differs from that of other components', async () => {
    const { registry, id } = await controlled();
    const other = freshId();
    await registry.register(other, withControl());
    expect((await secretOf(registry, other)).secret).not.toBe((await secretOf(registry, id)).secret);
  });

  it('signs together with its successor for a day, over an eviction, until a further rotation drops it', async () => {
    const { registry, id } = await controlled();
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
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

  it('is deleted with the component, and a successor gets another', async () => {
    const { registry, id } = await controlled();
    const { secret } = await secretOf(registry, id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect(await registry.rows('SELECT * FROM control_secrets')).toEqual([]);
    expect(await registry.api.controlSecret(id)).toMatchObject({ reason: 'unknown-component' });
    await registry.register(id, withControl());
    expect((await secretOf(registry, id)).secret).not.toBe(secret);
  });

  it('does not exist for a component without a control endpoint', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    expect(await registry.api.controlSecret(id)).toMatchObject({ reason: 'no-control' });
    expect(await registry.api.rotateControlSecret(id)).toMatchObject({ reason: 'no-control' });
    expect(await registry.api.controlAccess(id, { recoveryId, action: 'restart' })).toMatchObject({
      reason: 'no-control',
    });
  });
});

describe.concurrent('access to a control endpoint', () => {
  it('is granted to the running recovery only', async () => {
    const { registry, id } = await controlled();
    expect(await registry.api.controlAccess(id, { recoveryId: 'r-none', action: 'restart' })).toMatchObject({
      reason: 'not-recovering',
    });
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
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

  it('is not part of the recovery facts, which are stored', async () => {
    const { registry, id } = await controlled();
    const { secret } = await secretOf(registry, id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    expect(JSON.stringify(await registry.api.recoveryFacts(id, recoveryId))).not.toContain(secret);
  });

  it('is refused while the host is over its rate limit', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const never = 'http://never-asked.localhost:9/control';
    await registry.register(id, { control: { endpoint: never, actions: ['restart'] } });
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    const access = () => registry.api.controlAccess(id, { recoveryId, action: 'restart' });
    const results = await Promise.all(Array.from({ length: 60 }, access));
    expect(results.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(20);
    const refused = results.filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThan(0);
    for (const result of refused) expect(result).toMatchObject({ reason: 'host-busy' });
  });
});
