import { describe, expect, it } from 'vitest';
import type { OperationName } from '../../../src/core/component/lifecycle-operation.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { beginWithoutWorkflow, eventsOf } from '../../recovery/failing-component.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { PLAIN, clockReaches, deliverNow, freshRegistry, nextClaim } from '../fresh-registry.ts';
import { acquireLease, completionOf, listedLeases, refusalReason } from '../leases/leasing.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const HOUR = 3_600_000;
const actor = { keyId: 'k-1', keyName: 'ops', address: '192.0.2.1', requestId: 'req-1' };

/** Requests an operation that ends after `endsIn` ms, or has no end with null. */
const operate = (registry: FreshRegistry, id: string, action: OperationName, endsIn: number | null = null) =>
  registry.api.operate(
    id,
    { action, durationMs: null, until: endsIn === null ? null : Date.now() + endsIn, reason: 'a new disk' },
    actor,
  );

const changesOf = async (id: string) =>
  (await eventsOf(id, 'component.lifecycle-changed')).map(({ data }) => [data['from'], data['to']]);

async function beating(registry: FreshRegistry, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await registry.register(id, { ...beats, ...overrides });
  await registry.beat(id);
  return id;
}

describe.concurrent('an operator', () => {
  it.each(['drain', 'maintenance', 'isolate'] as const)(
    'takes a component out of service by %s, once, and restores it',
    async (action) => {
      const registry = freshRegistry();
      const id = await beating(registry);
      const state = { drain: 'draining', maintenance: 'maintenance', isolate: 'isolated' }[action];
      const operation = { action, durationMs: HOUR, until: null, reason: 'a new disk' } as const;
      const [first, again] = [await registry.api.operate(id, operation), await registry.api.operate(id, operation)];
      expect(first).toMatchObject({ ok: true, value: { lifecycle: state, lifecycleReason: 'a new disk' } });
      expect(again).toMatchObject({ ok: true, value: { revision: first.ok && first.value.revision } });
      await registry.evict();
      expect(await registry.read(id)).toMatchObject({ lifecycle: state, lifecycleReason: 'a new disk' });
      await operate(registry, id, 'restore');
      const back = await operate(registry, id, 'restore');
      expect(back).toMatchObject({ value: { lifecycle: 'active', lifecycleUntil: null, lifecycleReason: null } });
      const changes = await eventually(
        () => changesOf(id),
        (changes) => changes.length >= 2,
      );
      expect(changes).toEqual([
        ['active', state],
        [state, 'active'],
      ]);
    },
  );

  it('cancels the recovery of a component by maintenance, and the recovery promotes no standby', async () => {
    const registry = freshRegistry();
    const [id, spare] = [await beating(registry), await beating(registry, { role: 'standby' })];
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await operate(registry, id, 'maintenance', HOUR);
    expect(await registry.api.permitAction(id, recoveryId, true)).toBe('not-recovering');
    expect(await registry.api.promoteStandby(id, recoveryId)).toMatchObject({ ok: false, reason: 'not-recovering' });
    expect(await registry.api.isolate(id, recoveryId, Date.now() + HOUR)).toMatchObject({ ok: false });
    expect(await registry.read(spare)).toMatchObject({ lifecycle: 'standby' });
    expect(await registry.read(id)).toMatchObject({ lifecycle: 'maintenance' });
    await registry.api.endRecovery(id, recoveryId, 'failed');
    const cause = { failureId: 'f-1', failureType: 'health_check_failure', reason: 'r' } as const;
    const later = { ...cause, occurredAt: Date.now() + 1_000 };
    expect(await registry.api.beginRecovery(id, later)).toMatchObject({ reason: 'not-in-service' });
  });

  it('restores a component that its recovery isolated, and the recovery continues', async () => {
    const registry = freshRegistry();
    const id = await beating(registry);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await registry.api.isolate(id, recoveryId, Date.now() + HOUR);
    expect(await operate(registry, id, 'restore')).toMatchObject({ value: { lifecycle: 'active', recoveryId } });
    expect(await registry.api.permitAction(id, recoveryId, true)).toBe('permitted');
  });

  it('is not overruled by a re-registration, which still decides the role to restore', async () => {
    const registry = freshRegistry();
    const id = await beating(registry);
    await operate(registry, id, 'drain');
    await registry.register(id, beats);
    await registry.register(id, { ...beats, role: 'standby' });
    expect(await registry.read(id)).toMatchObject({ lifecycle: 'draining', role: 'standby' });
    expect(await operate(registry, id, 'restore')).toMatchObject({ value: { lifecycle: 'standby' } });
  });

  it('can restore a component that drains for its removal', async () => {
    const registry = freshRegistry();
    const id = await beating(registry);
    const end = Date.now() + 2_000;
    await registry.api.remove(id, { drainMs: 2_000, ifGeneration: null });
    expect(await operate(registry, id, 'maintenance', HOUR)).toMatchObject({ ok: false, reason: 'being-removed' });
    expect(await operate(registry, id, 'restore')).toMatchObject({ value: { lifecycle: 'active' } });
    await clockReaches(end + 100);
    await registry.api.sweep();
    expect(await registry.read(id)).toMatchObject({ lifecycle: 'active' });
  });

  it('stops new work and leaves work in progress', async () => {
    const registry = freshRegistry();
    const id = await beating(registry);
    const { lease } = await acquireLease(registry);
    await operate(registry, id, 'drain');
    expect(await refusalReason(registry)).toBe('no-healthy-components');
    expect(await listedLeases(registry)).toMatchObject([{ componentId: id }]);
    expect(await registry.api.renewLease(lease!.id, 60_000)).toMatchObject({ ok: true });
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ ok: true });
    await operate(registry, id, 'restore');
    expect(await refusalReason(registry)).toBeNull();
  });
});

describe.concurrent('a component that returns to service', () => {
  it('returns by itself, suspect until its next report, with slow start', async () => {
    const registry = freshRegistry();
    const id = await beating(registry);
    await operate(registry, id, 'isolate', 300);
    const back = await eventually(
      () => registry.read(id),
      ({ lifecycle }) => lifecycle === 'active',
      3_000,
    );
    expect(back.health).toMatchObject({ status: 'healthy', suspect: true });
    const seen = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
    expect(seen.changed[0]![1]).toMatchObject({ id, backSince: expect.any(Number) });
    await registry.beat(id);
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', suspect: false });
  });

  it('is checked at once', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      ({ health }) => health.status === 'healthy',
    );
    await operate(registry, id, 'maintenance', HOUR);
    const restored = await operate(registry, id, 'restore');
    if (!restored.ok) throw new Error(restored.message);
    expect(restored.value.health.suspect).toBe(true);
    const checked = await eventually(
      () => registry.read(id),
      ({ health }) => !health.suspect,
      3_000,
    );
    expect(Date.parse(checked.health.lastCheck!)).toBeGreaterThanOrEqual(Date.parse(restored.value.updatedAt));
  });
});

describe.concurrent('a component under maintenance', () => {
  it('is checked, but its failures are not recorded', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      ({ health }) => health.status === 'healthy',
    );
    await operate(registry, id, 'maintenance', HOUR);
    await setMode(id, 'unavailable');
    for (let check = 0; check < 4; check++) await registry.api.probe(id);
    expect(await registry.read(id)).toMatchObject({ health: { status: 'unhealthy' }, recoveryId: null });
    await deliverNow(registry);
    expect((await call('GET', `/v1/failures?componentId=${id}`)).body.items).toEqual([]);
    expect(await eventsOf(id, 'recovery.')).toEqual([]);
  });

  it('is not removed by deregisterAfter, whose period restarts afterwards', async () => {
    const registry = freshRegistry();
    const ids = [freshId('kept'), freshId('dead')];
    for (const id of ids) {
      const registration = RegistrationSchema.parse(registrationFor(id, { type: registry.type, ...beats }));
      await registry.api.register({
        ...PLAIN,
        registration: { ...registration, deregisterAfter: 10_000 },
        claim: nextClaim(),
      });
    }
    const [kept, dead] = ids as [string, string];
    await operate(registry, kept, 'maintenance', HOUR);
    for (const id of ids) await registry.beat(id, 'unhealthy');
    // Backdates the status, as if the failure had happened long ago.
    const long = Date.now() - 20_000;
    await registry.rows(`UPDATE components SET health = json_set(health, '$.since', ${long})`);
    await registry.evict();
    await eventually(
      () => registry.api.component(dead),
      (found) => !found.ok,
    );
    expect(await registry.read(kept)).toMatchObject({ health: { status: 'unhealthy' }, lifecycle: 'maintenance' });
    const changes = await eventually(
      () => eventsOf(dead, 'component.unregistered'),
      (events) => events.length > 0,
    );
    expect(changes).toHaveLength(1);
    await operate(registry, kept, 'restore');
    await registry.api.sweep();
    await registry.evict();
    await registry.api.sweep();
    expect(await registry.read(kept)).toMatchObject({ lifecycle: 'active', health: { status: 'unhealthy' } });
  });
});
