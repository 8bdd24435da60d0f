import { beforeAll, describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { listIds } from '../../support/list-ids.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

/** All components of this file: each test file has its own storage. */
const COMPONENTS: readonly Record<string, unknown>[] = [
  { id: 'r1', type: 'agent_registry', metadata: { location: 'weur', version: '1.0.0' } },
  { id: 'r2', type: 'agent_registry', metadata: { location: 'enam', version: '2.0.0', canary: true } },
  {
    id: 't1',
    type: 'task_router',
    metadata: { location: 'weur', replicas: 3, tags: ['a', 'b'] },
    capabilities: { supportedTaskTypes: ['code-review'] },
  },
  {
    id: 't2',
    type: 'task_router',
    role: 'standby',
    capabilities: { supportedTaskTypes: ['code-review', 'test'], performanceMetrics: true },
  },
  {
    id: 't3',
    type: 'task_router',
    metadata: { location: 'weur', version: '2.0.0' },
    capabilities: { performanceMetrics: true },
  },
  { id: 'v1', type: 'caws_validator' },
];

beforeAll(async () => {
  for (const each of COMPONENTS) {
    expect((await call('POST', '/v1/components', silentRegistration(String(each['id']), each))).status).toBe(201);
  }
  await call('POST', '/v1/components/r1/heartbeat', { status: 'healthy' });
  await call('POST', '/v1/components/t1/heartbeat', { status: 'degraded' });
  await call('POST', '/v1/components/t3/heartbeat', { status: 'healthy' });
  await call('DELETE', '/v1/components/v1?drain=600000');
});

describe('GET /v1/components', () => {
  it.each([
    ['', ['r1', 'r2', 't1', 't2', 't3', 'v1']],
    ['type=task_router', ['t1', 't2', 't3']],
    ['type=constitutional_runtime', []],
    ['status=healthy', ['r1', 't3']],
    ['status=degraded', ['t1']],
    ['status=unknown', ['r2', 't2', 'v1']],
    ['status=unhealthy', []],
    ['lifecycle=active', ['r1', 'r2', 't1', 't3']],
    ['lifecycle=standby', ['t2']],
    ['lifecycle=draining', ['v1']],
    ['location=weur', ['r1', 't1', 't3']],
    ['location=nowhere', []],
    ['capability=code-review', ['t1', 't2']],
    ['capability=performanceMetrics', ['t2', 't3']],
    ['capability=test', ['t2']],
    ['metadata.version=2.0.0', ['r2', 't3']],
    ['metadata.location=enam', ['r2']],
    ['metadata.canary=true', ['r2']],
    ['metadata.replicas=3', ['t1']],
    ['metadata.missing=x', []],
    ['metadata.constructor=x', []],
    ['type=task_router&location=weur&status=healthy', ['t3']],
    ['metadata.version=2.0.0&metadata.location=weur', ['t3']],
    ['capability=performanceMetrics&lifecycle=standby', ['t2']],
  ])('?%s returns %j', async (filter, expected) => {
    expect((await listIds(filter)).toSorted()).toEqual(expected);
  });

  it.each([1, 2, 3, 4, 6])('in pages of %i lists each component once, in the same order', async (limit) => {
    const whole = await listIds();
    expect(whole.toSorted()).toEqual(COMPONENTS.map((each) => each['id']));
    expect(await listIds('', limit)).toEqual(whole);
    expect(await listIds('location=weur', limit)).toEqual(whole.filter((id) => ['r1', 't1', 't3'].includes(id)));
    expect(await listIds('type=task_router', limit)).toEqual(['t1', 't2', 't3']);
  });

  it.each([1, 2, 3, 6])('sorts by severity over all types, in pages of %i', async (limit) => {
    const bySeverity = ['t1', 'r2', 't2', 'v1', 'r1', 't3'];
    expect(await listIds('sort=severity', limit)).toEqual(bySeverity);
    expect(await listIds('sort=severity&type=task_router', limit)).toEqual(['t1', 't2', 't3']);
    expect(await listIds('sort=severity&status=unknown', limit)).toEqual(['r2', 't2', 'v1']);
  });

  it('refuses a cursor of another order', async () => {
    const { body } = await call('GET', '/v1/components?limit=1');
    const mixed = await call('GET', `/v1/components?sort=severity&cursor=${encodeURIComponent(body.nextCursor)}`);
    expectProblem(mixed, 422, 'invalid-request');
  });

  it('returns no cursor on the last page', async () => {
    expect((await call('GET', '/v1/components?limit=6')).body.nextCursor).toBeNull();
    expect((await call('GET', '/v1/components?limit=5')).body.nextCursor).toEqual(expect.any(String));
  });

  it('continues after a cursor whose component was removed', async () => {
    const [id, after] = [freshId('t2-a'), 't3'];
    await call('POST', '/v1/components', silentRegistration(id));
    const whole = await listIds();
    const { body } = await call('GET', `/v1/components?limit=${whole.indexOf(id) + 1}`);
    expect(body.items.at(-1).id).toBe(id);
    await call('DELETE', `/v1/components/${id}`);
    const next = await call('GET', `/v1/components?cursor=${encodeURIComponent(body.nextCursor)}`);
    expect(next.body.items[0].id).toBe(after);
  });

  it('returns the same resource as GET /v1/components/{id}', async () => {
    const { body } = await call('GET', '/v1/components?type=task_router');
    for (const item of body.items) expect(item).toEqual((await call('GET', `/v1/components/${item.id}`)).body);
  });

  it.each([
    ['cursor=nonsense', 'cursor'],
    ['cursor=', 'cursor'],
    [`cursor=${btoa('coffee_maker/a')}`, 'cursor'],
    [`cursor=${btoa('task_router')}`, 'cursor'],
    ['cursor=%F0%9F%98%80', 'cursor'],
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=501', 'limit'],
    ['limit=many', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['status=fine', 'status'],
    ['status=healthy&status=degraded', 'status'],
    ['lifecycle=gone', 'lifecycle'],
    ['type=Task%20Router', 'type'],
    ['color=red', 'color'],
    ['Type=task_router', 'Type'],
    ['metadata=x', 'metadata'],
  ])('?%s is refused at %s', async (query, path) => {
    expect(expectProblem(await call('GET', `/v1/components?${query}`), 422, 'invalid-request')).toEqual([path]);
  });

  it('refuses ?type of an unknown type', async () => {
    expect(expectProblem(await call('GET', '/v1/components?type=coffee_maker'), 422, 'unknown-type')).toEqual(['type']);
  });
});
