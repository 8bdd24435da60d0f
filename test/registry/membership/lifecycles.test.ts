import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../recovery/failing-component.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const FAR_MS = 600_000;
/** The shortest period that callers may choose. */
const DEREGISTER_AFTER_MS = 10_000;

describe.concurrent('a component that drains', () => {
  it('is in service again, visibly to every edge, when it registers again unchanged', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.api.remove(id, { drainMs: FAR_MS, ifGeneration: null });
    const version = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
    await registry.register(id, beats);
    const seen = await registry.api.sync({ syncedTo: version, assignments: [], outcomes: [] });
    expect(seen.revision).toBeGreaterThan(version.revision);
    expect(seen.changed).toMatchObject([[0, { id, lifecycle: 'active' }, expect.any(String)]]);
    const events = await eventually(
      () => eventsOf(id, 'component.'),
      (events) => events.length >= 3,
    );
    expect(events.at(-1)).toMatchObject({
      type: 'component.updated',
      data: { component: { lifecycle: 'active', lifecycleUntil: null } },
    });
  });

  it('cannot be isolated, keeps draining, and is removed on time', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const removal = await registry.api.remove(id, { drainMs: 500, ifGeneration: null });
    if (!removal.ok) throw new Error(removal.message);
    const isolate = { action: 'isolate', until: Date.now() + FAR_MS, durationMs: null, reason: null } as const;
    expect(await registry.api.operate(id, isolate)).toMatchObject({ ok: false, reason: 'being-removed' });
    expect(await registry.read(id)).toMatchObject({
      lifecycle: 'draining',
      lifecycleUntil: new Date(removal.value.drainsUntil!).toISOString(),
    });
    await eventually(
      () => registry.api.component(id),
      (found) => !found.ok,
      3_000,
    );
  });
});

describe.concurrent('a component out of service', () => {
  it.each(['active', 'standby'] as const)('is %s again afterwards, as before', async (role) => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { ...beats, role });
    await registry.takeOutOfService(id, 'maintenance', Date.now() + FAR_MS);
    const isolated = await registry.takeOutOfService(id, 'isolated', Date.now() + 300);
    expect(isolated).toMatchObject({ lifecycle: 'isolated' });
    const back = await eventually(
      () => registry.read(id),
      ({ lifecycle }) => lifecycle !== 'isolated',
      3_000,
    );
    expect(back).toMatchObject({ lifecycle: role, lifecycleUntil: null });
  });
});

describe.concurrent('the claim of a component', () => {
  it('changes with every registration, while the generation changes only with its content', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const first = await registry.register(id, beats);
    const before = (await registry.api.claimOf(id))!;
    const second = await registry.register(id, beats);
    const after = (await registry.api.claimOf(id))!;
    expect(second.generation).toBe(first.generation);
    expect(after.claim).toBeGreaterThan(before.claim);
    await registry.api.removeClaim(id, before.claim);
    expect(await registry.api.component(id)).toMatchObject({ ok: true });
    await registry.api.removeClaim(id, after.claim);
    expect(await registry.api.component(id)).toMatchObject({ ok: false });
    expect(await registry.api.claimOf(id)).toBeNull();
  });
});

describe.concurrent('deregisterAfter', () => {
  it('removes a component that stays unhealthy for that period, and keeps one that recovered before', async () => {
    const registry = freshRegistry();
    const [dead, back] = [freshId('dead'), freshId('back')];
    for (const id of [dead, back]) {
      await registry.register(id, { ...beats, deregisterAfter: DEREGISTER_AFTER_MS });
      await registry.beat(id, 'unhealthy');
    }
    await registry.beat(back);
    await eventually(
      () => registry.api.component(dead),
      (found) => !found.ok,
      DEREGISTER_AFTER_MS + 10_000,
    );
    expect((await registry.read(back)).health.status).toBe('healthy');
    const events = await eventually(
      () => eventsOf(dead, 'component.'),
      (events) => events.at(-1)?.type === 'component.unregistered',
    );
    const failed = events.find((event) => event.type === 'component.failed')!;
    expect(events.at(-1)!.time - failed.time).toBeGreaterThanOrEqual(DEREGISTER_AFTER_MS);
  });
});
