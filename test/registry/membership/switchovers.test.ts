import { describe, expect, it } from 'vitest';
import { begunOnly, eventsOf } from '../../recovery/failing-component.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

async function beating(registry: FreshRegistry, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await registry.register(id, { ...beats, ...overrides });
  await registry.beat(id);
  return id;
}

const place = (location: string) => ({ metadata: { location } });

async function pair() {
  const registry = freshRegistry();
  const active = await beating(registry);
  const standby = await beating(registry, { role: 'standby' });
  const places = async () => [(await registry.read(active)).lifecycle, (await registry.read(standby)).lifecycle];
  const over = (id = active) => registry.api.switchTo(id, { action: 'switchover', force: false });
  const back = (id = active, force = false) => registry.api.switchTo(id, { action: 'switchback', force });
  return { registry, active, standby, places, over, back };
}

describe.concurrent('switching over by choice', () => {
  it('promotes the standby and demotes the component, once, and back, once, also after an eviction', async () => {
    const { registry, active, standby, places, over, back } = await pair();
    expect(await over()).toMatchObject({ ok: true, value: { id: active, lifecycle: 'standby' } });
    expect(await over()).toMatchObject({ ok: true, value: { lifecycle: 'standby' } });
    expect(await places()).toEqual(['standby', 'active']);
    await registry.evict();
    expect(await back()).toMatchObject({ ok: true, value: { id: active, lifecycle: 'active' } });
    expect(await back()).toMatchObject({ ok: true, value: { lifecycle: 'active' } });
    expect(await places()).toEqual(['active', 'standby']);
    const changes = await eventually(
      async () => [
        ...(await eventsOf(active, 'component.lifecycle-changed')),
        ...(await eventsOf(standby, 'component.lifecycle-changed')),
      ],
      (events) => events.length >= 4,
    );
    expect(changes).toHaveLength(4);
  });

  it('goes back and forth: who is demoted may take it back', async () => {
    const { standby, places, over, back } = await pair();
    await over();
    await back();
    await back(standby);
    expect(await places()).toEqual(['standby', 'active']);
  });

  it('goes back after a switchover that a recovery made', async () => {
    const { registry, active, places, back } = await pair();
    const { recoveryId } = await begunOnly(registry, active);
    await registry.api.promoteStandby(active, recoveryId);
    expect(await places()).toEqual(['standby', 'active']);
    expect(await back()).toMatchObject({ ok: true });
    expect(await places()).toEqual(['active', 'standby']);
  });

  it('is remembered over a maintenance in between', async () => {
    const { registry, active, places, over, back } = await pair();
    await over();
    const operation = { forMs: 600_000, until: null, reason: null } as const;
    await registry.api.operate(active, { action: 'maintenance', ...operation });
    expect(await back()).toMatchObject({ ok: false, reason: 'not-in-service' });
    await registry.api.operate(active, { action: 'restore', ...operation });
    await registry.beat(active);
    expect(await back()).toMatchObject({ ok: true });
    expect(await places()).toEqual(['active', 'standby']);
  });

  it('counts as done for a recovery that runs: no second standby is promoted', async () => {
    const { registry, active, standby, over } = await pair();
    const spare = await beating(registry, { role: 'standby' });
    const { recoveryId } = await begunOnly(registry, active);
    await over();
    expect(await registry.api.promoteStandby(active, recoveryId)).toMatchObject({ value: { promoted: standby } });
    expect(await registry.read(spare)).toMatchObject({ lifecycle: 'standby' });
  });

  it('is to the best standby: the one at the same location, whoever registered first', async () => {
    const { registry, standby } = await pair();
    const elsewhere = await beating(registry, { role: 'standby', ...place('apac') });
    const here = await beating(registry, { role: 'standby', ...place('weur') });
    const id = await beating(registry, place('weur'));
    await registry.api.switchTo(id, { action: 'switchover', force: false });
    expect(await registry.read(here)).toMatchObject({ lifecycle: 'active' });
    for (const other of [standby, elsewhere])
      expect(await registry.read(other)).toMatchObject({ lifecycle: 'standby' });
  });

  it('leaves a recovery of who is demoted nothing to hand over', async () => {
    const { registry, standby, places, over, back } = await pair();
    const spare = await beating(registry, { role: 'standby' });
    await over();
    const { recoveryId } = await begunOnly(registry, standby);
    await back();
    expect(await registry.api.promoteStandby(standby, recoveryId)).toMatchObject({ reason: 'no-standby' });
    expect([...(await places()), (await registry.read(spare)).lifecycle]).toEqual(['active', 'standby', 'standby']);
  });

  it('goes back to one that is not healthy only by force', async () => {
    const { registry, active, places, over, back } = await pair();
    await over();
    await registry.beat(active, 'unhealthy');
    expect(await back()).toMatchObject({ ok: false, reason: 'held-back' });
    expect(await places()).toEqual(['standby', 'active']);
    expect(await back(active, true)).toMatchObject({ ok: true });
    expect(await places()).toEqual(['active', 'standby']);
  });

  it('goes back alone when who took over is gone', async () => {
    const { registry, standby, active, over, back } = await pair();
    await over();
    await registry.api.remove(standby, { drainMs: 0, ifGeneration: null });
    expect(await back()).toMatchObject({ ok: true });
    expect(await registry.read(active)).toMatchObject({ lifecycle: 'active' });
  });

  it('is refused where there is nobody to switch to', async () => {
    const { registry, standby, active, over, back } = await pair();
    expect(await over(standby)).toMatchObject({ reason: 'not-in-service' });
    expect(await back(standby)).toMatchObject({ reason: 'nobody-took-over' });
    expect(await over('nobody')).toMatchObject({ reason: 'unknown-component' });
    await registry.beat(standby, 'unhealthy');
    expect(await over()).toMatchObject({ reason: 'no-standby' });
    await registry.api.remove(active, { drainMs: 60_000, ifGeneration: null });
    expect(await over()).toMatchObject({ reason: 'being-removed' });
  });
});
