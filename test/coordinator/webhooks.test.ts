import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Delivery } from '../../src/coordinator/delivery-store.ts';
import type { WebhookDraft } from '../../src/coordinator/webhook-api.ts';
import type { EventDraft } from '../../src/core/event/coordinator-event.ts';
import type { WebhookSettings } from '../../src/core/webhook/webhook.ts';
import type { FreshCoordinator } from './fresh-coordinator.ts';
import { freshCoordinator } from './fresh-coordinator.ts';

// What these objects hand to the real queue is for the system's coordinator, which knows of none of it: nobody sends it.

const ACTOR = { keyId: 'root', keyName: 'tests', address: null, requestId: 'q' };
const HOUR = 3_600_000;
const HOOK = 'w-1';

afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number): unknown => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

const draft = (settings: Partial<WebhookSettings> = {}, id = HOOK): WebhookDraft => ({
  id,
  settings: {
    url: 'http://127.0.0.1:1/hook',
    format: 'cloudevents',
    types: ['component.*'],
    subjects: [],
    componentTypes: [],
    description: '',
    routingKey: null,
    ...settings,
  },
  secret: `whsec_${btoa('x'.repeat(32))}`,
  isOwnSecret: true,
});

async function hooked(settings: Partial<WebhookSettings> = {}): Promise<FreshCoordinator> {
  const api = freshCoordinator();
  expect(await api.createWebhook(draft(settings), ACTOR)).toMatchObject({ ok: true, value: { created: true } });
  return api;
}

let made = 0;
const about = (subject: string, more: Partial<EventDraft> = {}): EventDraft => ({
  key: `e-${++made}`,
  type: 'component.failed',
  subject,
  time: Date.now(),
  data: {},
  ...more,
});

const all = async (api: FreshCoordinator, id = HOOK): Promise<Delivery[]> =>
  ((await api.webhookDeliveries(id, { state: null, before: null, limit: 500 })) ?? []).toReversed();

const handed = async (api: FreshCoordinator): Promise<Delivery[]> =>
  (await all(api)).filter(({ state }) => state === 'handed');

const orderOf = ({ id, attempt }: Delivery) => ({ deliveryId: id, attempt });

const answered = (status: number | null, retryAfterMs: number | null = null) => ({
  at: Date.now(),
  durationMs: 3,
  status,
  error: status === null ? 'TIMEOUT' : null,
  retryAfterMs,
});

/** Makes the attempt that was handed to the queue; answers what was sent. */
async function attempt(api: FreshCoordinator, delivery: Delivery, status: number | null): Promise<string | null> {
  const job = await api.beginDelivery(orderOf(delivery));
  if (job) await api.reportDelivery(orderOf(delivery), answered(status));
  return job && job.payload;
}

const one = async (api: FreshCoordinator, id: string): Promise<Delivery> =>
  (await all(api)).find((delivery) => delivery.id === id)!;

const standing = async (api: FreshCoordinator, id = HOOK) => (await api.webhook(id))!;

const typesIn = async (api: FreshCoordinator): Promise<string[]> =>
  (await api.events({ after: 0, types: null, limit: 1_000, newest: false })).map(({ type }) => type);

describe('what is owed to a webhook', () => {
  it('is owed with the event, once, and goes out in order for each subject, whatever befalls another', async () => {
    const api = await hooked();
    const events = ['a', 'a', 'b'].map((subject) => about(subject));
    await api.publish(events, null);
    await api.publish(events, null);
    expect((await all(api)).map(({ subject, state }) => `${subject} ${state}`)).toEqual([
      'a handed',
      'a waiting',
      'b handed',
    ]);
    const [first, , other] = await all(api);
    await attempt(api, first!, 500);
    await api.evict();
    expect(await attempt(api, other!, 204)).toContain('"subject":"b"');
    expect((await all(api)).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'delivered']);

    pass(6_000);
    await api.sweep(Date.now());
    const again = await one(api, first!.id);
    expect(again).toMatchObject({ state: 'handed', attempt: 2 });
    expect(await attempt(api, again, 200)).toContain('"subject":"a"');
    expect((await handed(api)).map(({ sequence }) => sequence)).toEqual([first!.sequence + 1]);
  });

  it('is sent as it was logged, to the byte, when the log holds it no more', async () => {
    const api = await hooked();
    await api.publish([about('a', { data: { b: 'ä', a: [1, null] } })], null);
    const [delivery] = await all(api);
    const first = await attempt(api, delivery!, 500);
    await runInDurableObject(api.stub, (_, state) => void state.storage.sql.exec('DELETE FROM events'));
    pass(6_000);
    await api.sweep(Date.now());
    expect(await attempt(api, await one(api, delivery!.id), 200)).toBe(first);
    expect(JSON.parse(first!)).toMatchObject({ specversion: '1.0', data: { b: 'ä', a: [1, null] } });
  });

  it('is attempted ten times over three days, then dead, told of once, and comes back when it is replayed', async () => {
    const api = await hooked();
    await api.publish([about('a'), about('b')], null);
    const began = Date.now();
    while ((await standing(api)).owed > 0) {
      // One at a time, while it fails.
      for (const delivery of await handed(api)) await attempt(api, delivery, 500);
      await api.sweep(Date.now());
      if ((await handed(api)).length > 0) continue;
      pass(Math.max(0, ...(await all(api)).map(({ nextAt }) => (nextAt ?? 0) - Date.now())));
      await api.sweep(Date.now());
    }
    expect((Date.now() - began) / HOUR).toBeGreaterThan(60);
    expect((await all(api)).map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['dead', 10],
      ['dead', 10],
    ]);
    expect((await typesIn(api)).filter((type) => type.startsWith('webhook.'))).toEqual([
      'webhook.created',
      'webhook.delivery-dead',
    ]);
    expect(await standing(api)).toMatchObject({ owed: 0, dead: 2, webhook: { state: { kind: 'enabled' } } });
    expect(await api.replayWebhook(HOOK, null, ACTOR)).toEqual({ ok: true, value: { replayed: 2 } });
    // The first to come, and once it is taken, the other.
    for (let time = 0; time < 2; time++)
      for (const delivery of await handed(api)) expect(await attempt(api, delivery, 200)).not.toBeNull();
    expect((await all(api)).map(({ attempt: number }) => number)).toEqual([11, 11]);
    expect(await standing(api)).toMatchObject({ owed: 0, dead: 0 });
  });

  it('is no more sent for five days of nothing but failures, and goes out when people enable it again', async () => {
    const api = await hooked();
    await api.publish([about('a')], null);
    await attempt(api, (await handed(api))[0]!, 500);
    pass(121 * HOUR);
    await api.sweep(Date.now());
    await attempt(api, (await handed(api))[0]!, 500);
    await api.evict();
    expect(await standing(api)).toMatchObject({ owed: 1, webhook: { state: { kind: 'disabled', reason: 'failing' } } });
    pass(HOUR);
    await api.sweep(Date.now());
    expect(await handed(api)).toEqual([]);
    await api.changeWebhook({ id: HOOK, settings: {}, enabled: true, ifRevision: null }, ACTOR);
    expect(await handed(api)).toHaveLength(1);
  });

  it('waits as long as the receiver asks it to', async () => {
    const api = await hooked();
    await api.publish([about('a')], null);
    const [delivery] = await all(api);
    await api.beginDelivery(orderOf(delivery!));
    await api.reportDelivery(orderOf(delivery!), answered(429, HOUR));
    expect((await one(api, delivery!.id)).nextAt! - Date.now()).toBeGreaterThan(HOUR - 5_000);
  });
});

describe('what a version without webhooks owed', () => {
  it('is owed by the webhook of the configuration', async () => {
    const api = freshCoordinator();
    const payload = JSON.stringify({ sequence: '7', type: 'incident.opened', subject: 'a' });
    await runInDurableObject(api.stub, (_, { storage }) => {
      storage.sql.exec(
        'CREATE TABLE deliveries (id TEXT PRIMARY KEY, state TEXT, payload TEXT, created_at INTEGER, expected_by INTEGER, last_error TEXT)',
      );
      const insert = 'INSERT INTO deliveries VALUES (?, ?, ?, 1, 0, NULL)';
      for (const [id, state] of [
        ['alert-1', 'owed'],
        ['alert-2', 'owed'],
        ['alert-3', 'delivered'],
      ])
        storage.sql.exec(insert, id, state, payload);
    });
    await api.evict();
    await api.sweep(1);
    const adopted = await all(api, 'alerts');
    expect(adopted.map(({ id, sequence, state }) => [id, sequence, state])).toEqual([
      ['alert-1', 7, 'handed'],
      ['alert-2', 7, 'waiting'],
    ]);
    expect((await api.beginDelivery(orderOf(adopted[0]!)))?.payload).toBe(payload);
  });
});

describe('an attempt', () => {
  it('is begun once and reported once, however often and late it is', async () => {
    const api = await hooked();
    await api.publish([about('a')], null);
    const [delivery] = await all(api);
    expect(await api.beginDelivery(orderOf(delivery!))).toMatchObject({ id: delivery!.id });
    expect(await api.beginDelivery(orderOf(delivery!))).toBeNull();
    for (let time = 0; time < 3; time++) await api.reportDelivery(orderOf(delivery!), answered(500));
    expect(await one(api, delivery!.id)).toMatchObject({ failures: 1, state: 'waiting' });
    await api.reportDelivery({ deliveryId: delivery!.id, attempt: 9 }, answered(200));
    expect(await one(api, delivery!.id)).toMatchObject({ state: 'waiting' });
    await api.reportDelivery({ deliveryId: 'of nobody', attempt: 1 }, answered(200));
  });

  it('that the queue lost is handed over again, as the same', async () => {
    const api = await hooked();
    await api.publish([about('a')], null);
    const [delivery] = await all(api);
    pass(5_001);
    await api.evict();
    await runDurableObjectAlarm(api.stub);
    expect(await one(api, delivery!.id)).toMatchObject({ state: 'handed', attempt: 1, handovers: 2 });
  });

  it('whose sender was lost is repeated at once, without counting as failed; one that lives is waited for', async () => {
    const api = await hooked();
    await api.publish([about('a')], null);
    const [delivery] = await all(api);
    await api.beginDelivery(orderOf(delivery!));
    pass(7_000);
    await api.keepDelivery(orderOf(delivery!));
    pass(7_000);
    await api.sweep(Date.now());
    expect(await one(api, delivery!.id)).toMatchObject({ state: 'sending', attempt: 1 });
    pass(8_001);
    await api.evict();
    await api.sweep(Date.now());
    const lost = await one(api, delivery!.id);
    expect(lost).toMatchObject({ state: 'handed', attempt: 2, failures: 0 });
    expect(lost.attempts[0]!.error).toContain('lost');
  });
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
    const audited = (await api.auditOwed(10)).map(({ action }) => action.replace('webhook.', ''));
    expect(audited).toEqual(['create', 'change', 'delete', 'create']);
    expect(JSON.stringify(await api.auditOwed(10))).not.toMatch(/whsec_|\/hook/);
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
});

describe('whatever befalls', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c').map((subject) => ({ kind: 'event' as const, subject })) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(200, 200, 500, null).map((status) => ({ kind: 'attempt' as const, status })),
    },
    { weight: 1, arbitrary: fc.constantFrom('lose', 'crash', 'evict', 'disable', 'enable').map((kind) => ({ kind })) },
  );

  it('everything is delivered in the end, and each subject in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const api = await hooked();
        const taken: { subject: string; sequence: number }[] = [];
        const take = async (status: number | null): Promise<void> => {
          const [delivery] = await handed(api);
          if (!delivery || !(await api.beginDelivery(orderOf(delivery)))) return;
          if (status === 200) taken.push(delivery);
          await api.reportDelivery(orderOf(delivery), answered(status));
        };
        const turn = (enabled: boolean) =>
          api.changeWebhook({ id: HOOK, settings: {}, enabled, ifRevision: null }, ACTOR);
        for (const each of steps) {
          if (each.kind === 'event' && 'subject' in each) await api.publish([about(each.subject)], null);
          if (each.kind === 'attempt' && 'status' in each) await take(each.status);
          if (each.kind === 'lose') pass(6_000);
          if (each.kind === 'crash') {
            const [delivery] = await handed(api);
            if (delivery) await api.beginDelivery(orderOf(delivery));
            pass(9_000);
          }
          if (each.kind === 'evict') await api.evict();
          if (each.kind === 'disable') await turn(false);
          if (each.kind === 'enable') await turn(true);
          if (['lose', 'crash', 'evict'].includes(each.kind)) await api.sweep(Date.now());
        }
        await turn(true);
        for (let round = 0; round < 200 && (await standing(api)).owed > 0; round++) {
          await take(200);
          if ((await handed(api)).length > 0) continue;
          pass(HOUR);
          await api.sweep(Date.now());
        }
        const logged = await api.events({ after: 0, types: ['component.failed'], limit: 1_000, newest: false });
        for (const subject of ['a', 'b', 'c']) {
          const of = (list: readonly { subject: string; sequence: number }[]): number[] =>
            list.filter((each) => each.subject === subject).map(({ sequence }) => sequence);
          expect([...new Set(of(taken))]).toEqual(of(logged));
        }
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});
