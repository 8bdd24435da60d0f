import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { performAction } from '../../src/recovery/perform-action.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { eventually, freshId, setMode } from '../support/coordinator-http.ts';
import {
  registerFailing,
  beginWithoutWorkflow,
  controlLog,
  awaitEnd,
  eventsOf,
  incidentsOf,
  modifyWorkflows,
  plannedAction,
  getRecovery,
  withControl,
  withoutCooldown,
} from './failing-component.ts';

describe.concurrent('a recovery by restart', () => {
  it('calls the control endpoint once, proves the component by probes and is recorded', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    const found = await awaitEnd(recoveryId);
    expect(found).toMatchObject({
      id: recoveryId,
      componentId: id,
      componentType: registry.type,
      failureType: 'health_check_failure',
      status: 'successful',
      reason: expect.stringContaining('HTTP_503'),
      incidentId: null,
    });
    expect(found.actions).toMatchObject([
      { position: 0, action: 'restart', status: 'done', attempts: 1, verification: 'proven' },
    ]);
    expect(Date.parse(found.finishedAt!)).toBeGreaterThanOrEqual(Date.parse(found.actions[0]!.finishedAt!));

    const { control } = await controlLog(id);
    expect(control).toEqual([
      {
        action: 'restart',
        componentId: id,
        recoveryId,
        idempotencyKey: `${recoveryId}-0`,
        reason: 'health_check_failure',
        detail: found.reason,
        parameters: {},
      },
    ]);
    expect(await registry.read(id)).toMatchObject({ recoveryId: null, health: { status: 'healthy' } });
    expect(await incidentsOf(id)).toEqual([]);
  });

  it('has events for its begin, its action and its end', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    await awaitEnd(recoveryId);
    const events = await eventually(
      () => eventsOf(id, 'recovery.'),
      (all) => all.length >= 3,
    );
    expect(events.map((event) => event.type)).toEqual(['recovery.started', 'recovery.action', 'recovery.succeeded']);
    for (const event of events) expect(event.data).toMatchObject({ recoveryId });
    expect(events[1]!.data).toMatchObject({ position: 0, action: 'restart', status: 'done' });
    const work = { durationMs: expect.any(Number), actions: 1, error: null };
    expect(events[2]!.data).toMatchObject({ outcome: 'successful', ...work });
    const types = (await eventsOf(id, 'component.')).map((event) => event.type);
    expect(types).toEqual([
      'component.registered',
      'component.health-changed',
      'component.failed',
      'component.health-changed',
      'component.recovered',
    ]);
  });

  it('settles the failures that caused it, so the next one counts from one', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    await awaitEnd(recoveryId);
    const next = await registry.api.reportFailure(id, { message: 'it failed me' }, null);
    expect(next).toMatchObject({ value: { recentFailures: 1, recoveryId: null } });
  });

  it('begins again, with its own id, when the component fails again later', async () => {
    const registry = freshRegistry();
    await withoutCooldown(registry);
    const first = await registerFailing(registry, 'heals-on-restart');
    await awaitEnd(first.recoveryId);
    await setMode(first.id, 'heals-on-restart');
    for (let check = 0; check < 3; check++) await registry.api.probe(first.id);
    const { recoveryId } = await eventually(
      () => registry.read(first.id),
      (component) => component.recoveryId !== null,
    );
    expect(recoveryId).not.toBe(first.recoveryId);
    expect((await awaitEnd(recoveryId!)).status).toBe('successful');
    expect((await controlLog(first.id)).control).toHaveLength(2);
  });
});

describe.concurrent('a recovery whose steps are repeated', () => {
  it('uses the same idempotency key when an action is performed twice', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, withControl());
    const order = await beginWithoutWorkflow(registry, id);
    const context = { env, order, position: 1 };
    expect(await performAction(plannedAction('restart'), context)).toMatchObject({ status: 'done', attempts: 1 });
    expect(await performAction(plannedAction('restart'), context)).toMatchObject({ status: 'done', attempts: 1 });
    const { control } = await controlLog(id);
    expect(control.map((each) => each.idempotencyKey)).toEqual([`${order.recoveryId}-1`, `${order.recoveryId}-1`]);
  });

  it('does not restart the verification when that step is repeated', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'hang');
    await registry.register(id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await registry.api.beginVerification(id, recoveryId, 0, 700);
    await registry.api.beginVerification(id, recoveryId, 0, 600_000);
    const signals = await eventually(
      () => registry.rows<{ payload: string }>(`SELECT payload FROM outbox WHERE kind = 'signal'`),
      (rows) => rows.length > 0,
      5_000,
    );
    expect(signals.map((row) => JSON.parse(row.payload))).toEqual([{ recoveryId, position: 0, outcome: 'unproven' }]);
  });
});

describe.concurrent('the proof of a recovery', () => {
  it('is not given by heartbeats while the checks of the component fail', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, { heartbeat: { ttl: 60_000 } });
    await registry.api.probe(id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await registry.api.beginVerification(id, recoveryId, 0, 600_000);
    for (let beats = 0; beats < 5; beats++) await registry.beat(id);
    const signals = () => registry.rows<{ payload: string }>(`SELECT payload FROM outbox WHERE kind = 'signal'`);
    expect(await signals()).toEqual([]);
    await setMode(id, 'healthy');
    for (let checks = 0; checks < 3; checks++) await registry.api.probe(id);
    const [proof] = await signals();
    expect(JSON.parse(proof!.payload)).toEqual({ recoveryId, position: 0, outcome: 'healthy' });
  });
});

describe.concurrent('the record of a recovery', () => {
  it('shows it as running, with its actions so far, until it ends', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    const running = await eventually(
      () => getRecovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    expect(running).toMatchObject({ status: 'running', finishedAt: null });
    expect(running.actions[0]).toMatchObject({ action: 'restart', status: 'done', verification: 'running' });
    await setMode(id, 'healthy');
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
  });
});

describe('a recovery whose steps fail', () => {
  it('survives one failure of every step and acts once', async () => {
    await modifyWorkflows(async (instance) => {
      await instance.disableRetryDelays();
      for (const name of ['plan', '0 guard 0', '0 restart', 'record 0 done', '0 verify', 'end', 'close']) {
        await instance.mockStepError({ name }, new Error('the step was cut short'), 1);
      }
    });
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(1);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });
});
