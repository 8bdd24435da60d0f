/** Leases over HTTP: granted by the routing call, completed, renewed, listed. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CompletedLeaseSchema, LeasePageSchema, RenewedLeaseSchema } from '../../../src/api/schemas/lease.ts';
import { RouteResponseSchema } from '../../../src/api/schemas/route.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

async function ready(type: string, more: object = {}): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type, ...more }));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
  return id;
}

const removeAll = async (ids: readonly string[]): Promise<void> => {
  for (const id of ids) await call('DELETE', `/v1/components/${id}`);
};

const lease = (type: string, terms: object = {}, more: object = {}): Promise<ApiResponse> =>
  call('POST', '/v1/route', { type, lease: terms, ...more });

const complete = (id: string, body: object = { outcome: 'success' }): Promise<ApiResponse> =>
  call('POST', `/v1/leases/${id}/complete`, body);

describe('POST /v1/route with lease', () => {
  it('is decided in exact mode and returns the lease', async () => {
    const id = await ready('task_router', { capabilities: { maxConcurrentTasks: 2 } });
    const before = Date.now();
    const response = await lease('task_router', {}, { payload: { taskId: 't-1' } });
    expect(response.status).toBe(200);
    expect(RouteResponseSchema.parse(response.body)).toEqual(response.body);
    expect(response.body).toMatchObject({
      component: { id, type: 'task_router' },
      lease: { id: expect.stringMatching(/^l-task_router-[0-9a-f]{32}$/) },
      decision: { mode: 'exact', policy: 'least-time', stale: false, relaxed: [] },
    });
    const ttl = Date.parse(response.body.lease.expiresAt) - before;
    expect(ttl).toBeGreaterThanOrEqual(30_000);
    expect(ttl).toBeLessThan(60_000);
    expect((await call('GET', `/v1/components/${id}`)).body.load.activeConnections).toBe(1);
    await removeAll([id]);
  });

  it('is refused when all components are at capacity, with a reason each and Retry-After', async () => {
    const id = await ready('caws_validator', { capabilities: { maxConcurrentTasks: 2 } });
    await lease('caws_validator', { slots: 2 });
    const full = await lease('caws_validator');
    expectProblem(full, 503, 'at-capacity');
    expect(full.headers.get('retry-after')).toMatch(/^[12]$/);
    expect(full.body).toMatchObject({ componentType: 'caws_validator', components: { total: 1, healthy: 1 } });
    expect(full.body.detail).toContain('caws_validator');
    expect(full.body.candidates).toMatchObject([{ id, rule: 'capacity', reason: '2 of 2 tasks in flight' }]);
    await removeAll([id]);
    expectProblem(await lease('caws_validator'), 503, 'no-healthy-components');
  });

  it('waits up to waitMs for capacity', async () => {
    const id = await ready('performance_tracker', { capabilities: { maxConcurrentTasks: 1 } });
    const first = await lease('performance_tracker');
    const waiting = lease('performance_tracker', { waitMs: 20_000 });
    await expect
      .poll(async () => (await call('GET', '/v1/leases?limit=1')).body.waiting)
      .toMatchObject([{ type: 'performance_tracker', depth: 1, oldestMs: expect.any(Number) }]);
    await complete(first.body.lease.id);
    expect(await waiting).toMatchObject({ status: 200, body: { component: { id } } });
    await removeAll([id]);
  });

  it('supports preferences, affinity, explanation and dry run as in edge mode', async () => {
    const type = 'task_orchestrator';
    const west = await ready(type, { metadata: { location: 'weur' }, capabilities: { maxConcurrentTasks: 50 } });
    const east = await ready(type, { metadata: { location: 'enam' }, capabilities: { maxConcurrentTasks: 50 } });
    const preferred = await lease(type, {}, { preferences: { location: 'weur' }, explain: true });
    const { decision } = preferred.body;
    expect(preferred.body.component.id).toBe(west);
    const byId = new Map(decision.candidates.map((each: { id: string }) => [each.id, each]));
    expect(byId.get(west)).toMatchObject({ verdict: 'chosen', score: decision.score });
    expect(byId.get(east)).toMatchObject({ verdict: 'filtered', rule: 'location' });
    const relaxed = await lease(type, {}, { preferences: { location: 'apac' } });
    expect(relaxed.body.decision.relaxed).toEqual(['location']);
    expectProblem(await lease(type, {}, { preferences: { location: 'apac', strict: true } }), 503, 'preferences-unmet');
    const owners = new Set<string>();
    for (const leased of [preferred, relaxed]) await complete(leased.body.lease.id);
    for (let attempt = 0; attempt < 5; attempt++) {
      const { body } = await lease(type, {}, { affinityKey: 'session-42' });
      owners.add(body.component.id);
      await complete(body.lease.id);
    }
    expect(owners.size).toBe(1);
    const dryRun = { assumeDown: [west], policy: 'score' };
    const dryRunResponse = await lease(type, {}, { dryRun, explain: true });
    expect(dryRunResponse.body).toMatchObject({
      component: { id: east },
      lease: null,
      decision: { mode: 'exact', policy: 'score' },
    });
    await removeAll([west, east]);
  });

  it('distributes leases in proportion to capacity', async () => {
    const type = 'agent_registry';
    const capacities = [10, 20, 40];
    const ids = await Promise.all(
      capacities.map((capacity) => ready(type, { capabilities: { maxConcurrentTasks: capacity } })),
    );
    const grantsById = new Map<string, number>();
    for (let round = 0; round < 4; round++) {
      const responses = await Promise.all(Array.from({ length: 70 }, () => lease(type)));
      for (const { body } of responses) grantsById.set(body.component.id, (grantsById.get(body.component.id) ?? 0) + 1);
      await Promise.all(responses.map(({ body }) => complete(body.lease.id)));
    }
    ids.forEach((id, at) =>
      expect(Math.abs(grantsById.get(id)! / 280 - capacities[at]! / 70)).toBeLessThan(0.05 * (capacities[at]! / 70)),
    );
    await removeAll(ids);
  });

  it.each([
    [{ ttlMs: 999 }, 'lease.ttlMs'],
    [{ ttlMs: 3_600_001 }, 'lease.ttlMs'],
    [{ slots: 0 }, 'lease.slots'],
    [{ slots: 1_001 }, 'lease.slots'],
    [{ waitMs: 30_001 }, 'lease.waitMs'],
    [{ waitMs: -1 }, 'lease.waitMs'],
    [{ slots: 1.5 }, 'lease.slots'],
    [{ ttl: 5_000 }, 'lease.ttl'],
    [null, 'lease'],
  ])('is refused with %j', async (terms, path) => {
    const response = await call('POST', '/v1/route', { type: 'task_router', lease: terms });
    expect(expectProblem(response, 422, 'invalid-request')).toEqual([path]);
  });
});

const granted = async (terms: object = {}): Promise<string> =>
  (await lease('constitutional_runtime', terms)).body.lease.id;

describe('a lease', () => {
  let id: string;
  beforeAll(async () => {
    id = await ready('constitutional_runtime', { capabilities: { maxConcurrentTasks: 100 } });
  });

  it('is completed once, even when its caller completes it again', async () => {
    const leaseId = await granted({ slots: 3 });
    const first = await complete(leaseId, { outcome: 'success', latencyMs: 12.5 });
    expect(first).toMatchObject({ status: 200, body: { id: leaseId, componentId: id, outcome: 'success' } });
    expect(CompletedLeaseSchema.parse(first.body)).toEqual(first.body);
    const second = await complete(leaseId, { outcome: 'failure', error: { message: 'it failed me' } });
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect((await call('GET', `/v1/components/${id}`)).body.health.suspect).toBe(false);
    expectProblem(await call('POST', `/v1/leases/${leaseId}/renew`, { ttlMs: 5_000 }), 410, 'lease-ended');
  });

  it('is extended by a renewal', async () => {
    const leaseId = await granted();
    const renewed = await call('POST', `/v1/leases/${leaseId}/renew`, { ttlMs: 600_000 });
    expect(RenewedLeaseSchema.parse(renewed.body)).toEqual(renewed.body);
    expect(renewed.body).toMatchObject({ id: leaseId, componentId: id, slots: 1 });
    expect(Date.parse(renewed.body.expiresAt)).toBeGreaterThan(Date.now() + 500_000);
    await complete(leaseId);
  });

  it('ends when its component is removed', async () => {
    const other = await ready('constitutional_runtime');
    const routed = await lease('constitutional_runtime', {}, { preferences: { preferredComponent: other } });
    await call('DELETE', `/v1/components/${other}`);
    expectProblem(await complete(routed.body.lease.id), 410, 'lease-ended');
  });

  it.each(['task_router', 'no_such_type'])('that was never granted is unknown: of type %s', async (type) => {
    const never = `l-${type}-${'0'.repeat(32)}`;
    expectProblem(await complete(never), 404, 'unknown-lease');
    expectProblem(await call('POST', `/v1/leases/${never}/renew`, { ttlMs: 5_000 }), 404, 'unknown-lease');
  });

  it.each([
    [{}, 'outcome'],
    [{ outcome: 'fine' }, 'outcome'],
  ])('is not completed by %j', async (body, path) => {
    const leaseId = await granted();
    expect(expectProblem(await complete(leaseId, body), 422, 'invalid-request')).toEqual([path]);
    expect((await complete(leaseId)).status).toBe(200);
  });

  it.each([
    [{ outcome: 'success', latencyMs: -3 }, 'latencyMs'],
    [{ outcome: 'failure', error: { message: 'm'.repeat(2_100) } }, 'error.message'],
    [{ outcome: 'failure', reason: 'x' }, 'reason'],
  ])('is completed, with a warning: %#', async (body, path) => {
    const leaseId = await granted();
    const completed = await complete(leaseId, body);
    expect(completed).toMatchObject({ status: 200, body: { id: leaseId, warnings: [{ path }] } });
    expect(CompletedLeaseSchema.parse(completed.body)).toEqual(completed.body);
    expectProblem(await call('POST', `/v1/leases/${leaseId}/renew`, { ttlMs: 5_000 }), 410, 'lease-ended');
  });

  it('is renewed for an hour at most, with a warning', async () => {
    const leaseId = await granted();
    const renewed = await call('POST', `/v1/leases/${leaseId}/renew`, { ttlMs: 1e9 });
    expect(renewed).toMatchObject({ status: 200, body: { warnings: [{ path: 'ttlMs' }] } });
    expect(Date.parse(renewed.body.expiresAt)).toBeLessThanOrEqual(Date.now() + 3_600_000);
    await complete(leaseId);
  });
});

describe('GET /v1/leases', () => {
  it('lists current leases page by page, filtered by type or component', async () => {
    const types = ['performance_tracker', 'caws_validator'];
    const [a, b] = await Promise.all(types.map((type) => ready(type)));
    const ids: string[] = [];
    for (const type of [...types, ...types, ...types]) ids.push((await lease(type)).body.lease.id);
    const listed: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: ApiResponse = await call(
        'GET',
        `/v1/leases?limit=2&cursor=${encodeURIComponent(cursor)}`.replace(/&cursor=$/, ''),
      );
      expect(LeasePageSchema.parse(page.body)).toEqual(page.body);
      expect(page.body.items.length).toBeLessThanOrEqual(2);
      listed.push(...page.body.items.map((each: { id: string }) => each.id));
      cursor = page.body.nextCursor;
    }
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining(ids));
    const ofType = await call('GET', '/v1/leases?type=caws_validator');
    expect(ofType.body.items).toHaveLength(3);
    expect(ofType.body.items[0]).toMatchObject({ type: 'caws_validator', componentId: b, slots: 1 });
    const ofComponent = await call('GET', `/v1/leases?componentId=${a}`);
    expect(ofComponent.body.items.map((each: { componentId: string }) => each.componentId)).toEqual([a, a, a]);
    expect((await call('GET', `/v1/leases?type=caws_validator&componentId=${a}`)).body).toMatchObject({
      items: [],
      nextCursor: null,
      waiting: [],
    });
    await removeAll([a!, b!]);
    expect((await call('GET', '/v1/leases?type=caws_validator')).body.items).toEqual([]);
  });

  it('refuses foreign cursors and unknown types', async () => {
    for (const cursor of ['x', btoa('task_router/a'), btoa(`l-no_such_type-${'0'.repeat(32)}`)]) {
      const response = await call('GET', `/v1/leases?cursor=${encodeURIComponent(cursor)}`);
      expect(expectProblem(response, 422, 'invalid-request')).toEqual(['cursor']);
    }
    const ofOther = btoa(`l-task_router-${'0'.repeat(32)}`);
    expectProblem(await call('GET', `/v1/leases?type=caws_validator&cursor=${ofOther}`), 422, 'invalid-request');
    expectProblem(await call('GET', '/v1/leases?type=no_such_type'), 422, 'unknown-type');
  });
});

describe('fifty simultaneous callers over ten components', () => {
  it('never exceed the capacity of a component', async () => {
    const type = 'task_router';
    const capacities = new Map<string, number>();
    for (let made = 0; made < 10; made++) {
      const capacity = 1 + (made % 3);
      capacities.set(await ready(type, { capabilities: { maxConcurrentTasks: capacity } }), capacity);
    }
    const inUse = new Map<string, number>();
    const exceeded: string[] = [];
    const caller = async (): Promise<void> => {
      for (let round = 0; round < 4; round++) {
        const routed = await lease(type, { waitMs: 20_000 });
        expect(routed.status).toBe(200);
        const { id } = routed.body.component;
        inUse.set(id, (inUse.get(id) ?? 0) + 1);
        if (inUse.get(id)! > capacities.get(id)!) exceeded.push(id);
        await call('GET', '/healthz');
        // Counted before the call: from then on another caller may acquire the slot.
        inUse.set(id, inUse.get(id)! - 1);
        expect((await complete(routed.body.lease.id, { outcome: 'success', latencyMs: 5 })).status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    expect(exceeded).toEqual([]);
    expect((await call('GET', `/v1/leases?type=${type}`)).body).toMatchObject({
      items: [],
      nextCursor: null,
      waiting: [],
      holders: [],
    });
    await removeAll([...capacities.keys()]);
  });
});
