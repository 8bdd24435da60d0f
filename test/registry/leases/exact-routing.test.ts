import { describe, expect, it } from 'vitest';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const route = (requestType: string, body: Record<string, unknown> = {}): Promise<ApiResponse> =>
  call('POST', '/v1/route', { requestType, ...body });

/** Registers a component that reports healthy by heartbeat, so no check must be awaited. */
async function registerHealthy(type: string, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', registrationFor(id, { type, ...beats, ...overrides }));
  await call('POST', `/v1/components/${id}/heartbeat`, { status: 'healthy' });
  return id;
}

const sendHeartbeat = (id: string, status: string): Promise<ApiResponse> =>
  call('POST', `/v1/components/${id}/heartbeat`, { status });

const chosen = (response: ApiResponse): string => response.body.component?.id;

/** The ids that a number of decisions chose. */
async function chosenIds(
  requestType: string,
  body: Record<string, unknown> = {},
  decisions = 30,
): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let made = 0; made < decisions; made++) ids.add(chosen(await route(requestType, body)));
  return ids;
}

async function removeAll(ids: readonly string[]): Promise<void> {
  for (const id of ids) await call('DELETE', `/v1/components/${id}`);
}

describe.concurrent('routing over real registries', () => {
  it('responds 404 to a request type that no component type serves', async () => {
    const response = await route('tea_making');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.body.code).toBe('unknown-request-type');
  });

  it('finds a component that registered after a 503', async () => {
    const unserved = await route('compliance_check');
    expect(unserved).toMatchObject({ status: 503, body: { code: 'no-healthy-components', candidates: [] } });
    expect(unserved.body).toMatchObject({
      requestType: 'compliance_check',
      componentType: 'constitutional_runtime',
      components: { total: 0, healthy: 0 },
    });
    for (const part of ['compliance_check', 'constitutional_runtime', 'no component is registered'])
      expect(unserved.body.detail).toContain(part);
    expect(Number(unserved.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const id = await registerHealthy('constitutional_runtime', { metadata: { version: '1.0.0' } });
    const response = await route('compliance_check', { payload: { taskId: 't-1' } });
    expect(response.status).toBe(200);
    expect(response.body.component).toMatchObject({
      id,
      type: 'constitutional_runtime',
      metadata: { version: '1.0.0' },
    });
    expect(response.body.lease).toBeNull();
    expect(response.body.decision).toMatchObject({ mode: 'edge', policy: 'least-time', stale: false, relaxed: [] });
  });

  it('gives a reason for every candidate when none can receive the work', async () => {
    const id = await registerHealthy('caws_validator');
    const standby = await registerHealthy('caws_validator', { role: 'standby' });
    const weightless = await registerHealthy('caws_validator', { weight: 0 });
    const silent = freshId();
    await call('POST', '/v1/components', registrationFor(silent, { type: 'caws_validator', ...beats }));
    await sendHeartbeat(id, 'unhealthy');
    const response = await eventually(
      () => route('caws_validation'),
      ({ status }) => status === 503,
    );
    expect(response.body.code).toBe('no-healthy-components');
    const named = {
      requestType: 'caws_validation',
      componentType: 'caws_validator',
      detail: expect.stringMatching(/caws_validation.*caws_validator.*4 components: .*1 unhealthy.*1 standby/),
      components: { total: 4, healthy: 1, unhealthy: 1, unknown: 1, standby: 1 },
    };
    expect(response.body).toMatchObject(named);
    const leased = await route('caws_validation', { lease: {} });
    expect(leased.status).toBe(503);
    expect(leased.body).toMatchObject(named);
    const byType = await call('POST', '/v1/route', { type: 'caws_validator' });
    expect(byType.body).toMatchObject({ componentType: 'caws_validator', components: named.components });
    expect(byType.body).not.toHaveProperty('requestType');
    const rules = new Map<string, { rule: string; reason: string }>(
      response.body.candidates.map((each: { id: string; rule: string; reason: string }) => [each.id, each]),
    );
    expect(rules.get(id)).toMatchObject({ rule: 'unhealthy', reason: expect.stringContaining('REPORTED_UNHEALTHY') });
    expect(rules.get(standby)).toMatchObject({ rule: 'lifecycle', reason: 'is standby' });
    expect(rules.get(weightless)).toMatchObject({ rule: 'weight' });
    expect(rules.get(silent)).toMatchObject({ rule: 'unknown' });
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  it('avoids a component that failed its checks until it is healthy again', async () => {
    const [first, second] = [freshId(), freshId()];
    for (const id of [first, second]) {
      await call('POST', '/v1/components', registrationFor(id, { type: 'agent_registry' }));
      await call('POST', `/v1/components/${id}/probe`);
    }
    const both = new Set([first, second]);
    await eventually(
      () => chosenIds('agent_lookup'),
      (ids) => ids.size === 2,
    );
    await setMode(first, 'reset');
    await call('POST', `/v1/components/${first}/probe`);
    await eventually(
      () => chosenIds('agent_lookup', {}, 10),
      (ids) => ids.size === 1 && ids.has(second),
      4_000,
    );
    await setMode(first, 'healthy');
    await call('POST', `/v1/components/${first}/probe`);
    await call('POST', `/v1/components/${first}/probe`);
    const back = await eventually(
      () => chosenIds('agent_lookup'),
      (ids) => ids.size === 2,
    );
    expect(back).toEqual(both);
    await removeAll([first, second]);
  });

  it('routes to a suspect component only while no better one is left', async () => {
    const [suspect, healthy] = [
      await registerHealthy('performance_tracker'),
      await registerHealthy('performance_tracker'),
    ];
    await call('POST', `/v1/components/${suspect}/failures`, { error: { message: 'it failed me' } });
    expect((await call('GET', `/v1/components/${suspect}`)).body.health).toMatchObject({
      status: 'healthy',
      suspect: true,
    });
    await eventually(
      () => chosenIds('metrics_collection', {}, 10),
      (ids) => ids.size === 1 && ids.has(healthy),
    );
    await sendHeartbeat(healthy, 'unhealthy');
    await eventually(
      () => chosenIds('metrics_collection', {}, 3),
      (ids) => ids.size === 1 && ids.has(suspect),
    );
    await removeAll([suspect, healthy]);
  });
});

describe('preferences', () => {
  it('narrow the choice, and are all dropped and named when no candidate meets them', async () => {
    const type = 'task_orchestrator';
    const west = await registerHealthy(type, {
      metadata: { location: 'weur' },
      capabilities: { supportedTaskTypes: ['code-review'], constitutionalCompliance: true },
    });
    const east = await registerHealthy(type, { metadata: { location: 'enam' } });
    await eventually(
      () => chosenIds('task_execution'),
      (ids) => ids.size === 2,
    );
    expect(await chosenIds('task_execution', { preferences: { location: 'weur' } }, 10)).toEqual(new Set([west]));
    expect(await chosenIds('task_execution', { preferences: { avoidComponents: [west] } }, 10)).toEqual(
      new Set([east]),
    );
    const capable = { capabilities: ['code-review', 'constitutionalCompliance'] };
    expect(await chosenIds('task_execution', { preferences: capable }, 10)).toEqual(new Set([west]));
    expect(await chosenIds('task_execution', { preferences: { preferredComponent: east } }, 10)).toEqual(
      new Set([east]),
    );

    const relaxed = await route('task_execution', { preferences: { location: 'apac', avoidComponents: [west] } });
    expect(relaxed.status).toBe(200);
    expect(relaxed.body.decision.relaxed.toSorted()).toEqual(['avoidComponents', 'location']);
    const strict = await route('task_execution', { preferences: { location: 'apac', strict: true } });
    expect(strict).toMatchObject({ status: 503, body: { code: 'preferences-unmet' } });
    expect(strict.body.candidates.map((each: { rule: string }) => each.rule)).toEqual(['location', 'location']);

    await call('POST', `/v1/components/${west}/heartbeat`, {
      load: { activeConnections: 0, queueDepth: 0, loadPercentage: 90 },
    });
    await eventually(
      () => chosenIds('task_execution', { preferences: { maxLoad: 80 } }, 5),
      (ids) => ids.size === 1 && ids.has(east),
    );
    await removeAll([west, east]);
  });

  it('appear in the explanation, which says which candidate was chosen or filtered and why', async () => {
    const type = 'task_router';
    const west = await registerHealthy(type, { metadata: { location: 'weur' } });
    const east = await registerHealthy(type, { metadata: { location: 'enam' } });
    const standby = await registerHealthy(type, { role: 'standby' });
    const response = await eventually(
      () => route('task_routing', { explain: true, preferences: { location: 'weur' } }),
      ({ body }) => body.decision?.candidates?.length === 3,
    );
    const [first, ...others] = response.body.decision.candidates;
    expect(first).toMatchObject({ id: west, verdict: 'chosen', rule: null });
    expect(first.score).toBeCloseTo(response.body.decision.score, 3);
    const byId = new Map(others.map((each: { id: string }) => [each.id, each]));
    expect(byId.get(east)).toMatchObject({ verdict: 'filtered', rule: 'location' });
    expect(byId.get(standby)).toMatchObject({ verdict: 'filtered', rule: 'lifecycle' });
    const plain = await route('task_routing');
    expect(plain.body.decision.candidates).toBeUndefined();
    await removeAll([west, east, standby]);
  });

  it('do not send a component more than it can process at once', async () => {
    const type = 'task_router';
    const id = await registerHealthy(type, { capabilities: { maxConcurrentTasks: 2 } });
    await call('POST', `/v1/components/${id}/heartbeat`, {
      load: { activeConnections: 2, queueDepth: 0 },
    });
    const full = await eventually(
      () => route('task_routing'),
      ({ status }) => status === 503,
    );
    expect(full.body).toMatchObject({ code: 'at-capacity', candidates: [{ id, rule: 'capacity' }] });
    expect(full.headers.get('retry-after')).not.toBeNull();
    await removeAll([id]);
  });
});
