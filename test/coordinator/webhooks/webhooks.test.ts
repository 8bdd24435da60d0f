import { runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import {
  ACTOR,
  HOOK,
  eventAbout,
  deliveriesOf,
  attemptResult,
  attempt,
  draft,
  handedOver,
  coordinatorWithWebhook,
  deliveryById,
  orderOf,
  advanceClock,
  webhookStatus,
  typesIn,
} from '../hooked-coordinator.ts';

const HOUR = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

describe('a webhook', () => {
  it('that responds with 410 is disabled at once, keeps its pending deliveries, and catches up when enabled', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a'), eventAbout('b')], null);
    const [first, second] = await handedOver(api);
    // Both attempts are in progress when the first gets 410.
    for (const delivery of [first!, second!]) await api.beginDelivery(orderOf(delivery));
    for (const delivery of [first!, second!]) await api.reportDelivery(orderOf(delivery), attemptResult(410));
    expect((await webhookStatus(api)).webhook.state).toMatchObject({ kind: 'disabled', reason: 'gone' });
    await api.publish([eventAbout('a'), eventAbout('c')], null);
    await api.sweep(Date.now());
    expect(await deliveriesOf(api)).toHaveLength(2);
    await api.evict();
    const enabled = { id: HOOK, settings: {}, enabled: true, ifRevision: null };
    await api.changeWebhook(enabled, ACTOR);
    await api.changeWebhook(enabled, ACTOR);
    expect((await deliveriesOf(api)).map(({ subject }) => subject)).toEqual(['a', 'b', 'a', 'c']);
    expect((await webhookStatus(api)).webhook).toMatchObject({ behindAfter: null, missed: 0 });
    await attempt(api, await deliveryById(api, first!.id), 200);
    const types = (await typesIn(api)).filter((type) => type.startsWith('webhook.'));
    expect(types).toEqual(['webhook.created', 'webhook.disabled', 'webhook.enabled']);
  });

  it('that was disabled for longer than the log retains shows how many events it missed', async () => {
    const api = await coordinatorWithWebhook();
    await api.changeWebhook({ id: HOOK, settings: {}, enabled: false, ifRevision: null }, ACTOR);
    await api.publish(
      ['a', 'b', 'c'].map((subject) => eventAbout(subject)),
      null,
    );
    await runInDurableObject(
      api.stub,
      (_, state) => void state.storage.sql.exec(`DELETE FROM events WHERE subject <> 'c'`),
    );
    await api.changeWebhook({ id: HOOK, settings: {}, enabled: true, ifRevision: null }, ACTOR);
    expect((await deliveriesOf(api)).map(({ subject }) => subject)).toEqual(['c']);
    // Includes the event of its own disabling.
    expect((await webhookStatus(api)).webhook.missed).toBe(3);
  });

  it('with the maximum of pending deliveries takes further events from the log later, in order', async () => {
    const api = await coordinatorWithWebhook();
    const fill = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      INSERT INTO webhook_deliveries (id, webhook_id, sequence, type, subject, payload, state, created_at)
      SELECT 'x-' || i, '${HOOK}', 0, 'component.failed', 'x', '{}', 'waiting', 0 FROM n`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(fill));
    await api.publish([eventAbout('a'), eventAbout('a'), eventAbout('b')], null);
    expect(await webhookStatus(api)).toMatchObject({ pending: 5_000, webhook: { behindAfter: 1, missed: 0 } });
    const free = `DELETE FROM webhook_deliveries WHERE subject = 'x' AND place > 4400`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(free));
    await api.evict();
    await api.publish([eventAbout('b')], null);
    await api.sweep(Date.now());
    const { webhook, pending } = await webhookStatus(api);
    expect([webhook.behindAfter, pending]).toEqual([null, 4_404]);
    const rest = (await deliveriesOf(api)).filter(({ subject }) => subject !== 'x');
    expect(rest.map(({ subject, sequence, state }) => `${subject} ${sequence} ${state}`)).toEqual([
      'a 2 handed',
      'a 3 waiting',
      'b 4 handed',
      'b 5 waiting',
    ]);
  });

  it('misses no future event when it is replayed from beyond the end of the log', async () => {
    const api = await coordinatorWithWebhook();
    const fill = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      INSERT INTO webhook_deliveries (id, webhook_id, sequence, type, subject, payload, state, created_at)
      SELECT 'x-' || i, '${HOOK}', 0, 'component.failed', 'x', '{}', 'waiting', 0 FROM n`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(fill));
    await api.replayWebhook(HOOK, 1_000_000, ACTOR);
    await api.publish([eventAbout('a')], null);
    const free = `DELETE FROM webhook_deliveries WHERE subject = 'x'`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(free));
    await api.sweep(Date.now());
    expect((await deliveriesOf(api)).map(({ subject }) => subject)).toEqual(['a']);
  });

  it('can be replayed from a sequence of the log, under the same delivery ids', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish(
      ['a', 'a', 'b'].map((subject) => eventAbout(subject)),
      null,
    );
    for (let round = 0; round < 2; round++)
      for (const delivery of await handedOver(api)) await attempt(api, delivery, 200);
    const before = await deliveriesOf(api);
    expect(before.every(({ state }) => state === 'delivered')).toBe(true);
    await api.replayWebhook(HOOK, before[0]!.sequence, ACTOR);
    await api.evict();
    expect((await webhookStatus(api)).webhook.missed).toBe(0);
    expect((await deliveriesOf(api)).map(({ id, state }) => [id, state])).toEqual([
      [before[0]!.id, 'delivered'],
      [before[1]!.id, 'handed'],
      [before[2]!.id, 'handed'],
    ]);
  });

  it('is created once, is changed only at the named revision, and is deleted with its deliveries', async () => {
    const api = await coordinatorWithWebhook();
    expect(await api.createWebhook(draft(), ACTOR)).toMatchObject({ ok: true, value: { created: false } });
    expect(await api.createWebhook(draft({ types: ['*'] }), ACTOR)).toMatchObject({ reason: 'webhook-exists' });
    const change = { id: HOOK, settings: { description: 'x' }, enabled: null };
    expect(await api.changeWebhook({ ...change, ifRevision: 7 }, ACTOR)).toMatchObject({
      reason: 'precondition-failed',
    });
    expect(await api.changeWebhook({ ...change, ifRevision: 1 }, ACTOR)).toMatchObject({ ok: true });
    await api.publish([eventAbout('a')], null);
    const [delivery] = await handedOver(api);
    expect(await api.removeWebhook(HOOK, 2, ACTOR)).toMatchObject({ ok: true });
    expect(await api.beginDelivery(orderOf(delivery!))).toBeNull();
    await api.reportDelivery(orderOf(delivery!), attemptResult(200));
    expect(await api.webhook(HOOK)).toBeNull();
    // The id can be reused, and all changes are audited.
    await api.createWebhook(draft(), ACTOR);
    expect(await deliveriesOf(api)).toEqual([]);
    const audited = (await api.pendingAuditEntries(10)).map(({ action }) => action.replace('webhook.', ''));
    expect(audited).toEqual(['create', 'change', 'delete', 'create']);
    expect(JSON.stringify(await api.pendingAuditEntries(10))).not.toMatch(/whsec_|\/hook/);
  });

  it('signs with two secrets for a day after its secret was rotated', async () => {
    const api = await coordinatorWithWebhook();
    const fresh = `whsec_${btoa('y'.repeat(32))}`;
    await api.rotateWebhookSecret({ id: HOOK, secret: fresh, ifRevision: null }, ACTOR);
    await api.rotateWebhookSecret({ id: HOOK, secret: fresh, ifRevision: null }, ACTOR);
    const secrets = [fresh, draft().secret];
    expect(await api.webhookTest(HOOK, 't-1', ACTOR)).toMatchObject({ ok: true, value: { secrets } });
    advanceClock(25 * HOUR);
    expect(await api.webhookTest(HOOK, 't-1', ACTOR)).toMatchObject({ ok: true, value: { secrets: [fresh] } });
  });

  it('receives no events about itself', async () => {
    const api = await coordinatorWithWebhook({ types: ['*'] });
    await api.createWebhook(draft({ types: ['webhook.*'] }, 'w-2'), ACTOR);
    await api.changeWebhook({ id: 'w-2', settings: { description: 'x' }, enabled: null, ifRevision: null }, ACTOR);
    expect((await deliveriesOf(api)).map(({ type, subject }) => `${type} ${subject}`)).toEqual([
      'webhook.created w-2',
      'webhook.changed w-2',
    ]);
    expect(await deliveriesOf(api, 'w-2')).toEqual([]);
  });
});

const raise = (recovery: number) => ({
  componentId: 'a',
  componentType: 'task_router',
  failureType: 'timeout_failure',
  severity: 'critical' as const,
  recoveryId: `r-${String(recovery).padStart(32, '0')}`,
  title: 't',
  summary: `attempt ${recovery}`,
  at: Date.now(),
});

const keyOf = (sent: string | null | undefined) => JSON.parse(sent!).routing_key;

/** Advances the clock by `minutes`, sweeps, and attempts all deliveries with `status`. Returns the sent payloads. */
async function sentAfter(api: FreshCoordinator, minutes: number, status: number): Promise<(string | null)[]> {
  vi.useRealTimers();
  advanceClock(minutes * 60_000);
  await api.sweep(Date.now());
  return Promise.all((await handedOver(api)).map((delivery) => attempt(api, delivery, status)));
}

describe('an alert channel', () => {
  it('receives due alerts of an incident, its acknowledgement and its end, but not every event', async () => {
    const api = await coordinatorWithWebhook({ format: 'pagerduty', types: ['incident.*'], routingKey: 'k' });
    const { incidentId } = await api.raiseIncident(raise(1));
    // Too early for another alert.
    await api.raiseIncident(raise(2));
    const follow = (type: 'acknowledged' | 'resolved') =>
      eventAbout('a', { key: `${incidentId}:${type}`, type: `incident.${type}`, data: { incidentId } });
    const sent = (await sentAfter(api, 1, 202)).map((payload) => JSON.parse(payload!) as unknown);
    await api.publish([follow('acknowledged'), follow('acknowledged')], null);
    sent.push(...(await sentAfter(api, 2, 202)).map((payload) => JSON.parse(payload!) as unknown));
    await api.publish([follow('resolved')], null);
    sent.push(...(await sentAfter(api, 3, 202)).map((payload) => JSON.parse(payload!) as unknown));
    expect(sent).toMatchObject(
      ['trigger', 'acknowledge', 'resolve'].map((action) => ({ event_action: action, dedup_key: incidentId })),
    );
  });

  it('receives neither the alert nor the end of a silenced incident', async () => {
    const api = await coordinatorWithWebhook({ format: 'slack', types: ['incident.*'] });
    const [createdAt, until] = [Date.now(), Date.now() + HOUR];
    const silence = {
      id: 's-1',
      matchers: { componentId: 'a' },
      comment: 'we know',
      createdBy: 'tests',
      createdAt,
      until,
    };
    await api.addSilence(silence, ACTOR);
    const { incidentId } = await api.raiseIncident(raise(1));
    await api.publish([eventAbout('a', { type: 'incident.resolved', data: { incidentId } })], null);
    expect(await sentAfter(api, 1, 200)).toEqual([]);
    expect(await deliveriesOf(api)).toEqual([]);
  });

  it('of the format alertmanager receives an open incident repeatedly until it is resolved', async () => {
    const api = await coordinatorWithWebhook({
      format: 'alertmanager',
      url: 'http://127.0.0.1:1/api/v2/alerts',
      types: ['incident.*'],
    });
    const sentAt = (minutes: number) => sentAfter(api, minutes, 200);
    const { incidentId } = await api.raiseIncident(raise(1));
    const [first] = await sentAt(0);
    expect(first).toContain(incidentId);
    expect(await sentAt(14)).toEqual([]);
    expect(await sentAt(16)).toEqual([first]);
    await api.evict();
    expect(await sentAt(30)).toEqual([]);
    expect(await sentAt(32)).toEqual([first]);
    const silence = { id: 's-1', matchers: {}, comment: '', createdBy: 'tests', createdAt: Date.now() };
    await api.addSilence({ ...silence, until: Date.now() + 20 * 60_000 }, ACTOR);
    expect(await sentAt(50)).toEqual([]);
    expect(await sentAt(60)).toEqual([first]);
    await api.publish([eventAbout('a', { type: 'incident.resolved', data: { incidentId } })], null);
    expect(await sentAt(61)).toHaveLength(1);
    expect(await sentAt(120)).toEqual([]);
    // The next incident of the same component is independent of the first.
    const silent = { ...silence, id: 's-2', createdAt: Date.now(), until: Date.now() + HOUR };
    await api.addSilence(silent, ACTOR);
    await api.raiseIncident(raise(3));
    expect(await sentAt(150)).toEqual([]);
    expect(await deliveriesOf(api)).toHaveLength(2);
  });

  it('of the format alertmanager is retried soon while an incident is open, unless it requests a delay', async () => {
    const api = await coordinatorWithWebhook({
      format: 'alertmanager',
      url: 'http://127.0.0.1:1/api/v2/alerts',
      types: ['incident.*'],
    });
    await api.raiseIncident(raise(1));
    const [first] = await sentAfter(api, 0, 200);
    // The renewal fails repeatedly, and the next attempt must not wait for hours.
    for (const minutes of [16, 17, 23]) expect(await sentAfter(api, minutes, 500)).toEqual([first]);
    for (const minutes of [40, 60, 80]) expect((await sentAfter(api, minutes, 500))[0]).toEqual(first);
    expect(await sentAfter(api, 100, 503)).toEqual([first]);
    await runInDurableObject(api.stub, (_, { storage }) => {
      storage.sql.exec(`UPDATE webhook_deliveries SET next_at = ?`, Date.now() + 24 * HOUR);
    });
    expect(await sentAfter(api, 130, 200)).toEqual([]);
    // A dead delivery does not end the renewals of an open incident.
    await runInDurableObject(api.stub, (_, { storage }) => {
      storage.sql.exec(`UPDATE webhook_deliveries SET state = 'dead', next_at = NULL, settled_at = ?`, Date.now());
    });
    expect(await sentAfter(api, 150, 200)).toEqual([first]);
    await api.changeWebhook({ id: HOOK, settings: { subjects: ['b'] }, enabled: null, ifRevision: null }, ACTOR);
    expect(await sentAfter(api, 200, 200)).toEqual([]);
  });

  it('receives pending deliveries with the current routing key, at once after that is changed', async () => {
    const api = await coordinatorWithWebhook({ format: 'pagerduty', types: ['incident.*'], routingKey: 'wrong' });
    await api.raiseIncident(raise(1));
    expect((await sentAfter(api, 1, 400)).map(keyOf)).toEqual(['wrong']);
    await api.changeWebhook({ id: HOOK, settings: { routingKey: 'right' }, enabled: null, ifRevision: null }, ACTOR);
    expect((await Promise.all((await handedOver(api)).map((each) => attempt(api, each, 202)))).map(keyOf)).toEqual([
      'right',
    ]);
  });
});
