/** Bodies that do not end: they hold up nobody, and nothing comes of them once their key is revoked. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const app = createApp();

interface Parked {
  readonly answer: Promise<Response>;
  readonly body: ReadableStreamDefaultController<Uint8Array>;
}

/** A call whose body is being waited for. */
async function park(key: string, path = '/v1/route', method: 'POST' | 'DELETE' = 'POST'): Promise<Parked> {
  const reached = Promise.withResolvers<void>();
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>(
    { start: (controller) => void (body = controller), pull: () => reached.resolve() },
    { highWaterMark: 0 },
  );
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = new Request(`https://coordinator.test${path}`, { method, body: stream, headers });
  const answer = Promise.resolve(app.fetch(request, env, createExecutionContext()));
  await reached.promise;
  return { answer, body: body! };
}

const stateOf = ({ answer }: Parked): Promise<Response | 'still open'> =>
  Promise.race([answer, Promise.resolve('still open' as const)]);

const keyOf = async (...scopes: string[]): Promise<{ key: string; id: string }> =>
  (await call('POST', '/v1/keys', { name: 'parked', scopes })).body;

let parked: Parked[] = [];
let router: string;

beforeAll(async () => {
  router = (await keyOf('router')).key;
});

afterEach(async () => {
  vi.useRealTimers();
  for (const { body } of parked) {
    try {
      body.close();
    } catch {
      // Given up already.
    }
  }
  await Promise.all(parked.map(({ answer }) => answer));
  parked = [];
});

describe('bodies that never end', () => {
  it('of one key hold up no other call, whatever its kind', async () => {
    for (let at = 0; at < 1_100; at++) parked.push(await park(router));
    expect((await callWithEnv({ path: '/v1/components' })).status).toBe(200);
    expect((await callWithEnv({ path: '/v1/components/none' })).status).toBe(404);
    expect((await callWithEnv({ method: 'POST', path: '/v1/components', body: '{}' })).status).toBe(422);
    expect((await callWithEnv({ method: 'POST', path: '/v1/route', body: '{}' })).status).toBe(422);
    // Nor an honest one of the same key.
    const headers = { authorization: `Bearer ${router}` };
    expect((await callWithEnv({ method: 'POST', path: '/v1/route', body: '{}', headers })).status).toBe(422);
  });

  it('give way to newer ones, the oldest first', async () => {
    for (let at = 0; at < 128; at++) parked.push(await park(router));
    const next = await park(router);
    parked.push(next);
    const oldest = await parked[0]!.answer;
    expect(oldest.status).toBe(408);
    expect(await oldest.json()).toMatchObject({ code: 'body-too-slow' });
    next.body.enqueue(new TextEncoder().encode('{}'));
    next.body.close();
    expect((await next.answer).status).toBe(422);
    expect(await stateOf(parked[1]!)).toBe('still open');
  });

  it('are given up after ten seconds, by whoever comes next', async () => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now });
    const one = await park(router);
    parked.push(one);
    vi.setSystemTime(now + 9_999);
    parked.push(await park(router));
    expect(await stateOf(one)).toBe('still open');
    vi.setSystemTime(now + 10_000);
    parked.push(await park(router));
    expect((await one.answer).status).toBe(408);
    expect(await stateOf(parked[1]!)).toBe('still open');
  });
});

describe('a body that breaks off or is too large', () => {
  it('is answered so, and makes room', async () => {
    const [breaking, tooLarge] = [await park(router), await park(router)];
    parked.push(breaking, tooLarge);
    breaking.body.error(new Error('the caller hung up'));
    tooLarge.body.enqueue(new Uint8Array(100_000));
    expect((await breaking.answer).status).toBe(400);
    expect((await tooLarge.answer).status).toBe(413);
  });
});

describe('a key revoked while the body is on the way', () => {
  it.each([
    ['POST', (id: string) => `/v1/components/${id}/heartbeat`],
    ['DELETE', (id: string) => `/v1/components/${id}`],
    ['POST', (id: string) => `/v1/components/${id}/failures`],
  ] as const)('does nothing any more: %s', async (method, pathOf) => {
    const id = freshId();
    expect((await call('POST', '/v1/components', silentRegistration(id))).status).toBe(201);
    const { key, id: keyId } = await keyOf(`component:${id}`);
    const before = (await call('GET', `/v1/components/${id}`)).body;
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now });
    const one = await park(key, pathOf(id), method);
    parked.push(one);
    expect((await call('DELETE', `/v1/keys/${keyId}`)).status).toBe(200);
    vi.setSystemTime(now + 3_000);
    one.body.enqueue(new TextEncoder().encode('{"error":{"message":"x"}}'));
    one.body.close();
    expect((await one.answer).status).toBe(401);
    vi.useRealTimers();
    expect((await call('GET', `/v1/components/${id}`)).body).toEqual(before);
  });
});
