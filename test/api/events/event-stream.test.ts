/** The event stream, and responses for positions outside the log. */
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

/** Registers a component and waits for its event; returns the sequence of the event. */
async function appendEvent(id = freshId('s')): Promise<number> {
  const before = await newest();
  await call('POST', '/v1/components', silentRegistration(id));
  const { body } = await eventually(
    () => call('GET', `/v1/events?after=${before}&subject=${id}`),
    (response) => response.body.items.length > 0,
  );
  return Number(body.items[0].sequence);
}

const trimTo = (oldest: number): Promise<void> =>
  runInDurableObject(env.SYSTEM_COORDINATOR.getByName('system') as DurableObjectStub, (_, { storage }) => {
    storage.sql.exec('DELETE FROM events WHERE sequence < ?', oldest);
  });

beforeAll(() => appendEvent());
afterEach(() => vi.restoreAllMocks());

describe('GET /v1/events/stream', () => {
  it('starts with the current position, then sends each event once and in order', async () => {
    const position = await newest();
    const stream = await StreamUnderTest.open();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no');
    expect(await stream.next()).toMatchObject({ id: String(position), data: undefined });
    for (let at = 0; at < 5; at++) await appendEvent();
    const events = await stream.events(5);
    expect(events.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4, 5].map((at) => position + at));
    const { body } = await call('GET', `/v1/events?after=${position}`);
    expect(events.map(({ data }) => data)).toEqual(body.items);
    expect(events.map(({ event }) => event)).toEqual(body.items.map(({ type }: { type: string }) => type));
    await stream.close();
  });

  it('resumes after Last-Event-ID, which takes precedence over `after`', async () => {
    const first = await appendEvent();
    const second = await appendEvent();
    const resumed = await StreamUnderTest.open('?after=0', { 'last-event-id': String(first) });
    expect((await resumed.events(1)).map(({ id }) => Number(id))).toEqual([second]);
    await resumed.close();
    const fromStart = await StreamUnderTest.open('?after=0');
    expect((await fromStart.events(2)).map(({ id }) => id)).toEqual(['1', '2']);
    await fromStart.close();
  });

  it('sends the same events to many readers, which share the coordinator calls', async () => {
    const position = await newest();
    const streams = await Promise.all(Array.from({ length: 20 }, () => StreamUnderTest.open(`?after=${position}`)));
    const calls = interceptCoordinator('readLog', (real) => real);
    const sequence = await appendEvent();
    for (const stream of streams) {
      expect((await stream.events(1)).map(({ id }) => Number(id))).toEqual([sequence]);
      await stream.close();
    }
    // Includes the calls for the lists that this test reads.
    expect(calls.mock.calls.filter(([, holdMs]) => holdMs > 0).length).toBeLessThan(8);
  });

  it('sends only the requested subject or types', async () => {
    const id = freshId('s');
    const position = await newest();
    const [ofOne, ofType] = [
      await StreamUnderTest.open(`?after=${position}&subject=${id}`),
      await StreamUnderTest.open(`?after=${position}&types=component.unregistered,component.lifecycle-changed`),
    ];
    await appendEvent();
    const sequence = await appendEvent(id);
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

  it('responds to HEAD without a stream', async () => {
    const { status, body, headers } = await callWithEnv({ method: 'HEAD', path: '/v1/events/stream' });
    expect([status, body, headers.get('content-type')]).toEqual([200, '', 'text/event-stream; charset=utf-8']);
  });

  it('refuses a page of another origin with a session cookie', async () => {
    const opened = await call('POST', '/v1/session', {});
    const cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
    const openStream = (headers: Record<string, string>) =>
      call('GET', '/v1/events/stream', undefined, { authorization: '', cookie, ...headers });
    expect((await openStream({})).status).toBe(200);
    expect((await openStream({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expectProblem(await openStream({ 'sec-fetch-site': 'same-site' }), 403, 'csrf-token-required');
    expectProblem(await openStream({ origin: 'https://evil.example' }), 403, 'csrf-token-required');
  });

  it('refuses invalid parameters, and returns 503 while the log is unavailable', async () => {
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
    const unavailable = await call('GET', '/v1/events/stream');
    expectProblem(unavailable, 503, 'temporarily-unavailable');
    expect(unavailable.headers.get('retry-after')).toBe('1');
  });
});

describe('a position outside the log', () => {
  it('gets 410 from the list, and snapshot-required from the stream', async () => {
    for (let at = 0; at < 3; at++) await appendEvent();
    const end = await newest();
    await trimTo(end - 1);
    const gone = await call('GET', '/v1/events?after=1');
    expectProblem(gone, 410, 'events-trimmed');
    expect(gone.body).toMatchObject({ oldest: String(end - 1), newest: String(end), snapshot: '/v1/snapshot' });
    // A position beyond the end: the log was reset.
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
      const next = await appendEvent();
      expect(await stream.events(1)).toMatchObject([{ id: String(next), event: 'component.registered' }]);
      await stream.close();
    }
  });

  it('is not the cursor of a filtered list without matches', async () => {
    const end = await appendEvent();
    const { body } = await call('GET', `/v1/events?after=${end - 1}&types=drill.began`);
    expect(body).toEqual({ items: [], nextCursor: String(end) });
  });
});
