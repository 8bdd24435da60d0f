import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { call, eventually, freshId } from '../support/coordinator-http.ts';
import { interceptCoordinator } from '../support/intercept-coordinator.ts';
import { silentRegistration } from '../support/silent-registration.ts';

const MINUTE_MS = 60_000;
const app = createApp();
const keys: Record<string, string> = {};
const id = freshId();

async function send(key: string, method = 'GET', path = '/v1/health', body?: object): Promise<number> {
  const request = new Request(`https://coordinator.test${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const response = await app.fetch(request, env, createExecutionContext());
  await response.arrayBuffer();
  return response.status;
}

const route = (key: string) => send(key, 'POST', '/v1/route', { type: 'task_router' });

/** Makes the keys unreachable: the call fails or hangs. */
const breakSync = (how: 'fails' | 'hangs') =>
  interceptCoordinator(
    'syncKeys',
    () => () => (how === 'fails' ? Promise.reject(new Error('unreachable')) : new Promise(() => undefined)),
  );

const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeAll(async () => {
  for (const scope of ['viewer', 'router', `component:${id}`, 'registrar:task_router', 'operator', 'admin'])
    keys[scope.split(':')[0]!] = (await call('POST', '/v1/keys', { name: scope, scopes: [scope] })).body.key;
  await call('POST', '/v1/components', silentRegistration(id));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await send(keys['viewer']!)).toBe(200);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await eventually(
    () => send(keys['operator']!),
    (status) => status === 200,
  );
});

describe.each(['fails', 'hangs'] as const)('while the coordinator %s', (how) => {
  it('keys that can change nothing but themselves are accepted for 15 minutes, others are not', async () => {
    breakSync(how);
    advance(14 * MINUTE_MS);
    expect(await send(keys['viewer']!, 'GET', `/v1/components/${id}`)).toBe(200);
    expect(await route(keys['router']!)).toBe(200);
    expect(await send(keys['component']!, 'POST', `/v1/components/${id}/heartbeat`, {})).toBe(200);
    for (const kind of how === 'fails' ? ['registrar', 'operator', 'admin'] : ['registrar'])
      expect({ kind, status: await send(keys[kind]!, 'GET', `/v1/components/${id}`) }).toEqual({ kind, status: 503 });
    expect(await send('admin-key-of-the-tests-0123456789abcdef', 'GET', `/v1/components/${id}`)).toBe(200);
    advance(MINUTE_MS + 1_000);
    for (const kind of how === 'fails' ? ['viewer', 'router', 'component'] : ['router'])
      expect({ kind, status: await send(keys[kind]!, 'GET', `/v1/components/${id}`) }).toEqual({ kind, status: 503 });
    expect(await send('admin-key-of-the-tests-0123456789abcdef', 'GET', `/v1/components/${id}`)).toBe(200);
  });

  it('an unknown key is not accepted', async () => {
    breakSync(how);
    advance(10_000);
    const unknown = `${keys['viewer']!.slice(0, -1)}${keys['viewer']!.endsWith('0') ? '1' : '0'}`;
    expect(await send(unknown)).toBe(401);
  });
});

describe('the copy of the keys', () => {
  it('is fetched once for all waiting requests', async () => {
    advance(10_000);
    const fetched = vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName');
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () => send(keys['component']!, 'GET', '/v1/nothing')),
    );
    expect(new Set(statuses)).toEqual(new Set([404]));
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('is awaited when the cached copy is too old for any key', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] });
    advance(20 * MINUTE_MS);
    const [started, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    interceptCoordinator('syncKeys', (real) => async (request) => {
      started.resolve();
      await release.promise;
      return real(request);
    });
    const status = send(keys['viewer']!);
    await started.promise;
    await vi.advanceTimersByTimeAsync(2_000);
    release.resolve();
    expect(await status).toBe(200);
  });

  it('costs no call while it is fresh', async () => {
    advance(10_000);
    await send(keys['component']!, 'GET', '/v1/nothing');
    const fetched = vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName');
    for (let at = 0; at < 50; at++) await send(keys['component']!, 'GET', '/v1/nothing');
    expect(fetched).not.toHaveBeenCalled();
  });
});
