import { runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IncidentReport } from '../../../src/core/incident/incident-report.ts';
import type { WebhookSettings } from '../../../src/core/webhook/webhook.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';
import { ACTOR, advanceClock, deliveriesOf, draft, eventAbout } from '../hooked-coordinator.ts';

const CHANNELS: Readonly<Record<string, Partial<WebhookSettings>>> = {
  slack: { format: 'slack' },
  pager: { format: 'pagerduty', routingKey: 'k' },
  prometheus: { format: 'alertmanager', url: 'http://127.0.0.1:1/api/v2/alerts' },
};

beforeEach(() => {
  // The clock stands still between its steps, however long the calls take.
  advanceClock(0);
});

afterEach(() => {
  vi.useRealTimers();
});

async function withChannels(more: Readonly<Record<string, Partial<WebhookSettings>>> = {}): Promise<FreshCoordinator> {
  const api = freshCoordinator();
  for (const [id, settings] of Object.entries({ ...CHANNELS, ...more }))
    await api.createWebhook(draft({ types: ['incident.*'], ...settings }, id), ACTOR);
  return api;
}

const raise = (more: Partial<IncidentReport> = {}): IncidentReport => ({
  componentId: 'a',
  componentType: 'task_router',
  failureType: 'timeout_failure',
  severity: 'warning',
  recoveryId: 'r-1',
  title: 'a: manual action needed',
  summary: 'the component failed',
  at: Date.now(),
  ...more,
});

/** Deliveries per channel, after the time in which a group waits for its members. */
async function sent(api: FreshCoordinator, channels = Object.keys(CHANNELS)): Promise<Record<string, number>> {
  advanceClock(61_000);
  await api.sweep(Date.now());
  const counts = channels.map(async (id) => [id, (await deliveriesOf(api, id)).length] as const);
  return Object.fromEntries(await Promise.all(counts));
}

async function payloads(api: FreshCoordinator, channel: string) {
  const sql = 'SELECT payload FROM webhook_deliveries WHERE webhook_id = ? ORDER BY place';
  const rows = await runInDurableObject(api.stub, (_, { storage }) => [
    ...storage.sql.exec<{ payload: string }>(sql, channel),
  ]);
  return rows.map(({ payload }) => JSON.parse(payload));
}

const raisedEvents = async (api: FreshCoordinator) =>
  (await api.events({ after: 0, types: null, limit: 50, newest: false })).filter(({ type }) =>
    type.startsWith('incident.'),
  );

describe('an alert with a target', () => {
  it.each(Object.keys(CHANNELS))('reaches only %s, and so does its end', async (target) => {
    const api = await withChannels();
    const { incidentId } = await api.raiseIncident(raise({ target }));
    await api.evict();
    const others = { slack: 0, pager: 0, prometheus: 0 };
    expect(await sent(api)).toEqual({ ...others, [target]: 1 });
    await api.publish([eventAbout('a', { type: 'incident.resolved', data: { incidentId } })], null);
    // The earlier alert may have arrived, so its end follows.
    const ended = await sent(api);
    expect({ ...ended, [target]: 0 }).toEqual(others);
  });

  it('reaches all channels without a target', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise());
    expect(await sent(api)).toEqual({ slack: 1, pager: 1, prometheus: 1 });
  });

  it('reaches all channels if its target was deleted or disabled, or does not select the component', async () => {
    const plain = { format: 'cloudevents', types: ['config.*'] } as const;
    const other = { format: 'slack', subjects: ['b-*'] } as const;
    for (const target of ['gone', 'slack', 'plain', 'other']) {
      const api = await withChannels({ plain, other });
      await api.changeWebhook({ id: 'slack', settings: {}, enabled: false, ifRevision: null }, ACTOR);
      await api.raiseIncident(raise({ target }));
      expect([target, await sent(api)]).toEqual([target, { slack: 1, pager: 1, prometheus: 1 }]);
    }
  });

  it('reaches a further channel at once when another action names it, and all when a report names none', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise({ target: 'slack' }));
    expect(await sent(api)).toEqual({ slack: 1, pager: 0, prometheus: 0 });
    const second = raise({ target: 'pager' });
    await api.raiseIncident(second);
    await api.evict();
    await api.raiseIncident(second);
    expect(await sent(api)).toEqual({ slack: 2, pager: 1, prometheus: 0 });
    await api.raiseIncident(raise({ severity: 'critical' }));
    expect(await sent(api)).toEqual({ slack: 3, pager: 2, prometheus: 1 });
    expect((await raisedEvents(api)).map(({ type }) => type)).toEqual(Array(3).fill('incident.opened'));
  });

  it('says nothing new when a later action names a channel that already has the alert', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise());
    await api.raiseIncident(raise({ target: 'slack' }));
    expect(await sent(api)).toEqual({ slack: 1, pager: 1, prometheus: 1 });
    expect(await raisedEvents(api)).toHaveLength(1);
  });

  it('keeps its target while a silence holds it back', async () => {
    const api = await withChannels();
    const until = Date.now() + 60_000;
    const silence = {
      id: 's-1',
      matchers: { componentId: 'a' },
      comment: 'c',
      createdBy: 't',
      createdAt: Date.now(),
      until,
    };
    await api.addSilence(silence, ACTOR);
    await api.raiseIncident(raise({ target: 'prometheus' }));
    await api.evict();
    expect(await sent(api)).toEqual({ slack: 0, pager: 0, prometheus: 1 });
  });

  it('is counted in a group only for its own channels', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise({ componentId: 'a', recoveryId: 'r-1', target: 'slack', priority: 'critical' }));
    await api.raiseIncident(raise({ componentId: 'b', recoveryId: 'r-2', target: 'pager', priority: 'low' }));
    await api.raiseIncident(raise({ componentId: 'c', recoveryId: 'r-3', target: 'pager', priority: 'high' }));
    expect(await sent(api)).toEqual({ slack: 1, pager: 1, prometheus: 0 });
    const [page] = await payloads(api, 'pager');
    expect(page.payload.custom_details.group).toEqual({ open: 2, total: 2, componentIds: ['b', 'c'] });
    // The highest priority of its own components.
    expect(page.payload.severity).toBe('error');
    expect((await payloads(api, 'slack'))[0].text).toContain('1 component of task_router');
  });
});

describe('the priority of an incident', () => {
  it.each([
    ['low', 'info'],
    ['medium', 'warning'],
    ['high', 'error'],
    ['critical', 'critical'],
  ] as const)('%s is in the event and in each message; PagerDuty shows %s', async (priority, severity) => {
    const api = await withChannels();
    expect(await api.raiseIncident(raise({ priority }))).toMatchObject({ priority });
    await api.evict();
    await sent(api);
    expect((await raisedEvents(api))[0]!.data).toMatchObject({ severity: 'warning', priority });
    expect((await payloads(api, 'pager'))[0].payload).toMatchObject({ severity, custom_details: { priority } });
    expect((await payloads(api, 'slack'))[0].text).toContain(`(warning, priority ${priority})`);
    expect((await payloads(api, 'prometheus'))[0][0].labels).toMatchObject({ severity: 'warning', priority });
    expect(await api.openIncidents('', 10)).toMatchObject([{ priority }]);
  });

  it('is absent without an action that gives one, and the messages are as before', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise());
    await sent(api);
    expect((await raisedEvents(api))[0]!.data).toMatchObject({ priority: null });
    expect((await payloads(api, 'pager'))[0].payload.severity).toBe('warning');
    expect((await payloads(api, 'prometheus'))[0][0].labels).not.toHaveProperty('priority');
  });

  it('only rises while the incident is open, with an event and an alert for each rise', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise({ priority: 'medium' }));
    await sent(api);
    expect(await api.raiseIncident(raise({ priority: 'high' }))).toMatchObject({ priority: 'high', repeats: 0 });
    expect(await sent(api)).toEqual({ slack: 2, pager: 2, prometheus: 2 });
    expect(await api.raiseIncident(raise({ priority: 'low' }))).toMatchObject({ priority: 'high', repeats: 0 });
    expect(await sent(api)).toEqual({ slack: 2, pager: 2, prometheus: 2 });
    // A failed recovery whose policy gives no priority.
    expect(await api.raiseIncident(raise({ severity: 'critical' }))).toMatchObject({ priority: 'critical' });
    expect((await raisedEvents(api)).map(({ type, data }) => [type, data['severity'], data['priority']])).toEqual([
      ['incident.opened', 'warning', 'medium'],
      ['incident.opened', 'warning', 'high'],
      ['incident.opened', 'critical', 'critical'],
    ]);
  });

  it('is absent in incidents that were stored before priorities existed', async () => {
    const api = await withChannels();
    await api.raiseIncident(raise());
    await runInDurableObject(api.stub, (_, { storage }) => {
      for (const table of ['open_incidents', 'alert_group_members']) {
        storage.sql.exec(`ALTER TABLE ${table} DROP COLUMN priority`);
        storage.sql.exec(`ALTER TABLE ${table} DROP COLUMN targets`);
      }
      storage.sql.exec('ALTER TABLE incident_raises DROP COLUMN priority');
    });
    await api.evict();
    expect(await api.openIncidents('', 10)).toMatchObject([{ priority: null, targets: null }]);
    expect(await api.raiseIncident(raise())).toMatchObject({ repeats: 0, priority: null });
    expect(await sent(api)).toEqual({ slack: 1, pager: 1, prometheus: 1 });
  });
});
