import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { eventsOf } from '../../recovery/failing-component.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';

const TTL_MS = 5_000;
/** A tenth of the TTL, for a heartbeat that is under way. */
const GRACE_MS = 500;
const beatsEvery = (ttl: number) => ({ healthCheck: undefined, heartbeat: { ttl } });

const dueAt = ({ stub }: FreshRegistry, id: string): Promise<number | null> =>
  runInDurableObject(stub, (instance: ComponentRegistry) => instance['runtime'].state.members.get(id)!.heartbeatDueAt);

const storeDueAt = ({ stub }: FreshRegistry, id: string, at: number): Promise<void> =>
  runInDurableObject(stub, (instance: ComponentRegistry) => {
    const { store } = instance['runtime'].state;
    store.heartbeats.save(new Map([[id, { ...store.heartbeats.find(id)!, dueAt: at }]]));
  });

async function beat(registry: FreshRegistry, id: string): Promise<number> {
  const result = await registry.beat(id);
  if (!result.ok) throw new Error(result.message);
  return result.value.expiresAt!;
}

describe.concurrent('a heartbeat deadline', () => {
  it('is the same to the millisecond after an eviction, like the reported load', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    const load = { activeConnections: 7, queueDepth: 2, loadPercentage: 30 };
    await registry.beat(id, 'healthy', load);
    const expiresAt = await beat(registry, id);
    await clockReaches(Date.now() + 20);
    await registry.evict();
    expect(await dueAt(registry, id)).toBe(expiresAt + 5_000);
    expect((await registry.read(id)).load).toMatchObject(load);
    expect(await registry.api.loads()).toMatchObject([{ componentId: id, ...load }]);
  });

  it('survives an eviction for a component that never sent a heartbeat', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    const before = await dueAt(registry, id);
    await clockReaches(Date.now() + 20);
    await registry.evict();
    expect(await dueAt(registry, id)).toBe(before);
  });

  it('expires on time for a silent component, however often the registry was evicted', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(TTL_MS));
    const expiresAt = await beat(registry, id);
    // An eviction waits about 1 s for the timers that the object set itself.
    for (const before of [4_000, 2_000]) {
      await clockReaches(expiresAt - before);
      await registry.evict();
      expect((await registry.read(id)).health.status).toBe('healthy');
    }
    const [failed] = await eventually(
      () => eventsOf(id, 'component.failed'),
      (events) => events.length > 0,
      5_000,
    );
    expect(failed!.time).toBeGreaterThanOrEqual(expiresAt + GRACE_MS);
    expect(failed!.time).toBeLessThan(expiresAt + GRACE_MS + 1_000);
    expect((await registry.read(id)).health.reason).toContain('HEARTBEAT_EXPIRED');
  });

  it('does not expire a second time after an eviction, but a minute later', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(1_000));
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
    await registry.evict();
    expect(await dueAt(registry, id)).toBeGreaterThan(Date.now());
    expect((await registry.read(id)).health).toMatchObject({ status: 'unhealthy', errorCount: 1 });
  });

  it('does not move because another component has been silent for long', async () => {
    const registry = freshRegistry();
    const [silent, alive] = [freshId(), freshId()];
    await registry.register(silent, beatsEvery(1_000));
    await registry.register(alive, beatsEvery(600_000));
    await eventually(
      () => registry.read(silent),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
    await storeDueAt(registry, silent, Date.now() - 10_000);
    const before = await dueAt(registry, alive);
    await registry.evict();
    expect(await dueAt(registry, alive)).toBe(before);
  });

  it('is extended for all components after the runtime itself was down', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    await storeDueAt(registry, id, Date.now() - 10_000);
    await registry.evict();
    expect(await dueAt(registry, id)).toBeGreaterThan(Date.now() + 50_000);
    expect((await registry.read(id)).health.status).not.toBe('unhealthy');
  });

  it('is forgotten when the registration drops the heartbeat', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    await registry.register(id, {});
    await registry.evict();
    expect(await dueAt(registry, id)).toBeNull();
  });

  it('of a removed component is forgotten by the sweep', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await registry.api.sweep();
    const stored = await runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
      instance['runtime'].state.store.heartbeats.find(id),
    );
    expect(stored).toBeUndefined();
  });
});
