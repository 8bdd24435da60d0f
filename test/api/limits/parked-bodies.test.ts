/** Request bodies that do not end: they block no other call, and have no effect once their key is revoked. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const app = createApp();

interface Parked {
  readonly response: Promise<Response>;
  readonly body: ReadableStreamDefaultController<Uint8Array>;
}

/** Starts a call and returns once the server waits for its body. */
async function park(key: string, path = '/v1/route', method: 'POST' | 'DELETE' = 'POST'): Promise<Parked> {
  const reached = Promise.withResolvers<void>();
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>(
    { start: (controller) => void (body = controller), pull: () => reached.resolve() },
    { highWaterMark: 0 },
  );
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = new Request(`https://coordinator.test${path}`, { method, body: stream, headers });
  const response = Promise.resolve(app.fetch(request, env, createExecutionContext()));
  await reached.promise;
  return { response, body: body! };
}

const stateOf = ({ response }: Parked): Promise<Response | 'still open'> =>
  Promise.race([response, Promise.resolve('still open' as const)]);

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
      // The server has already cancelled the body.
    }
  }
  await Promise.all(parked.map(({ response }) => response));
  parked = [];
});

describe('bodies that never end', () => {
  it('of one key block no other call of any kind', async () => {
    for (let at = 0; at < 1_100; at++) parked.push(await park(router));
    expect((await callWithEnv({ path: '/v1/components' })).status).toBe(200);
    expect((await callWithEnv({ path: '/v1/components/none' })).status).toBe(404);
    expect((await callWithEnv({ method: 'POST', path: '/v1/components', body: '{}' })).status).toBe(422);
    expect((await callWithEnv({ method: 'POST', path: '/v1/route', body: '{}' })).status).toBe(422);
    // A complete call with the same key is not blocked either.
    const headers = { authorization: `Bearer ${router}` };
    expect((await callWithEnv({ method: 'POST', path: '/v1/route', body: '{}', headers })).status).toBe(422);
  });

  it('are cancelled for newer ones, the oldest first', async () => {
    for (let at = 0; at < 128; at++) parked.push(await park(router));
    const next = await park(router);
    parked.push(next);
    const oldest = await parked[0]!.response;
    expect(oldest.status).toBe(408);
    expect(await oldest.json()).toMatchObject({ code: 'body-too-slow' });
    next.body.enqueue(new TextEncoder().encode('{}'));
    next.body.close();
    expect((await next.response).status).toBe(422);
    expect(await stateOf(parked[1]!)).toBe('still open');
  });

  it('are cancelled after ten seconds, at the next call', async () => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now });
    const one = await park(router);
    parked.push(one);
    vi.setSystemTime(now + 9_999);
    parked.push(await park(router));
    expect(await stateOf(one)).toBe('still open');
    vi.setSystemTime(now + 10_000);
    parked.push(await park(router));
    expect((await one.response).status).toBe(408);
    expect(await stateOf(parked[1]!)).toBe('still open');
  });
});

describe('a body that breaks off or is too large', () => {
  it('is refused and frees its slot', async () => {
    const [breaking, tooLarge] = [await park(router), await park(router)];
    parked.push(breaking, tooLarge);
    breaking.body.error(new Error('the caller hung up'));
    tooLarge.body.enqueue(new Uint8Array(100_000));
    expect((await breaking.response).status).toBe(400);
    expect((await tooLarge.response).status).toBe(413);
  });
});

describe('a key revoked while the body is being sent', () => {
  it.each([
    ['POST', (id: string) => `/v1/components/${id}/heartbeat`],
    ['DELETE', (id: string) => `/v1/components/${id}`],
    ['POST', (id: string) => `/v1/components/${id}/failures`],
  ] as const)('changes nothing: %s', async (method, pathOf) => {
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
    expect((await one.response).status).toBe(401);
    vi.useRealTimers();
    expect((await call('GET', `/v1/components/${id}`)).body).toEqual(before);
  });
});
