import { describe, expect, it } from 'vitest';
import { beginWithoutWorkflow, eventsOf } from '../../recovery/failing-component.ts';
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

const atLocation = (location: string) => ({ metadata: { location } });

async function pair() {
  const registry = freshRegistry();
  const active = await beating(registry);
  const standby = await beating(registry, { role: 'standby' });
  const lifecycles = async () => [(await registry.read(active)).lifecycle, (await registry.read(standby)).lifecycle];
  const switchOver = (id = active) => registry.api.switchTo(id, { action: 'switchover', force: false });
  const switchBack = (id = active, force = false) => registry.api.switchTo(id, { action: 'switchback', force });
  return { registry, active, standby, lifecycles, switchOver, switchBack };
}

describe.concurrent('a switchover that an operator requests', () => {
  it('swaps the component and its standby once, and a switchback swaps them once, also after an eviction', async () => {
    const { registry, active, standby, lifecycles, switchOver, switchBack } = await pair();
    expect(await switchOver()).toMatchObject({ ok: true, value: { id: active, lifecycle: 'standby' } });
    expect(await switchOver()).toMatchObject({ ok: true, value: { lifecycle: 'standby' } });
    expect(await lifecycles()).toEqual(['standby', 'active']);
    await registry.evict();
    expect(await switchBack()).toMatchObject({ ok: true, value: { id: active, lifecycle: 'active' } });
    expect(await switchBack()).toMatchObject({ ok: true, value: { lifecycle: 'active' } });
    expect(await lifecycles()).toEqual(['active', 'standby']);
    const changes = await eventually(
      async () => [
        ...(await eventsOf(active, 'component.lifecycle-changed')),
        ...(await eventsOf(standby, 'component.lifecycle-changed')),
      ],
      (events) => events.length >= 4,
    );
    expect(changes).toHaveLength(4);
  });

  it('can be repeated: a demoted component may take over again', async () => {
    const { standby, lifecycles, switchOver, switchBack } = await pair();
    await switchOver();
    await switchBack();
    await switchBack(standby);
    expect(await lifecycles()).toEqual(['standby', 'active']);
  });

  it('can be undone when a recovery made it', async () => {
    const { registry, active, lifecycles, switchBack } = await pair();
    const { recoveryId } = await beginWithoutWorkflow(registry, active);
    await registry.api.promoteStandby(active, recoveryId);
    expect(await lifecycles()).toEqual(['standby', 'active']);
    expect(await switchBack()).toMatchObject({ ok: true });
    expect(await lifecycles()).toEqual(['active', 'standby']);
  });

  it('can be undone after a maintenance in between', async () => {
    const { registry, active, lifecycles, switchOver, switchBack } = await pair();
    await switchOver();
    const operation = { durationMs: 600_000, until: null, reason: null } as const;
    await registry.api.operate(active, { action: 'maintenance', ...operation });
    expect(await switchBack()).toMatchObject({ ok: false, reason: 'not-in-service' });
    await registry.api.operate(active, { action: 'restore', ...operation });
    await registry.beat(active);
    expect(await switchBack()).toMatchObject({ ok: true });
    expect(await lifecycles()).toEqual(['active', 'standby']);
  });

  it('counts for a running recovery, which promotes no second standby', async () => {
    const { registry, active, standby, switchOver } = await pair();
    const spare = await beating(registry, { role: 'standby' });
    const { recoveryId } = await beginWithoutWorkflow(registry, active);
    await switchOver();
    expect(await registry.api.promoteStandby(active, recoveryId)).toMatchObject({ value: { promoted: standby } });
    expect(await registry.read(spare)).toMatchObject({ lifecycle: 'standby' });
  });

  it('promotes the standby at the same location, whichever registered first', async () => {
    const { registry, standby } = await pair();
    const elsewhere = await beating(registry, { role: 'standby', ...atLocation('apac') });
    const here = await beating(registry, { role: 'standby', ...atLocation('weur') });
    const id = await beating(registry, atLocation('weur'));
    await registry.api.switchTo(id, { action: 'switchover', force: false });
    expect(await registry.read(here)).toMatchObject({ lifecycle: 'active' });
    for (const other of [standby, elsewhere])
      expect(await registry.read(other)).toMatchObject({ lifecycle: 'standby' });
  });

  it('leaves the recovery of a demoted component nothing to switch over', async () => {
    const { registry, standby, lifecycles, switchOver, switchBack } = await pair();
    const spare = await beating(registry, { role: 'standby' });
    await switchOver();
    const { recoveryId } = await beginWithoutWorkflow(registry, standby);
    await switchBack();
    expect(await registry.api.promoteStandby(standby, recoveryId)).toMatchObject({ reason: 'no-standby' });
    expect([...(await lifecycles()), (await registry.read(spare)).lifecycle]).toEqual(['active', 'standby', 'standby']);
  });

  it('is undone to an unhealthy component only by force', async () => {
    const { registry, active, lifecycles, switchOver, switchBack } = await pair();
    await switchOver();
    await registry.beat(active, 'unhealthy');
    expect(await switchBack()).toMatchObject({ ok: false, reason: 'held-back' });
    expect(await lifecycles()).toEqual(['standby', 'active']);
    expect(await switchBack(active, true)).toMatchObject({ ok: true });
    expect(await lifecycles()).toEqual(['active', 'standby']);
  });

  it('is undone without a demotion when the promoted component is gone', async () => {
    const { registry, standby, active, switchOver, switchBack } = await pair();
    await switchOver();
    await registry.api.remove(standby, { drainMs: 0, ifGeneration: null });
    expect(await switchBack()).toMatchObject({ ok: true });
    expect(await registry.read(active)).toMatchObject({ lifecycle: 'active' });
  });

  it('is refused without a component to switch to', async () => {
    const { registry, standby, active, switchOver, switchBack } = await pair();
    expect(await switchOver(standby)).toMatchObject({ reason: 'not-in-service' });
    expect(await switchBack(standby)).toMatchObject({ reason: 'no-takeover' });
    expect(await switchOver('nobody')).toMatchObject({ reason: 'unknown-component' });
    await registry.beat(standby, 'unhealthy');
    expect(await switchOver()).toMatchObject({ reason: 'no-standby' });
    await registry.api.remove(active, { drainMs: 60_000, ifGeneration: null });
    expect(await switchOver()).toMatchObject({ reason: 'being-removed' });
  });
});
