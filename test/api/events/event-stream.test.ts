/** The event log as it goes on, over the stream, and what a place that the log does not hold is answered. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { callWithEnv } from '../../support/call-with-env.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';
import { StreamUnderTest } from '../../support/read-stream.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const newest = async (): Promise<number> => Number((await call('GET', '/v1/events?limit=1')).body.nextCursor);

/** Registers one and waits until the log tells of it; answers its sequence. */
async function happen(id = freshId('s')): Promise<number> {
  const before = await newest();
  await call('POST', '/v1/components', silentRegistration(id));
  const { body } = await eventually(
    () => call('GET', `/v1/events?after=${before}&subject=${id}`),
    (answer) => answer.body.items.length > 0,
  );
  return Number(body.items[0].sequence);
}

const trimTo = (oldest: number): Promise<void> =>
  runInDurableObject(env.SYSTEM_COORDINATOR.getByName('system') as DurableObjectStub, (_, { storage }) => {
    storage.sql.exec('DELETE FROM events WHERE sequence < ?', oldest);
  });

beforeAll(() => happen());
afterEach(() => vi.restoreAllMocks());

describe('the event stream', () => {
  it('begins with where it stands, then tells each event once and in order', async () => {
    const place = await newest();
    const stream = await StreamUnderTest.open();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no');
    expect(await stream.next()).toMatchObject({ id: String(place), data: undefined });
    for (let at = 0; at < 5; at++) await happen();
    const events = await stream.events(5);
    expect(events.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4, 5].map((at) => place + at));
    const { body } = await call('GET', `/v1/events?after=${place}`);
    expect(events.map(({ data }) => data)).toEqual(body.items);
    expect(events.map(({ event }) => event)).toEqual(body.items.map(({ type }: { type: string }) => type));
    await stream.close();
  });

  it('goes on after Last-Event-ID, which goes before `after`', async () => {
    const first = await happen();
    const second = await happen();
    const resumed = await StreamUnderTest.open('?after=0', { 'last-event-id': String(first) });
    expect((await resumed.events(1)).map(({ id }) => Number(id))).toEqual([second]);
    await resumed.close();
    const fromStart = await StreamUnderTest.open('?after=0');
    expect((await fromStart.events(2)).map(({ id }) => id)).toEqual(['1', '2']);
    await fromStart.close();
  });

  it('is the same for many readers, who share the calls', async () => {
    const place = await newest();
    const streams = await Promise.all(Array.from({ length: 20 }, () => StreamUnderTest.open(`?after=${place}`)));
    const calls = interceptCoordinator('readLog', (real) => real);
    const sequence = await happen();
    for (const stream of streams) {
      expect((await stream.events(1)).map(({ id }) => Number(id))).toEqual([sequence]);
      await stream.close();
    }
    // Some for the lists that this test reads itself.
    expect(calls.mock.calls.filter(([, holdMs]) => holdMs > 0).length).toBeLessThan(8);
  });

  it('tells only what is wanted, and yet where the reader stands', async () => {
    const id = freshId('s');
    const place = await newest();
    const [ofOne, ofType] = [
      await StreamUnderTest.open(`?after=${place}&subject=${id}`),
      await StreamUnderTest.open(`?after=${place}&types=component.unregistered,component.lifecycle-changed`),
    ];
    await happen();
    const sequence = await happen(id);
    expect((await ofOne.events(1)).map((frame) => Number(frame.id))).toEqual([sequence]);
    await call('DELETE', `/v1/components/${id}`);
    expect(await ofType.events(1)).toMatchObject([{ event: 'component.unregistered', data: { subject: id } }]);
    await Promise.all([ofOne.close(), ofType.close()]);
  });

  it('ends when its key is revoked', async () => {
    const { body } = await call('POST', '/v1/keys', { name: 'stream', scopes: ['viewer'] });
    const stream = await StreamUnderTest.open('', { authorization: `Bearer ${body.key}` });
    await stream.next();
    await call('DELETE', `/v1/keys/${body.id}`);
    expect(await stream.next()).toBeNull();
  }, 20_000);

  it('answers HEAD without a stream', async () => {
    const { status, body, headers } = await callWithEnv({ method: 'HEAD', path: '/v1/events/stream' });
    expect([status, body, headers.get('content-type')]).toEqual([200, '', 'text/event-stream; charset=utf-8']);
  });

  it('is not to be had by a page of another origin with our cookie', async () => {
    const opened = await call('POST', '/v1/session', {});
    const cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
    const ask = (headers: Record<string, string>) =>
      call('GET', '/v1/events/stream', undefined, { authorization: '', cookie, ...headers });
    expect((await ask({})).status).toBe(200);
    expect((await ask({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expectProblem(await ask({ 'sec-fetch-site': 'same-site' }), 403, 'csrf-token-required');
    expectProblem(await ask({ origin: 'https://evil.example' }), 403, 'csrf-token-required');
  });

  it('refuses what it cannot read, and says when the log is away', async () => {
    expect(expectProblem(await call('GET', '/v1/events/stream?types=nonsense'), 422, 'invalid-request')).toEqual([
      'types',
    ]);
    expect(
      expectProblem(
        await call('GET', '/v1/events/stream', undefined, { 'last-event-id': 'x' }),
        422,
        'invalid-request',
      ),
    ).toEqual(['last-event-id']);
    interceptCoordinator('sequence', () => async () => {
      throw new Error('away');
    });
    const away = await call('GET', '/v1/events/stream');
    expectProblem(away, 503, 'temporarily-unavailable');
    expect(away.headers.get('retry-after')).toBe('1');
  });
});

describe('a place that the log does not hold', () => {
  it('is answered 410 by the list, and a snapshot is required in the stream', async () => {
    for (let at = 0; at < 3; at++) await happen();
    const end = await newest();
    await trimTo(end - 1);
    const gone = await call('GET', '/v1/events?after=1');
    expectProblem(gone, 410, 'events-trimmed');
    expect(gone.body).toMatchObject({ oldest: String(end - 1), newest: String(end), snapshot: '/v1/snapshot' });
    // The log was set back.
    expectProblem(await call('GET', `/v1/events?after=${end + 1}`), 410, 'events-trimmed');
    expect((await call('GET', `/v1/events?after=${end - 2}`)).body.items).toHaveLength(2);

    for (const after of [1, end + 7]) {
      const stream = await StreamUnderTest.open(`?after=${after}`);
      const [required] = await stream.events(1);
      expect(required).toEqual({
        id: String(await newest()),
        event: 'snapshot-required',
        data: { oldest: String(end - 1), newest: String(await newest()), snapshot: '/v1/snapshot' },
      });
      const next = await happen();
      expect(await stream.events(1)).toMatchObject([{ id: String(next), event: 'component.registered' }]);
      await stream.close();
    }
  });

  it('is not where a list is that wanted nothing of what it has passed', async () => {
    const end = await happen();
    const { body } = await call('GET', `/v1/events?after=${end - 1}&types=drill.began`);
    expect(body).toEqual({ items: [], nextCursor: String(end) });
  });
});
