import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, setMode } from '../support/coordinator-http.ts';
import {
  registerFailing,
  beginWithoutWorkflow,
  controlLog,
  awaitEnd,
  eventsOf,
  incidentsOf,
  modifyWorkflows,
  withControl,
} from './failing-component.ts';

const withoutControl = () => ({});

describe.concurrent('a recovery that cannot restart its component', () => {
  it('counts its attempts, fails, opens a critical incident and delays the next recovery', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'down-refuses-control');
    const found = await awaitEnd(recoveryId);
    expect(found.status).toBe('failed');
    expect(found.actions).toMatchObject([
      { position: 0, action: 'restart', status: 'failed', attempts: 3, verification: 'none' },
      { position: 1, action: 'restart', status: 'failed', attempts: 3, verification: 'none' },
    ]);
    for (const action of found.actions) expect(action.detail).toContain('HTTP 500');
    expect(await controlLog(id)).toMatchObject({ control: [], refusals: 6 });

    const incidents = await incidentsOf(id);
    expect(incidents).toMatchObject([
      { id: found.incidentId, status: 'open', severity: 'critical', recoveryId, componentId: id, resolvedAt: null },
    ]);
    const opened = await eventsOf(id, 'incident.');
    expect(opened.map((event) => event.type)).toEqual(['incident.opened']);
    expect(opened[0]!.data).toMatchObject({ incidentId: found.incidentId, severity: 'critical', recoveryId });
    const [last] = (await eventsOf(id, 'recovery.')).toReversed();
    expect(last).toMatchObject({ type: 'recovery.failed', data: { recoveryId, outcome: 'failed' } });
    expect(last!.data).toMatchObject({ durationMs: expect.any(Number), actions: 2 });
    expect(last!.data['error']).toMatch(/^restart: .*HTTP 500/);
    expect(found).toMatchObject({ durationMs: expect.any(Number), error: last!.data['error'] });

    for (let reported = 0; reported < 4; reported++) {
      const result = await registry.api.reportFailure(id, { message: 'it failed me' }, null);
      expect(result).toMatchObject({ value: { recoveryId: null } });
    }
    expect((await call('GET', `/v1/recoveries?componentId=${id}`)).body.items).toHaveLength(1);
  });
});

describe.concurrent('an alert before a recovery that fails', () => {
  it('is one incident: a warning first, then critical, with an event for each', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'down-refuses-control');
    await registry.register(id, withControl());
    const panic = { code: 'PANIC', message: 'it broke down' };
    for (let reported = 0; reported < 3; reported++) await registry.api.reportFailure(id, panic, null);
    const { recoveryId } = await registry.read(id);
    const [warning] = await eventually(
      () => incidentsOf(id),
      (all) => all.length > 0,
    );
    expect(warning).toMatchObject({ status: 'open', severity: 'warning' });
    const found = await awaitEnd(recoveryId!);
    expect(found).toMatchObject({ status: 'failed', failureType: 'internal_error', incidentId: warning!['id'] });
    expect(found.actions.map((each) => each.action)).toEqual(['alert', 'restart', 'restart']);
    expect(await incidentsOf(id)).toMatchObject([{ id: warning!['id'], status: 'open', severity: 'critical' }]);
    const incidentEvents = (await eventsOf(id, 'incident.')).map((event) => [event.type, event.data['severity']]);
    expect(incidentEvents).toEqual([
      ['incident.opened', 'warning'],
      ['incident.opened', 'critical'],
    ]);
  });
});

describe('alerts with a target and a priority', () => {
  it('are planned and shown so; the last action also says where the failure is reported', async () => {
    await modifyWorkflows((instance) => instance.forceEventTimeout({ name: '1 signal 0' }));
    const registry = freshRegistry();
    const actions = [
      { action: 'alert', target: 'dev-slack', priority: 'low' },
      { action: 'alert', target: 'pager', priority: 'high' },
    ] as const;
    await registry.api.configureType({ revision: 1, overrides: { recovery: { health_check_failure: { actions } } } });
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    const found = await awaitEnd(recoveryId);
    expect(found).toMatchObject({ status: 'failed', plan: actions });
    expect(await incidentsOf(id)).toMatchObject([{ severity: 'critical', priority: 'high', recoveryId }]);
    const raised = (await eventsOf(id, 'incident.')).map(({ type, data }) => [
      type,
      data['severity'],
      data['priority'],
    ]);
    expect(raised).toEqual([
      ['incident.opened', 'warning', 'low'],
      ['incident.opened', 'warning', 'high'],
      ['incident.opened', 'critical', 'high'],
    ]);
    const open = await coordinator().openIncidents('', 500);
    expect(open.find(({ componentId }) => componentId === id)).toMatchObject({ targets: ['dev-slack', 'pager'] });
  });
});

describe.concurrent('a component that cannot be restarted', () => {
  it('gets an alert, and its recovery succeeds once the component becomes healthy by itself', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'unavailable', withoutControl);
    const [incident] = await eventually(
      () => incidentsOf(id),
      (all) => all.length > 0,
    );
    expect(incident).toMatchObject({ status: 'open', severity: 'warning', recoveryId });
    expect((await registry.read(id)).recoveryId).toBe(recoveryId);

    await setMode(id, 'healthy');
    const found = await awaitEnd(recoveryId);
    expect(found.status).toBe('successful');
    expect(found.actions).toMatchObject([{ action: 'alert', status: 'done', verification: 'proven' }]);
    expect(await incidentsOf(id)).toMatchObject([{ id: incident!['id'], status: 'resolved' }]);
    const incidentEvents = await eventually(
      () => eventsOf(id, 'incident.'),
      (all) => all.length >= 2,
    );
    expect(incidentEvents.map((event) => event.type)).toEqual(['incident.opened', 'incident.resolved']);
    expect((await controlLog(id)).control).toEqual([]);
  });
});

describe.concurrent('incident operations', () => {
  it('acknowledge and resolve an incident, each once when repeated', async () => {
    const registry = freshRegistry();
    const { id } = await registerFailing(registry, 'unavailable', withoutControl);
    const [incident] = await eventually(
      () => incidentsOf(id),
      (all) => all.length > 0,
    );
    const path = `/v1/incidents/${String(incident!['id'])}`;
    const acknowledged = await call('POST', `${path}/acknowledge`);
    expect(acknowledged).toMatchObject({ status: 200, body: { status: 'acknowledged', resolvedAt: null } });
    expect((await call('POST', `${path}/acknowledge`)).body).toEqual(acknowledged.body);
    const closed = await call('POST', `${path}/resolve`);
    expect(closed).toMatchObject({ status: 200, body: { status: 'resolved' } });
    expect((await call('POST', `${path}/resolve`)).body).toEqual(closed.body);
    const { body: shown } = await call('GET', path);
    expect(shown).toMatchObject(closed.body);
    expect(shown.recovery).toMatchObject({ componentId: id, failureId: expect.stringMatching(/^f-/) });
    expect(shown.failures.map((failure: { id: string }) => failure.id)).toContain(shown.recovery.failureId);
    const entries = shown.timeline as { kind: string; by: string | null }[];
    expect(entries.map(({ kind }) => kind)).toEqual([
      'recovery-started',
      'opened',
      'alerted',
      'recovery-action',
      'acknowledged',
      'resolved',
    ]);
    expect(entries.slice(-2).map(({ by }) => by)).toEqual(['admin key', 'admin key']);
    expect(await call('POST', `${path}/acknowledge`)).toMatchObject({
      status: 409,
      body: { code: 'incident-closed' },
    });
    const incidentEvents = (await eventsOf(id, 'incident.')).map((event) => event.type);
    expect(incidentEvents).toEqual(['incident.opened', 'incident.acknowledged', 'incident.resolved']);
  });

  it('respond 404 for an unknown incident', async () => {
    const path = `/v1/incidents/i-${'0'.repeat(32)}`;
    for (const [method, url] of [
      ['GET', path],
      ['POST', `${path}/acknowledge`],
      ['POST', `${path}/resolve`],
    ] as const) {
      expect((await call(method, url)).status).toBe(404);
    }
  });
});

describe('a recovery whose actions prove nothing', () => {
  it('continues with the next action when the first is unproven, each with its own idempotency key', async () => {
    await modifyWorkflows(async (instance) => {
      await instance.forceEventTimeout({ name: '0 signal 0' });
      await instance.forceEventTimeout({ name: '1 signal 0' });
    });
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    const found = await awaitEnd(recoveryId);
    expect(found.status).toBe('failed');
    expect(found.actions.map((each) => [each.status, each.verification])).toEqual([
      ['done', 'unproven'],
      ['done', 'unproven'],
    ]);
    const keys = (await controlLog(id)).control.map((each) => each.idempotencyKey);
    expect(keys).toEqual([`${recoveryId}-0`, `${recoveryId}-1`]);
    expect(await incidentsOf(id)).toMatchObject([{ severity: 'critical' }]);
  });

  it('ends as timeout once its deadline has passed, with an incident', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, withControl());
    const order = await beginWithoutWorkflow(registry, id);
    await modifyWorkflows((instance) => instance.forceEventTimeout({ name: '0 signal 0' }));
    await env.RECOVERY_WORKFLOW.create({ id: order.recoveryId, params: { ...order, deadline: Date.now() } });
    const found = await awaitEnd(order.recoveryId);
    expect(found.status).toBe('timeout');
    expect(found.actions).toHaveLength(1);
    expect(await incidentsOf(id)).toMatchObject([{ severity: 'critical', status: 'open' }]);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });
});
