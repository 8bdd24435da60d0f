import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const INITIAL = {
  name: 'first',
  weight: 2,
  metadata: { version: '1.0.0', location: 'weur', nested: { a: 1, b: 2 } },
  capabilities: { maxConcurrentTasks: 10, supportedTaskTypes: ['one', 'two'], performanceMetrics: true },
  control: { endpoint: '/control', actions: ['restart'] },
};

let id = '';
let etag = '';
const read = (): Promise<ApiResponse> => call('GET', `/v1/components/${id}`);
const put = (overrides: Record<string, unknown>, headers = {}): Promise<ApiResponse> =>
  call('PUT', `/v1/components/${id}`, silentRegistration(id, overrides), headers);
const patch = (body: unknown, headers = {}): Promise<ApiResponse> =>
  call('PATCH', `/v1/components/${id}`, body, headers);

beforeEach(async () => {
  id = freshId();
  const registered = await call('POST', '/v1/components', silentRegistration(id, INITIAL));
  expect(registered.status).toBe(201);
  etag = registered.headers.get('etag')!;
});

describe('PUT', () => {
  it('replaces the whole registration; omitted fields are removed', async () => {
    const response = await put({ name: 'second' });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({
      id,
      name: 'second',
      weight: 1,
      metadata: {},
      capabilities: { supportedTaskTypes: [] },
    });
    expect(response.body).not.toHaveProperty('control');
    expect((await read()).body).toMatchObject({ name: 'second', metadata: {} });
  });

  it('keeps the load, health and registration time', async () => {
    const beat = { load: { activeConnections: 3, queueDepth: 4 } };
    await call('POST', `/v1/components/${id}/heartbeat`, beat);
    const before = (await read()).body;
    const { body } = await put({ name: 'second' });
    expect(body).toMatchObject({
      registeredAt: before.registeredAt,
      load: beat.load,
      health: { status: 'healthy', since: before.health.since },
    });
    expect(body.revision).toBeGreaterThan(before.revision);
  });

  it('refuses another id, a fault and an unknown field, and changes nothing', async () => {
    const before = await read();
    const elsewhere = await call('PUT', `/v1/components/${id}`, silentRegistration(freshId()));
    expect(expectProblem(elsewhere, 422, 'invalid-request')).toEqual(['id']);
    expect(expectProblem(await put({ weight: -1 }), 422, 'invalid-request')).toEqual(['weight']);
    expect(expectProblem(await put({ healths: {} }), 422, 'invalid-request')).toEqual(['healths']);
    expect((await read()).body).toEqual(before.body);
  });
});

describe('PATCH', () => {
  it('merges objects, replaces arrays and keeps the rest', async () => {
    const { status, body } = await patch({
      metadata: { version: '2.0.0', nested: { b: 3 } },
      capabilities: { supportedTaskTypes: ['three'] },
    });
    expect(status).toBe(200);
    expect(body.metadata).toEqual({ version: '2.0.0', location: 'weur', nested: { a: 1, b: 3 } });
    expect(body.capabilities).toMatchObject({
      maxConcurrentTasks: 10,
      supportedTaskTypes: ['three'],
      performanceMetrics: true,
    });
    expect(body).toMatchObject({ name: 'first', weight: 2, control: INITIAL.control });
    expect((await read()).body.metadata).toEqual(body.metadata);
  });

  it('removes fields set to null, or resets them to their default', async () => {
    const { body } = await patch({ control: null, weight: null, metadata: { location: null, nested: { a: null } } });
    expect(body).not.toHaveProperty('control');
    expect(body).toMatchObject({ weight: 1, metadata: { version: '1.0.0', nested: { b: 2 } } });
    expect(body.metadata).not.toHaveProperty('location');
  });

  it('with an empty body keeps everything', async () => {
    const before = await read();
    const { status, body } = await patch({});
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...INITIAL, revision: before.body.revision });
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ heartbeat: null }, 'healthCheck'],
    [{ heartbeat: { ttl: 'x' } }, 'heartbeat.ttl'],
    [{ color: 'red' }, 'color'],
    [{ id: 'someone-else' }, 'id'],
  ])('%j is refused at %s as a whole', async (fault, path) => {
    const before = await read();
    expect(expectProblem(await patch({ weight: 9, ...fault }), 422, 'invalid-request')).toEqual([path]);
    expect((await read()).body).toEqual(before.body);
  });

  it('refuses another type and an unregistered dependency', async () => {
    expect(expectProblem(await patch({ type: 'coffee_maker' }), 409, 'type-conflict')).toEqual(['type']);
    expect(expectProblem(await patch({ dependencies: [freshId()] }), 422, 'dependency-not-registered')).toEqual([
      'dependencies',
    ]);
    expect((await read()).body).toMatchObject({ type: 'task_router', dependencies: [], weight: 2 });
  });

  it('loses no simultaneous change', async () => {
    const names = ['a', 'b', 'c'];
    const responses = await Promise.all(names.map((name) => patch({ metadata: { [name]: 1 } })));
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200]);
    expect((await read()).body.metadata).toMatchObject({ a: 1, b: 1, c: 1 });
  });
});

describe.each([
  ['PUT', (headers: Record<string, string>) => put({ name: 'changed' }, headers)],
  ['PATCH', (headers: Record<string, string>) => patch({ name: 'changed' }, headers)],
] as const)('%s with If-Match', (_method, change) => {
  it('succeeds with the current ETag, and the ETag changes', async () => {
    const response = await change({ 'if-match': etag });
    expect(response.status).toBe(200);
    const moved = response.headers.get('etag');
    expect(moved).not.toBe(etag);
    expect((await read()).headers.get('etag')).toBe(moved);
    expect((await change({ 'if-match': moved! })).status).toBe(200);
  });

  it('is refused after another change, and changes nothing', async () => {
    await patch({ weight: 7 });
    expectProblem(await change({ 'if-match': etag }), 412, 'precondition-failed');
    expect((await read()).body).toMatchObject({ name: 'first', weight: 7 });
  });

  it('succeeds once when sent several times at once', async () => {
    const responses = await Promise.all(Array.from({ length: 5 }, () => change({ 'if-match': etag })));
    expect(responses.map((response) => response.status).toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412, 412]);
  });

  it('accepts * for any ETag, and refuses a malformed one', async () => {
    expect((await change({ 'if-match': '*' })).status).toBe(200);
    expectProblem(await change({ 'if-match': '"not-a-number"' }), 422, 'precondition-invalid');
  });

  it('does not restore a removed component', async () => {
    await call('DELETE', `/v1/components/${id}`);
    expectProblem(await change({ 'if-match': etag }), 404, 'unknown-component');
    expectProblem(await change({ 'if-match': '*' }), 404, 'unknown-component');
  });
});
