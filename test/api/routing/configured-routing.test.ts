/** Effects of configuration settings on routing. Each test has its own type. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';
import { cronSweep } from '../../../src/sweep/cron-sweep.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const configure = (type: string, document: object): Promise<ApiResponse> =>
  call('PUT', `/v1/config/types/${type}`, document);

async function freshType(document: object = {}): Promise<string> {
  const type = freshId('t').replaceAll('-', '_');
  expect((await configure(type, document)).status).toBe(201);
  return type;
}

async function ready(type: string, status = 'healthy', overrides: object = {}): Promise<string> {
  const id = freshId();
  const registered = await call('POST', '/v1/components', silentRegistration(id, { type, ...overrides }));
  expect(registered.status).toBe(201);
  await call('POST', `/v1/components/${id}/heartbeat`, { status });
  return id;
}

const route = (type: string, body: object = {}): Promise<ApiResponse> => call('POST', '/v1/route', { type, ...body });
const chosen = (response: ApiResponse): string => response.body.component?.id;

/** Counts the routing decisions per component. */
async function counted(type: string, routes: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let made = 0; made < routes; made++) {
    const id = chosen(await route(type));
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Waits until the edge snapshot has all components. */
const whenSeen = (type: string, ids: number): Promise<ApiResponse> =>
  eventually(
    () => route(type, { explain: true, dryRun: {} }),
    ({ body }) => (body.decision?.candidates ?? body.candidates)?.length === ids,
  );

describe('an added type', () => {
  it('supports registration, routing, lists, health, the sweep and keys at once', async () => {
    const requestType = freshId('work');
    const type = await freshType({ requestTypes: [requestType] });
    const scopes = [`registrar:${type}`];
    const key = await call('POST', '/v1/keys', { name: 'of the added type', scopes });
    expect(key.status).toBe(201);
    const id = freshId();
    const registrar = { authorization: `Bearer ${key.body.key}` };
    expect((await call('POST', '/v1/components', silentRegistration(id, { type }), registrar)).status).toBe(201);
    await call('POST', `/v1/components/${id}/heartbeat`, {});
    const routed = await call('POST', '/v1/route', { requestType });
    expect(routed).toMatchObject({ status: 200, body: { component: { id, type } } });
    expect((await call('GET', `/v1/components?type=${type}`)).body.items).toMatchObject([{ id }]);
    expect((await call('GET', '/v1/load')).body).toContainEqual(expect.objectContaining({ componentId: id }));
    await eventually(
      () => call('GET', '/v1/health'),
      ({ body }) => body.byType[type]?.healthy === 1,
    );
    const visited = vi.spyOn(env.COMPONENT_REGISTRY, 'getByName');
    await cronSweep(env, Date.now());
    expect(visited.mock.calls.flat()).toContain(type);
    vi.restoreAllMocks();
    expectProblem(await call('POST', '/v1/route', { requestType: `${requestType}.2` }), 404, 'unknown-request-type');
  });

  it('can take over request types that another type no longer declares', async () => {
    const [from, to] = [await freshType({ requestTypes: ['moving'] }), await freshType()];
    const [old, fresh] = [await ready(from), await ready(to)];
    expect(chosen(await call('POST', '/v1/route', { requestType: 'moving' }))).toBe(old);
    expectProblem(await configure(to, { requestTypes: ['moving'] }), 409, 'request-type-conflict');
    await configure(from, {});
    expectProblem(await call('POST', '/v1/route', { requestType: 'moving' }), 404, 'unknown-request-type');
    await configure(to, { requestTypes: ['moving'] });
    expect(chosen(await call('POST', '/v1/route', { requestType: 'moving' }))).toBe(fresh);
  });
});

describe('a setting', () => {
  it('loadBalancingEnabled: false routes everything to the first registered component', async () => {
    const type = await freshType();
    const first = await ready(type);
    for (let more = 0; more < 3; more++) await ready(type);
    await whenSeen(type, 4);
    expect((await counted(type, 40)).size).toBeGreaterThan(1);
    await configure(type, { loadBalancingEnabled: false });
    expect(await counted(type, 20)).toEqual(new Map([[first, 20]]));
    await configure(type, {});
    expect((await counted(type, 40)).size).toBeGreaterThan(1);
  });

  it('balancingPolicy applies to its type only', async () => {
    const [roundRobin, plain] = [await freshType({ balancingPolicy: 'round-robin' }), await freshType()];
    const sizes = [1, 10, 100];
    for (const type of [roundRobin, plain]) for (const weight of sizes) await ready(type, 'healthy', { weight });
    await whenSeen(roundRobin, 3);
    await whenSeen(plain, 3);
    expect((await route(roundRobin)).body.decision.policy).toBe('round-robin');
    expect((await route(plain)).body.decision.policy).toBe('least-time');
    const counts = [...(await counted(roundRobin, 60)).values()];
    for (const count of counts) expect(Math.abs(count - 20)).toBeLessThanOrEqual(3);
    expect(Math.max(...(await counted(plain, 60)).values())).toBeGreaterThan(40);
    await configure(roundRobin, { balancingPolicy: 'score', scoreWeights: SCORE });
    const scored = await route(roundRobin, { payload: { location: 'weur' }, explain: true });
    expect(scored.body.decision).toMatchObject({ policy: 'score', candidates: [{ parts: { base: 100 } }, {}, {}] });
  });

  it('panicThreshold routes to unhealthy components too while too few are healthy', async () => {
    const type = await freshType();
    const healthyId = await ready(type);
    for (let more = 0; more < 3; more++) await ready(type, 'unhealthy');
    await whenSeen(type, 4);
    expect(await counted(type, 20)).toEqual(new Map([[healthyId, 20]]));
    await configure(type, { panicThreshold: 50 });
    expect((await route(type)).body.decision.fallback).toBe('panic');
    // The healthy component has served more requests so far: the others come first until they have caught up.
    expect((await counted(type, 100)).size).toBe(4);
    await configure(type, { panicThreshold: 25 });
    expect((await route(type)).body.decision).not.toHaveProperty('fallback');
    expect(await counted(type, 20)).toEqual(new Map([[healthyId, 20]]));
  });

  it('noHealthyPolicy: fail-open routes to active components when none is healthy', async () => {
    const type = await freshType();
    const down = await ready(type, 'unhealthy');
    const standby = await ready(type, 'healthy', { role: 'standby' });
    const refused = await whenSeen(type, 2);
    expectProblem(refused, 503, 'no-healthy-components');
    await configure(type, { noHealthyPolicy: 'fail-open' });
    const open = await route(type, { explain: true });
    expect(open).toMatchObject({ status: 200, body: { component: { id: down }, decision: { fallback: 'fail-open' } } });
    expect(open.body.decision.candidates).toMatchObject([
      { id: down, verdict: 'chosen' },
      { id: standby, rule: 'lifecycle' },
    ]);
    const healthyId = await ready(type);
    await eventually(
      () => route(type),
      (response) => chosen(response) === healthyId,
    );
    await configure(type, {});
    expect(chosen(await route(type))).toBe(healthyId);
  });

  it('trafficSplit gives a canary its share, within 2 percent over 1 000 decisions', async () => {
    const type = await freshType({ trafficSplit: [{ match: { track: 'canary' }, percent: 10 }] });
    const canary = await ready(type, 'healthy', { metadata: { track: 'canary' } });
    for (let more = 0; more < 3; more++) await ready(type, 'healthy', { metadata: { track: 'stable' } });
    await whenSeen(type, 4);
    const counts = await counted(type, 1_000);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(1_000);
    expect(counts.size).toBe(4);
    expect(Math.abs(counts.get(canary)! - 100)).toBeLessThanOrEqual(20);
    await configure(type, { trafficSplit: [{ match: { track: 'canary' }, percent: 0 }] });
    expect((await counted(type, 100)).get(canary)).toBeUndefined();
    await configure(type, { trafficSplit: [{ match: { track: 'canary' }, percent: 100 }] });
    expect(await counted(type, 50)).toEqual(new Map([[canary, 50]]));
  });

  it('failureThreshold and maxComponentsPerType are delivered to the registry', async () => {
    const type = await freshType({ maxComponentsPerType: 1, failureThreshold: 1 });
    const id = await ready(type);
    await eventually(
      () => registryOf(type).sync({ syncedTo: null, assignments: [], outcomes: [] }),
      ({ configRevision }) => configRevision > 0,
    );
    const another = () => call('POST', '/v1/components', silentRegistration(freshId(), { type }));
    expectProblem(await another(), 409, 'component-limit');
    const failed = await call('POST', `/v1/components/${id}/failures`, { error: { message: 'it failed me' } });
    expect(failed.body).toMatchObject({ threshold: 1, recoveryId: expect.any(String) });
    await configure(type, { maxComponentsPerType: 2 });
    await eventually(another, ({ status }) => status === 201);
  });

  it('for all types applies to types without their own setting', async () => {
    const [own, plain] = [await freshType({ balancingPolicy: 'random' }), await freshType()];
    await ready(own);
    await ready(plain);
    await call('PUT', '/v1/config', { balancingPolicy: 'least-load' });
    expect((await route(own)).body.decision.policy).toBe('random');
    expect((await route(plain)).body.decision.policy).toBe('least-load');
    await call('PUT', '/v1/config', {});
    expect((await route(plain)).body.decision.policy).toBe('least-time');
  });
});

const SCORE = { degraded: 20, per100Ms: 1, responseTimeMax: 10, taskType: 15, location: 10 };
