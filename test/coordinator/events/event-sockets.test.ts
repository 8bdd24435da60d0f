/** Readers of the event log over WebSockets: their authorization, their messages, and the end of their connections. */
import { env, exports } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { EventStore } from '../../../src/coordinator/events/event-store.ts';
import type { EventDraft } from '../../../src/core/event/coordinator-event.ts';
import { call, eventually } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';

const worker = exports as unknown as { default: Fetcher };
const system = env.SYSTEM_COORDINATOR.getByName('system') as DurableObjectStub;

// oxlint-disable-next-line typescript/no-explicit-any -- JSON documents whose shape the test asserts
type Message = any;

const open = new Set<SocketUnderTest>();

class SocketUnderTest {
  readonly messages: Message[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      this.messages.push(data === 'pong' ? data : JSON.parse(String(data)));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
    open.add(this);
  }

  static async open(query = '', headers: Record<string, string> = {}): Promise<SocketUnderTest> {
    const response = await requestSocket(query, headers);
    if (!response.webSocket) throw new Error(`answered ${response.status}: ${await response.text()}`);
    const opened = new SocketUnderTest(response.webSocket);
    await opened.until(() => opened.messages.length > 0);
    return opened;
  }

  /** The sequences of the received events. */
  get sequences(): number[] {
    return this.messages.filter(({ specversion }) => specversion).map(({ sequence }) => Number(sequence));
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  ack(sequence: number): void {
    this.send({ type: 'ack', sequence: String(sequence) });
  }

  close(): void {
    open.delete(this);
    if (!this.closed) this.#socket.close();
  }

  until(condition: () => boolean): Promise<boolean> {
    return eventually(async () => condition(), Boolean, 5_000);
  }
}

const requestSocket = (query: string, headers: Record<string, string>): Promise<Response> =>
  worker.default.fetch(`https://coordinator.test/v1/events/socket${query}`, {
    headers: { authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef', upgrade: 'websocket', ...headers },
  });

let drafted = 0;
const draft = (overrides: Partial<EventDraft> = {}): EventDraft => ({
  key: `socket-test-${drafted++}`,
  type: 'component.flapping',
  subject: 'a',
  time: Date.now(),
  data: {},
  ...overrides,
});
const publish = (...overrides: Partial<EventDraft>[]): Promise<void> =>
  coordinator().publish(overrides.map(draft), null);
const makeKey = async (more: object = {}): Promise<Message> =>
  (await call('POST', '/v1/keys', { name: 'socket', scopes: ['viewer'], ...more })).body;
const newest = (): Promise<number> => coordinator().sequence(null, 0);

const inCoordinator = <T>(work: (storage: DurableObjectStorage) => T): Promise<T> =>
  runInDurableObject(system, (_, { storage }) => work(storage));

const count = (): Promise<number> => runInDurableObject(system, (_, state) => state.getWebSockets().length);

beforeAll(() => publish({}, {}, {}));
afterEach(() => {
  for (const socket of open) socket.close();
});

describe('a WebSocket reader', () => {
  it('receives its position, then each event once and in order', async () => {
    const position = await newest();
    const [live, late] = [await SocketUnderTest.open(), await SocketUnderTest.open(`?after=${position - 2}`)];
    expect(live.messages[0]).toEqual({
      type: 'hello',
      sequence: String(position),
      after: String(position),
      windowBytes: expect.any(Number),
    });
    await publish({});
    await Promise.all([publish({}), publish({}, {})]);
    const [ofLive, ofLate] = [[1, 2, 3, 4].map((at) => position + at), [-1, 0, 1, 2, 3, 4].map((at) => position + at)];
    await late.until(() => late.sequences.length >= 6 && live.sequences.length >= 4);
    expect([live.sequences, late.sequences]).toEqual([ofLive, ofLate]);
    const { body } = await call('GET', `/v1/events?after=${position}`);
    expect(live.messages.slice(1)).toEqual(body.items);
  });

  it('receives only the events of its filter, and its position from the sweep', async () => {
    const position = await newest();
    const reader = await SocketUnderTest.open('?types=component.failed,component.flapping&subject=b');
    await publish({}, { subject: 'b' }, { type: 'component.updated', subject: 'b' }, {});
    await reader.until(() => reader.sequences.length > 0);
    expect(reader.sequences).toEqual([position + 2]);
    await coordinator().sweep(Date.now());
    await reader.until(() => reader.messages.length > 2);
    expect(reader.messages.at(-1)).toEqual({ type: 'position', sequence: String(await newest()) });
  });

  it('continues at its position after an eviction of the object', async () => {
    const position = await newest();
    const reader = await SocketUnderTest.open();
    await publish({});
    await reader.until(() => reader.sequences.length > 0);
    await evict(system);
    await publish({}, {});
    await reader.until(() => reader.sequences.length >= 3);
    expect(reader.sequences).toEqual([1, 2, 3].map((at) => position + at));
  });

  it('receives no more than its window until it acknowledges, then the rest', async () => {
    const position = await newest();
    const reader = await SocketUnderTest.open();
    const blob = 'x'.repeat(20_000);
    for (let at = 0; at < 12; at++) await publish({ data: { blob } });
    await reader.until(() => reader.sequences.length >= 6);
    await coordinator().sweep(Date.now());
    const sent = reader.sequences.length;
    expect(sent).toBeLessThan(9);
    for (let acked = 0; reader.sequences.length < 12;) {
      if (reader.sequences.length > acked) reader.ack(reader.sequences[acked++]!);
      else await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(reader.sequences).toEqual(Array.from({ length: 12 }, (_, at) => position + 1 + at));
  });

  it('is closed when it acknowledges nothing for 30 s', async () => {
    const reader = await SocketUnderTest.open();
    const blob = 'x'.repeat(50_000);
    await publish({ data: { blob } }, { data: { blob } }, { data: { blob } }, { data: { blob } });
    await reader.until(() => reader.sequences.length >= 3);
    await coordinator().sweep(Date.now());
    expect(reader.closed).toBeNull();
    await coordinator().sweep(Date.now() + 31_000);
    await reader.until(() => reader.closed !== null);
    expect(reader.closed).toMatchObject({ code: 4_408 });
  });

  it('is sent snapshot-required when the log lacks its next event', async () => {
    await publish({}, {}, {});
    const end = await newest();
    await inCoordinator(({ sql }) => sql.exec('DELETE FROM events WHERE sequence < ?', end - 1));
    for (const after of [0, end + 10]) {
      const reader = await SocketUnderTest.open(`?after=${after}`);
      const [oldest, last] = [String(end - 1), String(await newest())];
      await reader.until(() => reader.messages.length >= 2);
      expect(reader.messages[1]).toEqual({ type: 'snapshot-required', oldest, newest: last, snapshot: '/v1/snapshot' });
      await publish({});
      await reader.until(() => reader.sequences.length > 0);
      expect(reader.sequences).toEqual([Number(last) + 1]);
    }
  });

  it('gets pong for ping, an error for an unknown message, and is closed after too many', async () => {
    const reader = await SocketUnderTest.open();
    reader.send('ping');
    reader.send('nonsense');
    reader.send({ type: 'ack', sequence: '1', more: true });
    await reader.until(() => reader.messages.length >= 4);
    expect(reader.messages.slice(1).map((each) => each.code ?? each)).toEqual([
      'pong',
      'unknown-message',
      'unknown-message',
    ]);
    for (let at = 0; at < 10; at++) reader.send('{}');
    await reader.until(() => reader.closed !== null);
    expect(reader.closed).toMatchObject({ code: 1_008 });
    const other = await SocketUnderTest.open();
    other.send('x'.repeat(2_000));
    await other.until(() => other.closed !== null);
    expect(other.closed).toMatchObject({ code: 1_009 });
  });

  it('causes no read of the log by an acknowledgement that frees no window', async () => {
    const reader = await SocketUnderTest.open();
    const blob = 'x'.repeat(1_000);
    await publish(...Array.from({ length: 600 }, () => ({ data: { blob } })));
    await reader.until(() => reader.sequences.length > 100);
    await coordinator().sweep(Date.now());
    const sent = [...reader.sequences];
    expect(sent.length).toBeLessThan(200);
    const reads = vi.spyOn(EventStore.prototype, 'page');
    for (const sequence of sent.slice(0, 5)) reader.ack(sequence);
    reader.send('ping');
    await reader.until(() => reader.messages.includes('pong'));
    expect(reads).not.toHaveBeenCalled();
    for (const sequence of sent.slice(5)) reader.ack(sequence);
    await reader.until(() => reader.sequences.length > sent.length + 50);
    expect(reads.mock.calls.length).toBeLessThan(40);
    reads.mockRestore();
  });

  it('is closed when it repeats acknowledgements too often', async () => {
    const reader = await SocketUnderTest.open();
    await publish({});
    await reader.until(() => reader.sequences.length === 1);
    const [seen] = reader.sequences as [number];
    for (let at = 0; at < 30; at++) reader.ack(seen);
    for (let at = 0; at < 30; at++) reader.ack(seen + 1_000);
    await publish({});
    await reader.until(() => reader.sequences.length === 2);
    expect(reader.closed).toBeNull();
    for (let at = 0; at < 60; at++) reader.ack(seen - 1);
    await reader.until(() => reader.closed !== null);
    expect(reader.closed).toMatchObject({ code: 1_008 });
  });

  it('frees no window by acknowledging an event that it was not sent', async () => {
    const reader = await SocketUnderTest.open();
    const blob = 'x'.repeat(50_000);
    await publish({ data: { blob } }, { data: { blob } }, { data: { blob } }, { data: { blob } });
    await reader.until(() => reader.sequences.length >= 3);
    const sent = reader.sequences.length;
    reader.ack(await newest());
    await coordinator().sweep(Date.now());
    reader.send('ping');
    await reader.until(() => reader.messages.includes('pong'));
    expect(reader.sequences).toHaveLength(sent);
    reader.ack(reader.sequences[sent - 1]!);
    await reader.until(() => reader.sequences.length === 4);
  });

  it('is no longer counted once it closed its socket', async () => {
    const before = await count();
    const reader = await SocketUnderTest.open();
    expect(await count()).toBe(before + 1);
    reader.close();
    await eventually(count, (open_) => open_ === before, 5_000);
  });

  it('with a broken socket does not block other readers or the publication', async () => {
    const [gone, stays] = [await SocketUnderTest.open(), await SocketUnderTest.open()];
    await runInDurableObject(system, (_, state) => {
      // Makes sending to the first socket fail, as with a broken one.
      for (const socket of state.getWebSockets().slice(0, 1)) socket.serializeAttachment(null);
    });
    await publish({});
    await stays.until(() => stays.sequences.length + gone.sequences.length === 1);
  });
});

describe('the authorization of a socket', () => {
  it('requires an upgrade request', async () => {
    const response = await call('GET', '/v1/events/socket');
    expect([response.status, response.body.code]).toEqual([426, 'upgrade-required']);
  });

  it('ends with the key, its secret or the session', async () => {
    const [revoked, rotated] = [await makeKey(), await makeKey()];
    const [first, second] = [
      await SocketUnderTest.open('', { authorization: `Bearer ${revoked.key}` }),
      await SocketUnderTest.open('', { authorization: `Bearer ${rotated.key}` }),
    ];
    await call('DELETE', `/v1/keys/${revoked.id}`);
    await first.until(() => first.closed !== null);
    expect(first.closed).toMatchObject({ code: 4_401 });
    expect(second.closed).toBeNull();
    await call('POST', `/v1/keys/${rotated.id}/rotate`, { overlapMs: 0 });
    await second.until(() => second.closed !== null);

    const opened = await call('POST', '/v1/session', {});
    const cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
    const third = await SocketUnderTest.open('', { authorization: '', cookie, origin: 'https://coordinator.test' });
    await call('DELETE', '/v1/session', undefined, {
      authorization: '',
      cookie,
      'x-csrf-token': opened.body.csrfToken,
    });
    await third.until(() => third.closed !== null);
    expect(third.closed).toMatchObject({ code: 4_401 });
  });

  it('ends when the key expires, before another event is sent', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { key, id } = await makeKey({ expiresAt });
    const reader = await SocketUnderTest.open('', { authorization: `Bearer ${key}` });
    await inCoordinator(({ sql }) => sql.exec('UPDATE access_keys SET expires_at = 1 WHERE id = ?', id));
    await publish({});
    await reader.until(() => reader.closed !== null);
    expect([reader.closed?.code, reader.sequences]).toEqual([4_401, []]);
  });

  it('is refused to a page of another origin with a session cookie', async () => {
    const opened = await call('POST', '/v1/session', {});
    const cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
    for (const origin of ['https://evil.example', 'http://coordinator.test', 'null', '']) {
      const headers: Record<string, string> = origin === '' ? {} : { origin };
      const response = await worker.default.fetch('https://coordinator.test/v1/events/socket', {
        headers: { upgrade: 'websocket', cookie, ...headers },
      });
      expect([origin, response.status, response.webSocket]).toEqual([origin, 403, null]);
      await response.text();
    }
  });
});
