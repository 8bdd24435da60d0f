/** Leases over HTTP: granted by the routing call, completed, renewed, listed. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CompletedLeaseSchema, LeasePageSchema, RenewedLeaseSchema } from '../../../src/api/schemas/lease.ts';
import { RouteAnswerSchema } from '../../../src/api/schemas/route.ts';
import type { Answer } from '../../support/coordinator-http.ts';
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

const lease = (type: string, terms: object = {}, more: object = {}): Promise<Answer> =>
  call('POST', '/v1/route', { type, lease: terms, ...more });

const complete = (id: string, body: object = { outcome: 'success' }): Promise<Answer> =>
  call('POST', `/v1/leases/${id}/complete`, body);

describe('a routing call that asks for a lease', () => {
  it('is decided exactly and answered with the lease', async () => {
    const id = await ready('task_router', { capabilities: { maxConcurrentTasks: 2 } });
    const before = Date.now();
    const answer = await lease('task_router', {}, { payload: { taskId: 't-1' } });
    expect(answer.status).toBe(200);
    expect(RouteAnswerSchema.parse(answer.body)).toEqual(answer.body);
    expect(answer.body).toMatchObject({
      component: { id, type: 'task_router' },
      lease: { id: expect.stringMatching(/^l-task_router-[0-9a-f]{32}$/) },
      decision: { mode: 'exact', policy: 'least-time', stale: false, relaxed: [] },
    });
    const ttl = Date.parse(answer.body.lease.expiresAt) - before;
    expect(ttl).toBeGreaterThanOrEqual(30_000);
    expect(ttl).toBeLessThan(60_000);
    expect((await call('GET', `/v1/components/${id}`)).body.load.activeConnections).toBe(1);
    await removeAll([id]);
  });

  it('is refused when all are full, with the reason of each and when to come again', async () => {
    const id = await ready('caws_validator', { capabilities: { maxConcurrentTasks: 2 } });
    await lease('caws_validator', { slots: 2 });
    const full = await lease('caws_validator');
    expectProblem(full, 503, 'at-capacity');
    expect(full.headers.get('retry-after')).toMatch(/^[12]$/);
    expect(full.body.candidates).toMatchObject([{ id, rule: 'capacity', reason: '2 of 2 tasks in flight' }]);
    await removeAll([id]);
    expectProblem(await lease('caws_validator'), 503, 'no-healthy-components');
  });

  it('waits for room when it may', async () => {
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

  it('knows preferences, affinity, explanation and rehearsal as in edge mode', async () => {
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
    for (const held of [preferred, relaxed]) await complete(held.body.lease.id);
    for (let asked = 0; asked < 5; asked++) {
      const { body } = await lease(type, {}, { affinityKey: 'session-42' });
      owners.add(body.component.id);
      await complete(body.lease.id);
    }
    expect(owners.size).toBe(1);
    const dryRun = { assumeDown: [west], policy: 'score' };
    const rehearsed = await lease(type, {}, { dryRun, explain: true });
    expect(rehearsed.body).toMatchObject({
      component: { id: east },
      lease: null,
      decision: { mode: 'exact', policy: 'score' },
    });
    await removeAll([west, east]);
  });

  it('divides work by room, exactly', async () => {
    const type = 'agent_registry';
    const rooms = [10, 20, 40];
    const ids = await Promise.all(rooms.map((room) => ready(type, { capabilities: { maxConcurrentTasks: room } })));
    const got = new Map<string, number>();
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all(Array.from({ length: 70 }, () => lease(type)));
      for (const { body } of answers) got.set(body.component.id, (got.get(body.component.id) ?? 0) + 1);
      await Promise.all(answers.map(({ body }) => complete(body.lease.id)));
    }
    ids.forEach((id, at) =>
      expect(Math.abs(got.get(id)! / 280 - rooms[at]! / 70)).toBeLessThan(0.05 * (rooms[at]! / 70)),
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
  ])('names what is wrong with %j', async (terms, path) => {
    const answer = await call('POST', '/v1/route', { type: 'task_router', lease: terms });
    expect(expectProblem(answer, 422, 'invalid-request')).toEqual([path]);
  });
});

const granted = async (terms: object = {}): Promise<string> =>
  (await lease('constitutional_runtime', terms)).body.lease.id;

describe('a lease', () => {
  let id: string;
  beforeAll(async () => {
    id = await ready('constitutional_runtime', { capabilities: { maxConcurrentTasks: 100 } });
  });

  it('is completed once, however often its caller says so', async () => {
    const leaseId = await granted({ slots: 3 });
    const first = await complete(leaseId, { outcome: 'success', latencyMs: 12.5 });
    expect(first).toMatchObject({ status: 200, body: { id: leaseId, componentId: id, outcome: 'success' } });
    expect(CompletedLeaseSchema.parse(first.body)).toEqual(first.body);
    const second = await complete(leaseId, { outcome: 'failure', error: { message: 'it failed me' } });
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect((await call('GET', `/v1/components/${id}`)).body.health.suspect).toBe(false);
    expectProblem(await call('POST', `/v1/leases/${leaseId}/renew`, { ttlMs: 5_000 }), 410, 'lease-ended');
  });

  it('lasts as long as its renewal says', async () => {
    const leaseId = await granted();
    const renewed = await call('POST', `/v1/leases/${leaseId}/renew`, { ttlMs: 600_000 });
    expect(RenewedLeaseSchema.parse(renewed.body)).toEqual(renewed.body);
    expect(renewed.body).toMatchObject({ id: leaseId, componentId: id, slots: 1 });
    expect(Date.parse(renewed.body.expiresAt)).toBeGreaterThan(Date.now() + 500_000);
    await complete(leaseId);
  });

  it('is over when its component is gone', async () => {
    const other = await ready('constitutional_runtime');
    const routed = await lease('constitutional_runtime', {}, { preferences: { preferredComponent: other } });
    await call('DELETE', `/v1/components/${other}`);
    expectProblem(await complete(routed.body.lease.id), 410, 'lease-ended');
  });

  it.each(['task_router', 'no_such_type'])('that nobody granted is unknown: of type %s', async (type) => {
    const never = `l-${type}-${'0'.repeat(32)}`;
    expectProblem(await complete(never), 404, 'unknown-lease');
    expectProblem(await call('POST', `/v1/leases/${never}/renew`, { ttlMs: 5_000 }), 404, 'unknown-lease');
  });

  it.each([
    [{}, 'outcome'],
    [{ outcome: 'fine' }, 'outcome'],
    [{ outcome: 'success', latencyMs: -1 }, 'latencyMs'],
    [{ outcome: 'failure', error: {} }, 'error.message'],
    [{ outcome: 'failure', reason: 'x' }, 'reason'],
  ])('is not completed by %j', async (body, path) => {
    const leaseId = await granted();
    expect(expectProblem(await complete(leaseId, body), 422, 'invalid-request')).toEqual([path]);
    expect((await complete(leaseId)).status).toBe(200);
  });
});

describe('the list of leases', () => {
  it('shows what is held, page by page, of one type or component', async () => {
    const types = ['performance_tracker', 'caws_validator'];
    const [a, b] = await Promise.all(types.map((type) => ready(type)));
    const ids: string[] = [];
    for (const type of [...types, ...types, ...types]) ids.push((await lease(type)).body.lease.id);
    const listed: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await call(
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

  it('takes no cursor but its own, and no type that does not exist', async () => {
    for (const cursor of ['x', btoa('task_router/a'), btoa(`l-no_such_type-${'0'.repeat(32)}`)]) {
      const answer = await call('GET', `/v1/leases?cursor=${encodeURIComponent(cursor)}`);
      expect(expectProblem(answer, 422, 'invalid-request')).toEqual(['cursor']);
    }
    const ofOther = btoa(`l-task_router-${'0'.repeat(32)}`);
    expectProblem(await call('GET', `/v1/leases?type=caws_validator&cursor=${ofOther}`), 422, 'invalid-request');
    expectProblem(await call('GET', '/v1/leases?type=no_such_type'), 422, 'unknown-type');
  });
});

describe('fifty callers at once over ten components', () => {
  it('never take more of one than it has', async () => {
    const type = 'task_router';
    const rooms = new Map<string, number>();
    for (let made = 0; made < 10; made++) {
      const room = 1 + (made % 3);
      rooms.set(await ready(type, { capabilities: { maxConcurrentTasks: room } }), room);
    }
    const taken = new Map<string, number>();
    const over: string[] = [];
    const caller = async (): Promise<void> => {
      for (let round = 0; round < 4; round++) {
        const routed = await lease(type, { waitMs: 20_000 });
        expect(routed.status).toBe(200);
        const { id } = routed.body.component;
        taken.set(id, (taken.get(id) ?? 0) + 1);
        if (taken.get(id)! > rooms.get(id)!) over.push(id);
        await call('GET', '/healthz');
        // Before the call: from then on somebody else may have it.
        taken.set(id, taken.get(id)! - 1);
        expect((await complete(routed.body.lease.id, { outcome: 'success', latencyMs: 5 })).status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    expect(over).toEqual([]);
    expect((await call('GET', `/v1/leases?type=${type}`)).body).toMatchObject({
      items: [],
      nextCursor: null,
      waiting: [],
      holders: [],
    });
    await removeAll([...rooms.keys()]);
  });
});
