import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { RecoveryState } from '../../src/core/component/component-record.ts';
import type { ComponentRegistry } from '../../src/registry/component-registry.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { deliverNow, freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';
import {
  awaitEnd,
  beginWithoutWorkflow,
  controlLog,
  eventsOf,
  failThreeChecks,
  getRecovery,
  incidentsOf,
  registerFailing,
  withControl,
} from './failing-component.ts';

async function registerHealthy(registry: FreshRegistry): Promise<string> {
  const id = freshId();
  await registry.register(id, withControl());
  await eventually(
    () => registry.read(id),
    (component) => component.health.status === 'healthy',
  );
  return id;
}

const recoveryOf = (instance: ComponentRegistry, id: string): RecoveryState =>
  instance['runtime'].state.members.get(id)!.record.recovery;

/** Lets the cooldown of the component be over, and runs what is due. */
const endCooldown = (registry: FreshRegistry, id: string): Promise<void> =>
  runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
    const member = instance['runtime'].state.members.get(id)!;
    const recovery = recoveryOf(instance, id);
    const cooldown = recovery.cooldown && { ...recovery.cooldown, fullMs: 0 };
    member.record = { ...member.record, recovery: { ...recovery, cooldown } };
    instance['runtime'].tick(Date.now());
  });

const recoveriesOf = async (id: string): Promise<number> => (await eventsOf(id, 'recovery.started')).length;

describe.concurrent('reports against a component whose checks pass', () => {
  it('start one recovery and one restart, however many there are', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, { type: 'caws_validator', ...withControl() }));
    await eventually(
      () => call('GET', `/v1/components/${id}`),
      ({ body }) => body.health.status === 'healthy',
    );
    const report = () => call('POST', `/v1/components/${id}/failures`, { error: { message: 'it failed me' } });
    let recoveryId: string | null = null;
    for (let reported = 0; reported < 55; reported++) {
      const { status, body } = await report();
      expect(status).toBe(202);
      if (reported === 0) expect(body).toMatchObject({ recentFailures: 1, unconfirmedReports: 1 });
      if (recoveryId === null && body.recoveryId !== null) {
        recoveryId = body.recoveryId as string;
        expect((await awaitEnd(recoveryId)).status).toBe('successful');
      }
    }
    expect(recoveryId).not.toBeNull();
    expect(await recoveriesOf(id)).toBe(1);
    expect((await controlLog(id)).control).toHaveLength(1);
    // One row of the history, and one event for each action, the start and the end.
    const { body } = await call('GET', `/v1/recoveries?componentId=${id}`);
    expect(body.items).toHaveLength(1);
    expect(await eventsOf(id, 'recovery.')).toHaveLength(2 + body.items[0].actions.length);
  });

  it('count in full once callers with three keys agree', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    const counts = [];
    for (const by of ['k-1', 'k-1', 'k-2', 'k-3']) {
      const result = await registry.api.reportFailure(id, { message: 'it failed me' }, null, null, by);
      if (!result.ok) throw new Error(result.message);
      counts.push([result.value.recentFailures, result.value.recoveryId !== null]);
    }
    expect(counts).toEqual([
      [1, false],
      [1, false],
      [1, false],
      [4, true],
    ]);
  });
});

describe.concurrent('the cooldown after a successful recovery', () => {
  it('holds the next failure back, and begins its recovery afterwards', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    await setMode(id, 'heals-on-restart');
    for (let check = 0; check < 4; check++) await registry.api.probe(id);
    await deliverNow(registry);
    const conditions = await registry.api.recoveryConditions(id);
    expect(conditions).toMatchObject({ value: { obstacle: { reason: 'cooling-down' }, cooldown: { recoveries: 1 } } });
    expect(await recoveriesOf(id)).toBe(1);
    await endCooldown(registry, id);
    const [, next] = await eventually(
      () => eventsOf(id, 'recovery.started'),
      (events) => events.length > 1,
    );
    expect((await awaitEnd(next!.data['recoveryId'] as string)).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(2);
  });

  it('lets a heartbeat that expires in it have its recovery afterwards', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 1_000 }, ...withControl() });
    await registry.beat(id);
    const order = await beginWithoutWorkflow(registry, id);
    await registry.api.endRecovery(id, order.recoveryId, 'successful');
    await eventually(
      () => runInDurableObject(registry.stub, (instance: ComponentRegistry) => recoveryOf(instance, id).deferred),
      (deferred) => Boolean(deferred),
    );
    expect(await recoveriesOf(id)).toBe(1);
    await endCooldown(registry, id);
    const [, next] = await eventually(
      () => eventsOf(id, 'recovery.started'),
      (events) => events.length > 1,
    );
    expect(next!.data['reason']).toContain('HEARTBEAT_EXPIRED');
  });
});

describe.concurrent('a component that answers again before its restart', () => {
  it('is not restarted: the recovery ends as not needed', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, withControl());
    // Another component holds the only slot meanwhile.
    const busy = freshId();
    await registry.register(busy, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const { recoveryId: held } = await beginWithoutWorkflow(registry, busy);
    expect(await registry.api.permitAction(busy, held, true)).toBe('permitted');
    const recoveryId = await failThreeChecks(registry, id);
    await eventually(
      () => getRecovery(recoveryId),
      ({ status }) => status === 'running',
    );
    await setMode(id, 'healthy');
    await registry.api.endRecovery(busy, held, 'successful');
    expect(await awaitEnd(recoveryId, 30_000)).toMatchObject({ status: 'not-needed', actions: [], incidentId: null });
    expect((await controlLog(id)).control).toEqual([]);
    expect(await incidentsOf(id)).toEqual([]);
    const ends = await eventually(
      () => eventsOf(id, 'recovery.succeeded'),
      (events) => events.length > 0,
    );
    expect(ends).toMatchObject([{ data: { recoveryId, outcome: 'not-needed' } }]);
  });
});

describe.concurrent('components that fail together', () => {
  it('are not restarted before each was down for a whole round, and not at all if they answer by then', async () => {
    const registry = freshRegistry();
    await registry.api.configureType({ revision: 1, overrides: { selfDoubt: 'never' } });
    const ids = [];
    for (let made = 0; made < 4; made++) ids.push(await registerHealthy(registry));
    await Promise.all(ids.map((id) => setMode(id, 'unavailable')));
    const recoveryIds = await Promise.all(ids.map((id) => failThreeChecks(registry, id)));
    await Promise.all(ids.map((id) => setMode(id, 'healthy')));
    for (const recoveryId of recoveryIds) expect((await awaitEnd(recoveryId, 40_000)).status).toBe('not-needed');
    for (const id of ids) expect((await controlLog(id)).control).toEqual([]);
  });
});

describe.concurrent('the slots of the guard', () => {
  it('are not held against a dead component by one that works', async () => {
    const registry = freshRegistry();
    const working = await registerHealthy(registry);
    const dead = await registerHealthy(registry);
    for (let more = 0; more < 2; more++) await registerHealthy(registry);
    const cause = { failureId: 'f', failureType: 'health_check_failure', source: 'report', reason: 'r' } as const;
    const begun = await registry.api.beginRecovery(working, { ...cause, occurredAt: Date.now() });
    if (!begun.ok) throw new Error(begun.message);
    expect(await registry.api.permitAction(working, begun.value.order.recoveryId, true)).toBe('permitted');
    await setMode(dead, 'heals-on-restart');
    const recoveryId = await failThreeChecks(registry, dead);
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    expect((await controlLog(dead)).control).toHaveLength(1);
  });

  it('stay in use while a restart goes on, although its recovery has ended', async () => {
    const registry = freshRegistry();
    const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
    const [first, second] = [freshId(), freshId()];
    for (const id of [first, second]) await registry.register(id, beats);
    const one = await beginWithoutWorkflow(registry, first);
    const two = await beginWithoutWorkflow(registry, second);
    expect(await registry.api.permitAction(first, one.recoveryId, true)).toBe('permitted');
    await registry.api.endRecovery(first, one.recoveryId, 'timeout');
    expect(await registry.api.permitAction(second, two.recoveryId, true)).toBe('too-many');
    await registry.beat(first);
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const { members } = instance['runtime'].state;
      const member = members.get(first)!;
      const disruption = { at: Date.now() - 60_001, isProven: true };
      member.record = { ...member.record, recovery: { ...member.record.recovery, disruption } };
    });
    expect(await registry.api.permitAction(second, two.recoveryId, true)).toBe('permitted');
  });
});
