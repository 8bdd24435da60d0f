import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshCoordinator } from '../fresh-coordinator.ts';
import {
  ACTOR,
  HOOK,
  about,
  all,
  answered,
  attempt,
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
    await api.extendDelivery(orderOf(delivery!));
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
