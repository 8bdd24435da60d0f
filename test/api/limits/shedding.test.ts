import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { createRoute } from '../../../src/api/http/openapi-route.ts';
import { MAX_IN_FLIGHT } from '../../../src/core/access/load-shedding.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

interface OpenCall {
  readonly response: Promise<Response>;
  readonly end: (how?: 'fails') => void;
}

let openCalls: OpenCall[] = [];
let entered = (): void => undefined;

const app = createApp();
const openCallRoute = createRoute({
  method: 'post',
  path: '/v1/leases/held',
  'x-permission': 'any-key',
  responses: { 204: { description: 'Ended by the test' } },
});
const ends: Promise<'fails' | undefined>[] = [];
app.openapi(openCallRoute, async (c) => {
  entered();
  if ((await ends.shift()) === 'fails') throw new Error('a handler failed');
  return c.body(null, 204);
});

/** Opens calls with the keys in turn until `total` calls are in progress. */
async function keepCallsOpen(total: number, ...by: readonly string[]): Promise<void> {
  while (openCalls.length < total) {
    const key = by[openCalls.length % by.length] ?? 'admin-key-of-the-tests-0123456789abcdef';
    const end = Promise.withResolvers<'fails' | undefined>();
    const inside = Promise.withResolvers<void>();
    ends.push(end.promise);
    entered = inside.resolve;
    const request = new Request('https://coordinator.test/v1/leases/held', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    openCalls.push({ response: Promise.resolve(app.fetch(request, env, createExecutionContext())), end: end.resolve });
    await inside.promise;
  }
}

const list = (): Promise<ApiResponse> => callWithEnv({ path: '/v1/components' });
const lookup = (): Promise<ApiResponse> => callWithEnv({ path: '/v1/components/none' });
const change = (): Promise<ApiResponse> => callWithEnv({ method: 'POST', path: '/v1/components', body: '{}' });
const traffic = (): Promise<ApiResponse> => callWithEnv({ method: 'POST', path: '/v1/heartbeats', body: '{}' });

const statuses = async (): Promise<number[]> =>
  Promise.all([list(), lookup(), change(), traffic()].map(async (response) => (await response).status));

const keys: string[] = [];

beforeAll(async () => {
  for (const name of ['one', 'other']) {
    const made = await call('POST', '/v1/keys', { name, scopes: ['operator'] });
    keys.push(made.body.key as string);
  }
});

afterEach(async () => {
  for (const { end } of openCalls) end();
  await Promise.all(openCalls.map(({ response }) => response));
  openCalls = [];
});

describe('load shedding', () => {
  it('refuses lists first, then lookups, changes and traffic, and never liveness', async () => {
    expect(await statuses()).toEqual([200, 404, 422, 422]);
    // Half of the limit for each key: no single key can use it all.
    await keepCallsOpen(MAX_IN_FLIGHT.list, ...keys);
    expect((await list()).status).toBe(503);
    expect((await lookup()).status).toBe(404);
    await keepCallsOpen(MAX_IN_FLIGHT.lookup, ...keys);
    expect((await lookup()).status).toBe(503);
    expect((await change()).status).toBe(422);
    await keepCallsOpen(MAX_IN_FLIGHT.change, ...keys);
    expect((await change()).status).toBe(503);
    expect((await traffic()).status).toBe(422);
    await keepCallsOpen(MAX_IN_FLIGHT.traffic / 2, ...keys);
    expect((await traffic()).status).toBe(422);
    await keepCallsOpen(MAX_IN_FLIGHT.traffic, ...keys);
    expect(await statuses()).toEqual([503, 503, 503, 503]);
    expect((await callWithEnv({ path: '/healthz' })).status).toBe(200);
    expect((await callWithEnv({ path: '/openapi.json' })).status).toBe(200);
  });

  it('still serves lists while many callers wait for leases; waiting calls count as traffic', async () => {
    const type = 'performance_tracker';
    const join = async (id: string, maxConcurrentTasks: number): Promise<void> => {
      await call('POST', '/v1/components', silentRegistration(id, { type, capabilities: { maxConcurrentTasks } }));
      await call('POST', `/v1/components/${id}/heartbeat`, {});
    };
    const [small, large] = [freshId(), freshId()];
    await join(small, 1);
    const lease = (terms: object) =>
      callWithEnv({ method: 'POST', path: '/v1/route', body: JSON.stringify({ type, lease: terms }) });
    await lease({});
    const waiting = Array.from({ length: MAX_IN_FLIGHT.list }, () => lease({ waitMs: 20_000 }));
    await eventually(
      () => callWithEnv({ path: `/v1/leases?type=${type}` }),
      (shown) => shown.status === 200 && shown.body.waiting[0]?.depth === MAX_IN_FLIGHT.list,
    );
    expect(await statuses()).toEqual([200, 404, 422, 422]);
    await keepCallsOpen(MAX_IN_FLIGHT.traffic / 2 - MAX_IN_FLIGHT.list);
    expectProblem(await traffic(), 429, 'too-many-in-flight');
    for (const { end } of openCalls) end();
    await join(large, MAX_IN_FLIGHT.list);
    for (const served of await Promise.all(waiting)) expect(served.body.component.id).toBe(large);
    for (const id of [small, large]) await call('DELETE', `/v1/components/${id}`);
  });

  it('returns Retry-After', async () => {
    await keepCallsOpen(MAX_IN_FLIGHT.list, ...keys);
    const shed = await list();
    expectProblem(shed, 503, 'overloaded');
    expect(shed.headers.get('retry-after')).toBe('1');
  });

  it('refuses nothing to others because of one key, whatever that key holds open', async () => {
    const [one] = keys as [string];
    await keepCallsOpen(MAX_IN_FLIGHT.traffic / 2, one);
    expect(await statuses()).toEqual([200, 404, 422, 422]);
  });

  it('counts the keys that were issued under a key as that key', async () => {
    const made = await call('POST', '/v1/keys', { name: 'r', scopes: ['registrar:agent_registry'] });
    const id = freshId();
    const registration = silentRegistration(id, { type: 'agent_registry' });
    const headers = { authorization: `Bearer ${made.body.key}` };
    const registered = await call('POST', '/v1/components', registration, headers);
    expect(registered).toMatchObject({ status: 201, body: { key: { key: expect.any(String) } } });
    const own = registered.body.key.key;
    await keepCallsOpen(MAX_IN_FLIGHT.lookup / 2, own);
    expectProblem(await callWithEnv({ path: `/v1/components/${id}`, headers }), 429, 'too-many-in-flight');
    expect(await statuses()).toEqual([200, 404, 422, 422]);
  });

  it('checks the key first', async () => {
    await keepCallsOpen(MAX_IN_FLIGHT.list);
    expectProblem(await callWithEnv({ path: '/v1/components', headers: { authorization: null } }), 401, 'unauthorized');
  });

  it('gives one key at most half of the limit of each kind', async () => {
    await keepCallsOpen(MAX_IN_FLIGHT.list / 2);
    const refused = await list();
    expectProblem(refused, 429, 'too-many-in-flight');
    expect(refused.headers.get('retry-after')).toBe('1');
    const headers = { authorization: `Bearer ${keys[0]}` };
    expect((await callWithEnv({ path: '/v1/components', headers })).status).toBe(200);
    openCalls[0]!.end();
    await openCalls[0]!.response;
    expect((await list()).status).toBe(200);
  });
});

describe('the count of calls in progress', () => {
  it('decreases with every end: a response or a failure', async () => {
    await keepCallsOpen(MAX_IN_FLIGHT.list / 2);
    expect((await list()).status).toBe(429);
    const [ending, failing] = openCalls as [OpenCall, OpenCall];
    ending.end();
    failing.end('fails');
    expect((await ending.response).status).toBe(204);
    expect((await failing.response).status).toBe(500);
    expect((await list()).status).toBe(200);
    await keepCallsOpen(MAX_IN_FLIGHT.list / 2 + 1);
    expect((await list()).status).toBe(200);
    await keepCallsOpen(MAX_IN_FLIGHT.list / 2 + 2);
    expect((await list()).status).toBe(429);
  });

  it('excludes calls that were shed', async () => {
    await keepCallsOpen(MAX_IN_FLIGHT.list, ...keys);
    for (let at = 0; at < 200; at++) expect((await list()).status).toBe(503);
    expect((await lookup()).status).toBe(404);
  });
});
