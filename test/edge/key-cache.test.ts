import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { call, eventually, freshId } from '../support/coordinator-http.ts';
import { interceptCoordinator } from '../support/intercept-coordinator.ts';
import { silentRegistration } from '../support/silent-registration.ts';

const app = createApp();
const keys: Record<string, string> = {};
const id = freshId();

async function ask(key: string, method = 'GET', path = '/v1/health', body?: object): Promise<number> {
  const request = new Request(`https://coordinator.test${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const response = await app.fetch(request, env, createExecutionContext());
  await response.arrayBuffer();
  return response.status;
}

const route = (key: string) => ask(key, 'POST', '/v1/route', { type: 'task_router' });

/** The keys cannot be fetched: at once, or never. */
const takeAway = (how: 'fails' | 'hangs') =>
  interceptCoordinator(
    'syncKeys',
    () => () => (how === 'fails' ? Promise.reject(new Error('away')) : new Promise(() => undefined)),
  );

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeAll(async () => {
  for (const scope of ['viewer', 'router', `component:${id}`, 'registrar:task_router', 'operator', 'admin'])
    keys[scope.split(':')[0]!] = (await call('POST', '/v1/keys', { name: scope, scopes: [scope] })).body.key;
  await call('POST', '/v1/components', silentRegistration(id));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await ask(keys['viewer']!)).toBe(200);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await eventually(
    () => ask(keys['operator']!),
    (status) => status === 200,
  );
});

describe.each(['fails', 'hangs'] as const)('while the coordinator %s', (how) => {
  it('keys that can change nothing but themselves serve for a minute, others do not', async () => {
    takeAway(how);
    pass(30_000);
    expect(await ask(keys['viewer']!, 'GET', `/v1/components/${id}`)).toBe(200);
    expect(await route(keys['router']!)).toBe(200);
    expect(await ask(keys['component']!, 'POST', `/v1/components/${id}/heartbeat`, {})).toBe(200);
    for (const kind of how === 'fails' ? ['registrar', 'operator', 'admin'] : ['registrar'])
      expect({ kind, status: await ask(keys[kind]!, 'GET', `/v1/components/${id}`) }).toEqual({ kind, status: 503 });
    expect(await ask('test-admin-key', 'GET', `/v1/components/${id}`)).toBe(200);
    pass(31_000);
    for (const kind of how === 'fails' ? ['viewer', 'router', 'component'] : ['router'])
      expect({ kind, status: await ask(keys[kind]!, 'GET', `/v1/components/${id}`) }).toEqual({ kind, status: 503 });
    expect(await ask('test-admin-key', 'GET', `/v1/components/${id}`)).toBe(200);
  });

  it('a stranger is not let in', async () => {
    takeAway(how);
    pass(10_000);
    const stranger = `${keys['viewer']!.slice(0, -1)}${keys['viewer']!.endsWith('0') ? '1' : '0'}`;
    expect(await ask(stranger)).toBe(401);
  });
});

describe('the copy of the keys', () => {
  it('is fetched once for all who wait', async () => {
    pass(10_000);
    const fetched = vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName');
    const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(keys['component']!, 'GET', '/v1/nothing')));
    expect(new Set(statuses)).toEqual(new Set([404]));
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('is waited for when the one at hand is too old for anybody', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] });
    pass(120_000);
    const [begun, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    interceptCoordinator('syncKeys', (real) => async (request) => {
      begun.resolve();
      await release.promise;
      return real(request);
    });
    const asked = ask(keys['viewer']!);
    await begun.promise;
    await vi.advanceTimersByTimeAsync(2_000);
    release.resolve();
    expect(await asked).toBe(200);
  });

  it('costs a call nothing while it is fresh', async () => {
    pass(10_000);
    await ask(keys['component']!, 'GET', '/v1/nothing');
    const fetched = vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName');
    for (let at = 0; at < 50; at++) await ask(keys['component']!, 'GET', '/v1/nothing');
    expect(fetched).not.toHaveBeenCalled();
  });
});
