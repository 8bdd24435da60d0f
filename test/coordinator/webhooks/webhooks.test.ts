import { runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import {
  ACTOR,
  HOOK,
  about,
  all,
  answered,
  attempt,
  draft,
  handed,
  hooked,
  one,
  orderOf,
  pass,
  standing,
  typesIn,
} from '../hooked-coordinator.ts';

const HOUR = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

describe('a webhook', () => {
  it('that answers 410 is disabled at once, keeps what it is owed, and catches up when it is enabled', async () => {
    const api = await hooked();
    await api.publish([about('a'), about('b')], null);
    const [first, second] = await handed(api);
    // Both are under way when the first says so.
    for (const delivery of [first!, second!]) await api.beginDelivery(orderOf(delivery));
    for (const delivery of [first!, second!]) await api.reportDelivery(orderOf(delivery), answered(410));
    expect((await standing(api)).webhook.state).toMatchObject({ kind: 'disabled', reason: 'gone' });
    await api.publish([about('a'), about('c')], null);
    await api.sweep(Date.now());
    expect(await all(api)).toHaveLength(2);
    await api.evict();
    const enabled = { id: HOOK, settings: {}, enabled: true, ifRevision: null };
    await api.changeWebhook(enabled, ACTOR);
    await api.changeWebhook(enabled, ACTOR);
    expect((await all(api)).map(({ subject }) => subject)).toEqual(['a', 'b', 'a', 'c']);
    expect((await standing(api)).webhook).toMatchObject({ behindAfter: null, missed: 0 });
    await attempt(api, await one(api, first!.id), 200);
    const told = (await typesIn(api)).filter((type) => type.startsWith('webhook.'));
    expect(told).toEqual(['webhook.created', 'webhook.disabled', 'webhook.enabled']);
  });

  it('that was away for longer than the log reaches is told how much it missed', async () => {
    const api = await hooked();
    await api.changeWebhook({ id: HOOK, settings: {}, enabled: false, ifRevision: null }, ACTOR);
    await api.publish(
      ['a', 'b', 'c'].map((subject) => about(subject)),
      null,
    );
    await runInDurableObject(
      api.stub,
      (_, state) => void state.storage.sql.exec(`DELETE FROM events WHERE subject <> 'c'`),
    );
    await api.changeWebhook({ id: HOOK, settings: {}, enabled: true, ifRevision: null }, ACTOR);
    expect((await all(api)).map(({ subject }) => subject)).toEqual(['c']);
    // Its own being disabled as well.
    expect((await standing(api)).webhook.missed).toBe(3);
  });

  it('that is owed as much as may be owed takes the rest from the log as there is room, in order', async () => {
    const api = await hooked();
    const fill = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      INSERT INTO webhook_deliveries (id, webhook_id, sequence, type, subject, payload, state, created_at)
      SELECT 'x-' || i, '${HOOK}', 0, 'component.failed', 'x', '{}', 'waiting', 0 FROM n`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(fill));
    await api.publish([about('a'), about('a'), about('b')], null);
    expect(await standing(api)).toMatchObject({ owed: 5_000, webhook: { behindAfter: 1, missed: 0 } });
    const free = `DELETE FROM webhook_deliveries WHERE subject = 'x' AND place > 4400`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(free));
    await api.evict();
    await api.publish([about('b')], null);
    await api.sweep(Date.now());
    const { webhook, owed } = await standing(api);
    expect([webhook.behindAfter, owed]).toEqual([null, 4_404]);
    const rest = (await all(api)).filter(({ subject }) => subject !== 'x');
    expect(rest.map(({ subject, sequence, state }) => `${subject} ${sequence} ${state}`)).toEqual([
      'a 2 handed',
      'a 3 waiting',
      'b 4 handed',
      'b 5 waiting',
    ]);
  });

  it('misses nothing that is to come when it is asked to be sent what is after the end of the log', async () => {
    const api = await hooked();
    const fill = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      INSERT INTO webhook_deliveries (id, webhook_id, sequence, type, subject, payload, state, created_at)
      SELECT 'x-' || i, '${HOOK}', 0, 'component.failed', 'x', '{}', 'waiting', 0 FROM n`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(fill));
    await api.replayWebhook(HOOK, 1_000_000, ACTOR);
    await api.publish([about('a')], null);
    const free = `DELETE FROM webhook_deliveries WHERE subject = 'x'`;
    await runInDurableObject(api.stub, (_, { storage }) => void storage.sql.exec(free));
    await api.sweep(Date.now());
    expect((await all(api)).map(({ subject }) => subject)).toEqual(['a']);
  });

  it('is sent again what the log holds after a sequence, under the same ids', async () => {
    const api = await hooked();
    await api.publish(
      ['a', 'a', 'b'].map((subject) => about(subject)),
      null,
    );
    for (let round = 0; round < 2; round++) for (const delivery of await handed(api)) await attempt(api, delivery, 200);
    const before = await all(api);
    expect(before.every(({ state }) => state === 'delivered')).toBe(true);
    await api.replayWebhook(HOOK, before[0]!.sequence, ACTOR);
    await api.evict();
    expect((await standing(api)).webhook.missed).toBe(0);
    expect((await all(api)).map(({ id, state }) => [id, state])).toEqual([
      [before[0]!.id, 'delivered'],
      [before[1]!.id, 'handed'],
      [before[2]!.id, 'handed'],
    ]);
  });

  it('is made once, changed only over the revision that is meant, and gone with all it was owed', async () => {
    const api = await hooked();
    expect(await api.createWebhook(draft(), ACTOR)).toMatchObject({ ok: true, value: { created: false } });
    expect(await api.createWebhook(draft({ types: ['*'] }), ACTOR)).toMatchObject({ reason: 'webhook-exists' });
    const change = { id: HOOK, settings: { description: 'x' }, enabled: null };
    expect(await api.changeWebhook({ ...change, ifRevision: 7 }, ACTOR)).toMatchObject({
      reason: 'precondition-failed',
    });
    expect(await api.changeWebhook({ ...change, ifRevision: 1 }, ACTOR)).toMatchObject({ ok: true });
    await api.publish([about('a')], null);
    const [delivery] = await handed(api);
    expect(await api.removeWebhook(HOOK, 2, ACTOR)).toMatchObject({ ok: true });
    expect(await api.beginDelivery(orderOf(delivery!))).toBeNull();
    await api.reportDelivery(orderOf(delivery!), answered(200));
    expect(await api.webhook(HOOK)).toBeNull();
    // Its id may be used again, and every change is told again.
    await api.createWebhook(draft(), ACTOR);
    expect(await all(api)).toEqual([]);
    const audited = (await api.pendingAuditEntries(10)).map(({ action }) => action.replace('webhook.', ''));
    expect(audited).toEqual(['create', 'change', 'delete', 'create']);
    expect(JSON.stringify(await api.pendingAuditEntries(10))).not.toMatch(/whsec_|\/hook/);
  });

  it('signs with two secrets for a day after its secret was rotated', async () => {
    const api = await hooked();
    const fresh = `whsec_${btoa('y'.repeat(32))}`;
    await api.rotateWebhookSecret(HOOK, fresh, ACTOR);
    await api.rotateWebhookSecret(HOOK, fresh, ACTOR);
    expect((await api.webhookTest(HOOK, 't-1'))!.secrets).toEqual([fresh, draft().secret]);
    pass(25 * HOUR);
    expect((await api.webhookTest(HOOK, 't-1'))!.secrets).toEqual([fresh]);
  });

  it('is not told of itself', async () => {
    const api = await hooked({ types: ['*'] });
    await api.createWebhook(draft({ types: ['webhook.*'] }, 'w-2'), ACTOR);
    await api.changeWebhook({ id: 'w-2', settings: { description: 'x' }, enabled: null, ifRevision: null }, ACTOR);
    expect((await all(api)).map(({ type, subject }) => `${type} ${subject}`)).toEqual([
      'webhook.created w-2',
      'webhook.changed w-2',
    ]);
    expect(await all(api, 'w-2')).toEqual([]);
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

/** What is sent when the sweep comes so many minutes from now, answered so. */
async function answeredAt(api: FreshCoordinator, minutes: number, status: number): Promise<(string | null)[]> {
  vi.useRealTimers();
  pass(minutes * 60_000);
  await api.sweep(Date.now());
  return Promise.all((await handed(api)).map((delivery) => attempt(api, delivery, status)));
}

describe('an alert channel', () => {
  it('is told what is due of an incident, and how it went on; not each event', async () => {
    const api = await hooked({ format: 'pagerduty', types: ['incident.*'], routingKey: 'k' });
    const { incidentId } = await api.raiseIncident(raise(1));
    // Too soon to be alerted of again.
    await api.raiseIncident(raise(2));
    const follow = (type: 'acknowledged' | 'resolved') =>
      about('a', { key: `${incidentId}:${type}`, type: `incident.${type}`, data: { incidentId } });
    await api.publish([follow('acknowledged'), follow('acknowledged'), follow('resolved')], null);
    const sent: unknown[] = [];
    for (let round = 0; round < 3; round++)
      for (const delivery of await handed(api)) sent.push(JSON.parse((await attempt(api, delivery, 202))!));
    expect(sent).toMatchObject(
      ['trigger', 'acknowledge', 'resolve'].map((action) => ({ event_action: action, dedup_key: incidentId })),
    );
  });

  it('hears nothing of what is silenced, and nothing of its end either', async () => {
    const api = await hooked({ format: 'slack', types: ['incident.*'] });
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
    await api.publish([about('a', { type: 'incident.resolved', data: { incidentId } })], null);
    expect(await all(api)).toEqual([]);
  });

  it('is told again and again what is open when it is an Alertmanager, until it is not', async () => {
    const api = await hooked({
      format: 'alertmanager',
      url: 'http://127.0.0.1:1/api/v2/alerts',
      types: ['incident.*'],
    });
    const sentAt = (minutes: number) => answeredAt(api, minutes, 200);
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
    await api.publish([about('a', { type: 'incident.resolved', data: { incidentId } })], null);
    expect(await sentAt(61)).toHaveLength(1);
    expect(await sentAt(120)).toEqual([]);
    // The next one about the same component is another matter: what was said of the first is not said of it.
    const silent = { ...silence, id: 's-2', createdAt: Date.now(), until: Date.now() + HOUR };
    await api.addSilence(silent, ACTOR);
    await api.raiseIncident(raise(3));
    expect(await sentAt(150)).toEqual([]);
    expect(await all(api)).toHaveLength(2);
  });

  it('is tried again soon while an incident is open when it is an Alertmanager that was away, unless it said when', async () => {
    const api = await hooked({
      format: 'alertmanager',
      url: 'http://127.0.0.1:1/api/v2/alerts',
      types: ['incident.*'],
    });
    await api.raiseIncident(raise(1));
    const [first] = await answeredAt(api, 0, 200);
    // The renewal fails, and again, and is not to wait for hours.
    for (const minutes of [16, 17, 23]) expect(await answeredAt(api, minutes, 500)).toEqual([first]);
    for (const minutes of [40, 60, 80]) expect((await answeredAt(api, minutes, 500))[0]).toEqual(first);
    expect(await answeredAt(api, 100, 503)).toEqual([first]);
    await runInDurableObject(api.stub, (_, { storage }) => {
      storage.sql.exec(`UPDATE webhook_deliveries SET next_at = ?`, Date.now() + 24 * HOUR);
    });
    expect(await answeredAt(api, 130, 200)).toEqual([]);
    // One that was given up is still not what an open incident comes to.
    await runInDurableObject(api.stub, (_, { storage }) => {
      storage.sql.exec(`UPDATE webhook_deliveries SET state = 'dead', next_at = NULL, settled_at = ?`, Date.now());
    });
    expect(await answeredAt(api, 150, 200)).toEqual([first]);
    await api.changeWebhook({ id: HOOK, settings: { subjects: ['b'] }, enabled: null, ifRevision: null }, ACTOR);
    expect(await answeredAt(api, 200, 200)).toEqual([]);
  });

  it('is sent what it was owed with the routing key that holds then, at once when that is changed', async () => {
    const api = await hooked({ format: 'pagerduty', types: ['incident.*'], routingKey: 'wrong' });
    await api.raiseIncident(raise(1));
    expect((await answeredAt(api, 0, 400)).map(keyOf)).toEqual(['wrong']);
    await api.changeWebhook({ id: HOOK, settings: { routingKey: 'right' }, enabled: null, ifRevision: null }, ACTOR);
    expect((await Promise.all((await handed(api)).map((each) => attempt(api, each, 202)))).map(keyOf)).toEqual([
      'right',
    ]);
  });
});
