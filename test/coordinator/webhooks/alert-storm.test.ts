import { runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IncidentReport } from '../../../src/core/incident/incident-report.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import {
  advanceClock,
  attempt,
  attemptResult,
  coordinatorWithWebhook,
  deliveriesOf,
  eventAbout,
  handedOver,
  orderOf,
  webhookStatus,
} from '../hooked-coordinator.ts';

const SECOND = 1_000;
const SLACK = { format: 'slack', types: ['incident.*'] } as const;
const ALERTMANAGER = {
  format: 'alertmanager',
  url: 'http://127.0.0.1:1/api/v2/alerts',
  types: ['incident.*'],
} as const;

beforeEach(() => {
  // The clock stands still between its steps, however long the calls take.
  advanceClock(0);
});

afterEach(() => {
  vi.useRealTimers();
});

let recoveries = 0;

const raise = (componentId: string, more: Partial<IncidentReport> = {}): IncidentReport => ({
  componentId,
  componentType: 'task_router',
  failureType: 'connection_failure',
  severity: 'critical',
  recoveryId: `r-${String(++recoveries).padStart(32, '0')}`,
  title: `${componentId}: manual action needed`,
  summary: 'nothing helped',
  at: Date.now(),
  ...more,
});

const resolved = (componentId: string, incidentId: string) =>
  eventAbout(componentId, { type: 'incident.resolved', key: `${incidentId}:resolved`, data: { incidentId } });

async function later(api: FreshCoordinator, ms: number): Promise<void> {
  advanceClock(ms);
  await api.sweep(Date.now());
}

const states = async (api: FreshCoordinator) =>
  (await deliveriesOf(api)).map(({ type, state }) => `${type.slice('incident.'.length)} ${state}`);

/** A receiver that accepts one message a second, as Slack does. Returns what it accepted, and how often it refused. */
async function receive(api: FreshCoordinator, forMs: number) {
  const accepted: { readonly at: number; readonly text: string }[] = [];
  let refusals = 0;
  let last = -Infinity;
  const end = Date.now() + forMs;
  while (Date.now() < end) {
    for (const delivery of await handedOver(api)) {
      if (Date.now() - last < SECOND) {
        refusals++;
        await api.beginDelivery(orderOf(delivery));
        await api.reportDelivery(orderOf(delivery), attemptResult(429, SECOND));
      } else {
        last = Date.now();
        accepted.push({ at: last, text: (JSON.parse((await attempt(api, delivery, 200))!) as { text: string }).text });
      }
    }
    await later(api, 500);
  }
  return { accepted, refusals };
}

describe('twelve components of a type that need an operator at once', () => {
  it('make one message with their number, and one when all have recovered', async () => {
    const api = await coordinatorWithWebhook(SLACK);
    const ids = Array.from({ length: 12 }, (_, at) => `c-${at}`);
    const incidents = new Map<string, string>();
    for (const id of ids) incidents.set(id, (await api.raiseIncident(raise(id))).incidentId);
    const first = await receive(api, 10 * SECOND);
    expect(first.accepted.map(({ text }) => text)).toEqual([
      'Incident (critical): 12 components of task_router: manual action needed',
    ]);
    await api.raiseIncident(raise('c-12'));
    expect((await receive(api, 50 * SECOND)).accepted).toEqual([]);
    expect((await receive(api, 20 * SECOND)).accepted.map(({ text }) => text)).toEqual([
      'Incident (critical): 13 components of task_router: manual action needed',
    ]);
    for (const [id, incidentId] of incidents) await api.publish([resolved(id, incidentId)], null);
    // One of them still needs an operator.
    expect((await receive(api, 70 * SECOND)).accepted).toEqual([]);
    const [open] = await api.openIncidents('', 10);
    await api.publish([resolved('c-12', open!.incidentId)], null);
    expect((await receive(api, 10 * SECOND)).accepted.map(({ text }) => text)).toEqual([
      'Resolved: 13 components of task_router: all incidents resolved',
    ]);
  });

  it('of five classes of failure reach a channel that takes one message a second within ten seconds', async () => {
    const api = await coordinatorWithWebhook(SLACK);
    const causes = [
      'connection_failure',
      'timeout_failure',
      'health_check_failure',
      'internal_error',
      'dependency_failure',
    ];
    for (const [at, failureType] of causes.entries())
      for (let each = 0; each < 3; each++) await api.raiseIncident(raise(`c-${at}-${each}`, { failureType }));
    const { accepted, refusals } = await receive(api, 12 * SECOND);
    expect(accepted).toHaveLength(5);
    // Four were under way at the first refusal; afterwards the channel sets the pace.
    expect(refusals).toBeLessThanOrEqual(4);
    expect(await webhookStatus(api)).toMatchObject({ pending: 0, dead: 0, webhook: { failingSince: null } });
    expect((await deliveriesOf(api)).every(({ failures }) => failures === 0)).toBe(true);
  });

  it('of sixty types make thirty messages at once, then one each two seconds', async () => {
    const api = await coordinatorWithWebhook(SLACK);
    for (let at = 0; at < 60; at++) await api.raiseIncident(raise(`c-${at}`, { componentType: `t_${at}` }));
    await later(api, 6 * SECOND);
    expect(await deliveriesOf(api)).toHaveLength(30);
    await later(api, 20 * SECOND);
    expect(await deliveriesOf(api)).toHaveLength(40);
  });
});

describe('a group whose stored event cannot be read', () => {
  it('does not keep the others from being sent', async () => {
    const api = await coordinatorWithWebhook(SLACK);
    for (const failureType of ['timeout_failure', 'internal_error'])
      await api.raiseIncident(raise(failureType.slice(0, 1), { failureType }));
    await runInDurableObject(api.stub, (_, { storage }) => {
      storage.sql.exec(`UPDATE alert_groups SET event = '{"broken' WHERE failure_type = 'internal_error'`);
    });
    await later(api, 6 * SECOND);
    expect((await deliveriesOf(api)).map(({ subject }) => subject)).toEqual(['t']);
  });
});

describe('an alert channel', () => {
  it('that refuses the warning receives the critical alert next', async () => {
    const api = await coordinatorWithWebhook(ALERTMANAGER);
    await api.raiseIncident(raise('a', { severity: 'warning' }));
    const [warning] = await handedOver(api);
    await attempt(api, warning!, 400);
    await api.raiseIncident(raise('a'));
    const [critical] = await handedOver(api);
    expect(await attempt(api, critical!, 200)).toContain('"severity":"critical"');
    expect(await states(api)).toEqual(['opened dead', 'opened delivered']);
  });

  it('that is down receives only the newest state of an incident', async () => {
    const api = await coordinatorWithWebhook(ALERTMANAGER);
    await api.raiseIncident(raise('a', { severity: 'warning' }));
    await attempt(api, (await handedOver(api))[0]!, 503);
    await api.raiseIncident(raise('a'));
    expect(await states(api)).toEqual(['opened superseded', 'opened handed']);
  });

  it('receives the newest state next when an older one comes back from its attempt', async () => {
    const api = await coordinatorWithWebhook(ALERTMANAGER);
    await api.raiseIncident(raise('a', { severity: 'warning' }));
    const [warning] = await handedOver(api);
    await api.beginDelivery(orderOf(warning!));
    await api.raiseIncident(raise('a'));
    expect(await states(api)).toEqual(['opened sending', 'opened waiting']);
    await api.reportDelivery(orderOf(warning!), attemptResult(503));
    expect(await states(api)).toEqual(['opened superseded', 'opened handed']);
  });

  it('is not told of the end of an incident whose alert it never received', async () => {
    const api = await coordinatorWithWebhook(ALERTMANAGER);
    const { incidentId } = await api.raiseIncident(raise('a'));
    await attempt(api, (await handedOver(api))[0]!, 503);
    await api.publish([resolved('a', incidentId)], null);
    expect(await states(api)).toEqual(['opened superseded', 'resolved superseded']);
    expect(await webhookStatus(api)).toMatchObject({ pending: 0, dead: 0 });
  });

  it('receives the end of an incident whose alert may have arrived', async () => {
    const api = await coordinatorWithWebhook(ALERTMANAGER);
    const { incidentId } = await api.raiseIncident(raise('a'));
    await attempt(api, (await handedOver(api))[0]!, null);
    await api.publish([resolved('a', incidentId)], null);
    expect(await states(api)).toEqual(['opened superseded', 'resolved handed']);
  });

  it('of some components receives a group with those components only', async () => {
    const api = await coordinatorWithWebhook({ ...SLACK, subjects: ['b-*'] });
    for (const id of ['a-1', 'b-1', 'b-2', 'c-1']) await api.raiseIncident(raise(id));
    await later(api, 6 * SECOND);
    const [delivery] = await handedOver(api);
    const sent = await attempt(api, delivery!, 200);
    expect(sent).toContain('2 components of task_router');
    expect(sent).not.toMatch(/a-1|c-1/);
  });

  it('is alerted again once all incidents of the group are acknowledged and another one opens', async () => {
    const api = await coordinatorWithWebhook({ format: 'pagerduty', types: ['incident.*'], routingKey: 'k' });
    const { incidentId } = await api.raiseIncident(raise('a'));
    const next = async () => JSON.parse((await attempt(api, (await handedOver(api))[0]!, 202))!);
    await later(api, 6 * SECOND);
    expect(await next()).toMatchObject({ event_action: 'trigger', dedup_key: incidentId });
    const acknowledged = { type: 'incident.acknowledged', data: { incidentId } } as const;
    await api.publish([eventAbout('a', acknowledged)], null);
    await later(api, 6 * SECOND);
    expect(await next()).toMatchObject({ event_action: 'acknowledge', dedup_key: incidentId });
    const other = await api.raiseIncident(raise('b'));
    await api.evict();
    await later(api, 6 * SECOND);
    expect(await next()).toMatchObject({ event_action: 'trigger', dedup_key: other.incidentId });
  });
});
