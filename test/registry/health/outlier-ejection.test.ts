import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { eventsOf } from '../../recovery/failing-component.ts';
import { componentLog, eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';
import { acquireLease, completionOf, registerHealthy } from '../leases/leasing.ts';

/** Reports `failed` failed and `succeeded` successful outcomes of work, as an edge does. */
async function report({ api }: FreshRegistry, id: string, failed: number, succeeded = 0): Promise<void> {
  const outcomes = { ended: failed + succeeded, failed, latencyMs: 0, timed: 0 };
  await api.sync({ syncedTo: null, assignments: [], outcomes: [[id, outcomes]] });
}

const ejected = async (registry: FreshRegistry, id: string): Promise<boolean> =>
  (await registry.read(id)).health.ejectedUntil !== null;

async function registryWith(count: number): Promise<{ registry: FreshRegistry; ids: string[] }> {
  const registry = freshRegistry();
  const ids: string[] = [];
  for (let each = 0; each < count; each++) ids.push(await registerHealthy(registry));
  return { registry, ids };
}

/** Ends the ejection at once, as if its period had expired. */
const endEjection = ({ stub }: FreshRegistry, id: string): Promise<void> =>
  runInDurableObject(stub, async (instance: ComponentRegistry) => {
    const member = instance['runtime'].state.members.get(id)!;
    const { health } = member.record;
    member.record = { ...member.record, health: { ...health, ejection: { ...health.ejection, until: Date.now() } } };
    await instance.alarm();
  });

describe.concurrent('outlier ejection of a component', () => {
  it('follows five consecutive failures, and makes it suspect for routing, with an event', async () => {
    const { registry, ids } = await registryWith(2);
    const [bad, good] = ids as [string, string];
    await report(registry, bad, 4);
    expect(await ejected(registry, bad)).toBe(false);
    await report(registry, bad, 1);
    const { health } = await registry.read(bad);
    expect(health).toMatchObject({ status: 'healthy', suspect: false });
    expect(Date.parse(health.ejectedUntil!) - Date.now()).toBeGreaterThan(25_000);
    expect(health.reason).toBe(`ejected until ${health.ejectedUntil}: 5 failures of work in a row`);
    for (let time = 0; time < 5; time++) expect((await acquireLease(registry)).candidate.id).toBe(good);
    const { changed } = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
    expect(changed.find(([, each]) => each?.id === bad)![1]).toMatchObject({ liveStats: { suspect: true } });
    const [event] = await eventually(
      () => eventsOf(bad, 'component.ejected'),
      (events) => events.length > 0,
    );
    expect(event!.data).toMatchObject({ ejectionCount: 1, ejectedUntil: health.ejectedUntil });
  });

  it('follows leases completed as failed, without an error of the component', async () => {
    const { registry, ids } = await registryWith(2);
    const [bad] = ids as [string, string];
    for (let time = 0; time < 5; time++) {
      const { lease } = await acquireLease(registry, { preferences: { preferredComponent: bad } });
      await registry.api.completeLease(lease!.id, completionOf(time % 2 === 0 ? 'failure' : 'timeout'));
      await registry.api.completeLease(lease!.id, completionOf('failure'));
      expect(await ejected(registry, bad)).toBe(time === 4);
    }
  });

  it('does not follow failures with successes between them', async () => {
    const { registry, ids } = await registryWith(2);
    for (let time = 0; time < 4; time++) {
      await report(registry, ids[0]!, 4);
      await report(registry, ids[0]!, 0, 20);
    }
    expect(await ejected(registry, ids[0]!)).toBe(false);
  });

  // The number of failing components, and how many of them are ejected.
  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ])('is limited: of %d failing components %d are ejected', async (count, most) => {
    const { registry, ids } = await registryWith(count);
    for (const id of ids) await report(registry, id, 10);
    const out = await Promise.all(ids.map((id) => ejected(registry, id)));
    expect(out.filter(Boolean)).toHaveLength(most);
  });

  it('still lets it receive work when no better component is left', async () => {
    const { registry, ids } = await registryWith(2);
    await report(registry, ids[0]!, 5);
    await registry.beat(ids[1]!, 'unhealthy');
    expect((await acquireLease(registry)).candidate.id).toBe(ids[0]);
  });

  it('outlasts an eviction and healthy reports until its period expires', async () => {
    const { registry, ids } = await registryWith(2);
    await report(registry, ids[0]!, 5);
    const before = await registry.read(ids[0]!);
    await registry.evict();
    await registry.beat(ids[0]!);
    expect((await registry.read(ids[0]!)).health.ejectedUntil).toBe(before.health.ejectedUntil);
    await endEjection(registry, ids[0]!);
    expect((await registry.read(ids[0]!)).health).toMatchObject({ ejectedUntil: null, reason: null });
    const readmitted = await eventually(
      () => eventsOf(ids[0]!, 'component.readmitted'),
      (events) => events.length > 0,
    );
    expect(readmitted).toHaveLength(1);
  });

  it('lasts longer the next time', async () => {
    const { registry, ids } = await registryWith(2);
    await report(registry, ids[0]!, 5);
    await endEjection(registry, ids[0]!);
    await report(registry, ids[0]!, 5);
    const { ejectedUntil } = (await registry.read(ids[0]!)).health;
    expect(Date.parse(ejectedUntil!) - Date.now()).toBeGreaterThan(50_000);
  });

  it('ends when checks or heartbeats find it unhealthy, which then decide its return', async () => {
    const { registry, ids } = await registryWith(2);
    await report(registry, ids[0]!, 5);
    await registry.beat(ids[0]!, 'unhealthy');
    expect(await ejected(registry, ids[0]!)).toBe(false);
    await registry.beat(ids[0]!);
    expect((await registry.read(ids[0]!)).health).toMatchObject({ status: 'healthy', ejectedUntil: null });
  });

  it('triggers a check at once, and does not end when that check passes', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await registerHealthy(registry);
    await eventually(
      () => registry.read(id),
      ({ health }) => health.status === 'healthy',
    );
    const { checks } = await componentLog(id);
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const member = instance['runtime'].state.members.get(id)!;
      member.record = { ...member.record, health: { ...member.record.health, lastCheckAt: 0 } };
    });
    await report(registry, id, 5);
    await eventually(
      () => componentLog(id),
      (log) => log.checks > checks,
    );
    const { health } = await eventually(
      () => registry.read(id),
      (component) => Date.parse(component.health.lastCheck!) > 0,
    );
    expect(health.status).toBe('healthy');
    expect(health.ejectedUntil).not.toBeNull();
  });
});
