import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshCoordinator } from '../fresh-coordinator.ts';
import {
  ACTOR,
  HOOK,
  eventAbout,
  deliveriesOf,
  attemptResult,
  attempt,
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

describe('a webhook delivery', () => {
  it('is created once with the event, and is sent in order per subject, independently of other subjects', async () => {
    const api = await coordinatorWithWebhook();
    const events = ['a', 'a', 'b'].map((subject) => eventAbout(subject));
    await api.publish(events, null);
    await api.publish(events, null);
    expect((await deliveriesOf(api)).map(({ subject, state }) => `${subject} ${state}`)).toEqual([
      'a handed',
      'a waiting',
      'b handed',
    ]);
    const [first, , other] = await deliveriesOf(api);
    await attempt(api, first!, 500);
    await api.evict();
    expect(await attempt(api, other!, 204)).toContain('"subject":"b"');
    expect((await deliveriesOf(api)).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'delivered']);

    advanceClock(6_000);
    await api.sweep(Date.now());
    const again = await deliveryById(api, first!.id);
    expect(again).toMatchObject({ state: 'handed', attempt: 2 });
    expect(await attempt(api, again, 200)).toContain('"subject":"a"');
    expect((await handedOver(api)).map(({ sequence }) => sequence)).toEqual([first!.sequence + 1]);
  });

  it('is one of at most four that a webhook has in progress, and of one after a failure', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish(
      Array.from({ length: 10 }, (_, at) => eventAbout(`subject-${at}`)),
      null,
    );
    const first = await handedOver(api);
    expect(first).toHaveLength(4);
    for (const delivery of first) await attempt(api, delivery, 500);
    expect((await handedOver(api)).length).toBeLessThanOrEqual(1);
  });

  it('is sent byte for byte as logged, even when the log no longer has the event', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a', { data: { b: 'ä', a: [1, null] } })], null);
    const [delivery] = await deliveriesOf(api);
    const first = await attempt(api, delivery!, 500);
    await runInDurableObject(api.stub, (_, state) => void state.storage.sql.exec('DELETE FROM events'));
    advanceClock(6_000);
    await api.sweep(Date.now());
    expect(await attempt(api, await deliveryById(api, delivery!.id), 200)).toBe(first);
    expect(JSON.parse(first!)).toMatchObject({ specversion: '1.0', data: { b: 'ä', a: [1, null] } });
  });

  it('is attempted ten times over three days, then is dead, with one event, and can be replayed', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a'), eventAbout('b')], null);
    const began = Date.now();
    while ((await webhookStatus(api)).pending > 0) {
      // The webhook sends one delivery at a time while it fails.
      for (const delivery of await handedOver(api)) await attempt(api, delivery, 500);
      await api.sweep(Date.now());
      if ((await handedOver(api)).length > 0) continue;
      advanceClock(Math.max(0, ...(await deliveriesOf(api)).map(({ nextAt }) => (nextAt ?? 0) - Date.now())));
      await api.sweep(Date.now());
    }
    expect((Date.now() - began) / HOUR).toBeGreaterThan(60);
    expect((await deliveriesOf(api)).map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['dead', 10],
      ['dead', 10],
    ]);
    expect((await typesIn(api)).filter((type) => type.startsWith('webhook.'))).toEqual([
      'webhook.created',
      'webhook.delivery-dead',
    ]);
    expect(await webhookStatus(api)).toMatchObject({ pending: 0, dead: 2, webhook: { state: { kind: 'enabled' } } });
    expect(await api.replayWebhook(HOOK, null, ACTOR)).toEqual({ ok: true, value: { replayed: 2 } });
    // The first delivery, and once it is accepted, the other.
    for (let time = 0; time < 2; time++)
      for (const delivery of await handedOver(api)) expect(await attempt(api, delivery, 200)).not.toBeNull();
    expect((await deliveriesOf(api)).map(({ attempt: number }) => number)).toEqual([11, 11]);
    expect(await webhookStatus(api)).toMatchObject({ pending: 0, dead: 0 });
  });

  it('is no longer sent after five days of failures only, until an operator enables the webhook again', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a'), eventAbout('a')], null);
    const isEnabled = async () => (await webhookStatus(api)).webhook.state.kind === 'enabled';
    // In a coordinator that was suspended for five days, two attempts prove little.
    await attempt(api, (await handedOver(api))[0]!, 500);
    advanceClock(121 * HOUR);
    await api.sweep(Date.now());
    for (let attempts = 2; await isEnabled(); attempts++) {
      expect(attempts).toBeLessThanOrEqual(10);
      await attempt(api, (await handedOver(api))[0]!, 500);
      // The longest delay of the schedule, with its jitter.
      advanceClock(30 * HOUR);
      await api.sweep(Date.now());
    }
    await api.evict();
    expect(await webhookStatus(api)).toMatchObject({
      pending: 1,
      dead: 1,
      webhook: { state: { kind: 'disabled', reason: 'failing' } },
    });
    advanceClock(HOUR);
    await api.sweep(Date.now());
    expect(await handedOver(api)).toEqual([]);
    await api.changeWebhook({ id: HOOK, settings: {}, enabled: true, ifRevision: null }, ACTOR);
    expect(await handedOver(api)).toHaveLength(1);
  });

  it('waits for as long as a 429 requests, with all others of its webhook, without using up an attempt', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a')], null);
    const [delivery] = await deliveriesOf(api);
    for (let refusals = 1; refusals <= 12; refusals++) {
      const current = await deliveryById(api, delivery!.id);
      await api.beginDelivery(orderOf(current));
      await api.reportDelivery(orderOf(current), attemptResult(429, HOUR));
      expect(await deliveryById(api, delivery!.id)).toMatchObject({ state: 'waiting', failures: 0, attempt: refusals });
      await api.publish([eventAbout('b')], null);
      await api.evict();
      await api.sweep(Date.now());
      expect(await handedOver(api)).toEqual([]);
      expect((await webhookStatus(api)).webhook.pace!.nextAllowedAt - Date.now()).toBeGreaterThan(HOUR - 5_000);
      advanceClock(HOUR);
      await api.sweep(Date.now());
      // One at a time, the oldest first.
      expect((await handedOver(api)).map(({ id }) => id)).toEqual([delivery!.id]);
    }
    // After a day of nothing but 429, attempts count as failed.
    advanceClock(12 * HOUR);
    const current = await deliveryById(api, delivery!.id);
    await api.beginDelivery(orderOf(current));
    await api.reportDelivery(orderOf(current), attemptResult(429, HOUR));
    expect(await deliveryById(api, delivery!.id)).toMatchObject({ failures: 1 });
  });

  it('that the receiver refuses for good is dead at once, and the next one about its subject follows', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a'), eventAbout('a')], null);
    const [first, second] = await deliveriesOf(api);
    await attempt(api, first!, 400);
    expect(await deliveryById(api, first!.id)).toMatchObject({ state: 'dead', failures: 0 });
    expect((await handedOver(api)).map(({ id }) => id)).toEqual([second!.id]);
    expect(await typesIn(api)).toContain('webhook.delivery-dead');
    // The receiver was repaired: another address is tried with what the old one refused.
    await api.changeWebhook(
      { id: HOOK, settings: { url: 'http://127.0.0.1:2/' }, enabled: null, ifRevision: null },
      ACTOR,
    );
    expect(await deliveryById(api, first!.id)).toMatchObject({ attempt: 1 });
    expect(await webhookStatus(api)).toMatchObject({ dead: 0 });
  });
});

describe('a pending delivery of a version without webhooks', () => {
  it('is adopted by the webhook of the deployment configuration', async () => {
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
    const adopted = await deliveriesOf(api, 'alerts');
    expect(adopted.map(({ id, sequence, state }) => [id, sequence, state])).toEqual([
      ['alert-1', 7, 'handed'],
      ['alert-2', 7, 'waiting'],
    ]);
    expect((await api.beginDelivery(orderOf(adopted[0]!)))?.payload).toBe(payload);
  });
});

describe('a delivery attempt', () => {
  it('begins once and is reported once, however often and late the calls arrive', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a')], null);
    const [delivery] = await deliveriesOf(api);
    expect(await api.beginDelivery(orderOf(delivery!))).toMatchObject({ id: delivery!.id });
    expect(await api.beginDelivery(orderOf(delivery!))).toBeNull();
    for (let time = 0; time < 3; time++) await api.reportDelivery(orderOf(delivery!), attemptResult(500));
    expect(await deliveryById(api, delivery!.id)).toMatchObject({ failures: 1, state: 'waiting' });
    await api.reportDelivery({ deliveryId: delivery!.id, attempt: 9 }, attemptResult(200));
    expect(await deliveryById(api, delivery!.id)).toMatchObject({ state: 'waiting' });
    await api.reportDelivery({ deliveryId: 'of nobody', attempt: 1 }, attemptResult(200));
  });

  it('that the queue lost is handed over again as the same attempt', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a')], null);
    const [delivery] = await deliveriesOf(api);
    advanceClock(5_001);
    await api.evict();
    await runDurableObjectAlarm(api.stub);
    expect(await deliveryById(api, delivery!.id)).toMatchObject({ state: 'handed', attempt: 1, handovers: 2 });
  });

  it('whose sender died is repeated at once without counting as failed, while a live one is awaited', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a')], null);
    const [delivery] = await deliveriesOf(api);
    await api.beginDelivery(orderOf(delivery!));
    advanceClock(7_000);
    await api.extendDelivery(orderOf(delivery!));
    advanceClock(7_000);
    await api.sweep(Date.now());
    expect(await deliveryById(api, delivery!.id)).toMatchObject({ state: 'sending', attempt: 1 });
    advanceClock(8_001);
    await api.evict();
    await api.sweep(Date.now());
    const lost = await deliveryById(api, delivery!.id);
    expect(lost).toMatchObject({ state: 'handed', attempt: 2, failures: 0 });
    expect(lost.attempts[0]!.error).toContain('lost');
  });
});

describe('the sender of a lost attempt', () => {
  it('learns that it must stop, and its success still counts while the next attempt is under way', async () => {
    const api = await coordinatorWithWebhook();
    await api.publish([eventAbout('a')], null);
    const [first] = await deliveriesOf(api);
    await api.beginDelivery(orderOf(first!));
    expect(await api.extendDelivery(orderOf(first!))).toBe(true);
    advanceClock(8_001);
    await api.sweep(Date.now());
    const second = await deliveryById(api, first!.id);
    await api.beginDelivery(orderOf(second));
    expect(await api.extendDelivery(orderOf(first!))).toBe(false);
    expect(await api.extendDelivery(orderOf(second))).toBe(true);
    await api.reportDelivery(orderOf(first!), attemptResult(200));
    expect(await deliveryById(api, first!.id)).toMatchObject({ state: 'delivered' });
    expect(await api.extendDelivery(orderOf(second))).toBe(false);
    await api.reportDelivery(orderOf(second), attemptResult(500));
    expect(await deliveryById(api, first!.id)).toMatchObject({ state: 'delivered', failures: 0 });
  });
});

describe('any sequence of faults', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c').map((subject) => ({ kind: 'event' as const, subject })) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(200, 200, 429, 500, null).map((status) => ({ kind: 'attempt' as const, status })),
    },
    { weight: 1, arbitrary: fc.constantFrom('lose', 'crash', 'evict', 'disable', 'enable').map((kind) => ({ kind })) },
  );

  it('ends with all events delivered, in order per subject', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const api = await coordinatorWithWebhook();
        const accepted: { subject: string; sequence: number }[] = [];
        const attemptFirst = async (status: number | null): Promise<void> => {
          const [delivery] = await handedOver(api);
          if (!delivery || !(await api.beginDelivery(orderOf(delivery)))) return;
          if (status === 200) accepted.push(delivery);
          await api.reportDelivery(orderOf(delivery), attemptResult(status));
        };
        const setEnabled = (enabled: boolean) =>
          api.changeWebhook({ id: HOOK, settings: {}, enabled, ifRevision: null }, ACTOR);
        for (const each of steps) {
          if (each.kind === 'event' && 'subject' in each) await api.publish([eventAbout(each.subject)], null);
          if (each.kind === 'attempt' && 'status' in each) await attemptFirst(each.status);
          if (each.kind === 'lose') advanceClock(6_000);
          if (each.kind === 'crash') {
            const [delivery] = await handedOver(api);
            if (delivery) await api.beginDelivery(orderOf(delivery));
            advanceClock(9_000);
          }
          if (each.kind === 'evict') await api.evict();
          if (each.kind === 'disable') await setEnabled(false);
          if (each.kind === 'enable') await setEnabled(true);
          if (['lose', 'crash', 'evict'].includes(each.kind)) await api.sweep(Date.now());
        }
        await setEnabled(true);
        for (let round = 0; round < 200 && (await webhookStatus(api)).pending > 0; round++) {
          await attemptFirst(200);
          if ((await handedOver(api)).length > 0) continue;
          advanceClock(HOUR);
          await api.sweep(Date.now());
        }
        const logged = await api.events({ after: 0, types: ['component.failed'], limit: 1_000, newest: false });
        for (const subject of ['a', 'b', 'c']) {
          const of = (list: readonly { subject: string; sequence: number }[]): number[] =>
            list.filter((each) => each.subject === subject).map(({ sequence }) => sequence);
          expect([...new Set(of(accepted))]).toEqual(of(logged));
        }
      }),
      { numRuns: 8 },
    );
  }, 60_000);
});
