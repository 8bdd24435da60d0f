/** The snapshot of all components with its index, and blocking queries for the next index. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SnapshotSchema } from '../../../src/api/schemas/snapshot.ts';
import { BUILT_IN_TYPES } from '../../../src/core/config/component-types.ts';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { freshRegistry } from '../../registry/fresh-registry.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPE = 'task_router';
const register = (id = freshId(), overrides: object = {}): Promise<ApiResponse> =>
  call('POST', '/v1/components', silentRegistration(id, { type: TYPE, ...overrides }));
const snapshot = (query = `?type=${TYPE}`, headers: Record<string, string> = {}): Promise<ApiResponse> =>
  call('GET', `/v1/snapshot${query}`, undefined, headers);
const indexOf = async (type = TYPE): Promise<number> => (await snapshot(`?type=${type}`)).body.index;

const rejectUnavailable = async (): Promise<never> => {
  throw new Error('away');
};

afterEach(() => vi.restoreAllMocks());

describe('GET /v1/snapshot', () => {
  it('returns all components of a type with its revision, also after an eviction', async () => {
    const { body: component } = await register();
    const { status, body, headers } = await snapshot();
    expect(status).toBe(200);
    expect(SnapshotSchema.parse(body)).toEqual(body);
    expect(body.index).toBeGreaterThanOrEqual(component.revision);
    expect(headers.get('etag')).toBe(`W/"${body.index}"`);
    expect(headers.get('vary')).toContain('accept-encoding');
    expect(body.items).toEqual((await call('GET', `/v1/components?type=${TYPE}`)).body.items);
    await evict(env.COMPONENT_REGISTRY.getByName(TYPE));
    expect((await snapshot()).body).toEqual(body);
  });

  it('uses the sequence of the event log as index for all types', async () => {
    const id = freshId();
    await register(id, { type: 'caws_validator' });
    await eventually(
      () => call('GET', '/v1/events?limit=1'),
      ({ body }) => body.items[0]?.subject === id,
    );
    const { body } = await snapshot('');
    expect(String(body.index)).toBe((await call('GET', '/v1/events?limit=1')).body.nextCursor);
    const types = body.items.map(({ type }: { type: string }) => type);
    expect(types).toEqual(
      types.toSorted((a: never, b: never) => BUILT_IN_TYPES.indexOf(a) - BUILT_IN_TYPES.indexOf(b)),
    );
    expect(body.items.map((item: { id: string }) => item.id)).toContain(id);
  });

  it('returns 304 for the current index or ETag', async () => {
    const index = await indexOf();
    for (const response of [
      await snapshot(`?type=${TYPE}&index=${index}`),
      await snapshot(undefined, { 'if-none-match': `W/"${index}"` }),
    ]) {
      expect([response.status, response.body]).toEqual([304, '']);
      expect(response.headers.get('etag')).toBe(`W/"${index}"`);
    }
    expect((await snapshot(undefined, { 'if-none-match': 'W/"999999"' })).status).toBe(200);
    const head = await callWithEnv({ method: 'HEAD', path: `/v1/snapshot?type=${TYPE}&index=${index}&wait=300000` });
    expect(head.status).toBe(304);
  });

  it('reads a large type in pages and returns their lowest revision', async () => {
    const type = 'constitutional_runtime';
    const blob = 'x'.repeat(8_000);
    const ids = Array.from({ length: 300 }, (_, at) => `large-${String(at).padStart(4, '0')}`);
    const registry = freshRegistry(type);
    const large = { healthCheck: undefined, heartbeat: { ttl: 600_000 }, metadata: { blob } };
    await Promise.all(ids.map((id) => registry.register(id, large)));
    const before = await indexOf(type);
    const real: ComponentRegistry['snapshotPage'] = Reflect.get(ComponentRegistry.prototype, 'snapshotPage');
    const pages = vi.spyOn(ComponentRegistry.prototype, 'snapshotPage').mockImplementation(async function (
      this: ComponentRegistry,
      after,
    ) {
      const page = await real.call(this, after);
      // A change between two pages has a revision above the index.
      if (after === null) await this.heartbeats([{ id: ids.at(-1)!, status: 'healthy', load: null }]);
      return page;
    });
    const { status, body } = await snapshot(`?type=${type}`);
    expect(status).toBe(200);
    expect(pages.mock.calls.length).toBeGreaterThan(2);
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(body.index).toBe(before);
    expect(body.items.at(-1).revision).toBeGreaterThan(body.index);
  });

  it('breaks off with invalid JSON when a page fails, and frees its slot', async () => {
    const type = 'constitutional_runtime';
    const real: ComponentRegistry['snapshotPage'] = Reflect.get(ComponentRegistry.prototype, 'snapshotPage');
    const pages = vi.spyOn(ComponentRegistry.prototype, 'snapshotPage').mockImplementation(async function (
      this: ComponentRegistry,
      after,
    ) {
      if (after === 'beyond') throw new Error('the registry is away');
      const page = await real.call(this, after);
      return { ...page, next: page.next ?? 'beyond' };
    });
    // More than the limit of simultaneous snapshots of a key.
    for (let at = 0; at < 14; at++) await expect(snapshot(`?type=${type}`)).rejects.toThrow();
    pages.mockRestore();
    const { status, body } = await snapshot(`?type=${type}`);
    expect(status).toBe(200);
    expect(body.items).toHaveLength(300);
  });

  it('limits simultaneous snapshots of a large type per key; others get 503 with Retry-After', async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => snapshot('?type=constitutional_runtime')));
    const refused = responses.filter(({ status }) => status !== 200);
    expect([refused.length > 0, refused.length < 20]).toEqual([true, true]);
    for (const { status, body, headers } of refused) {
      expect([status, body.code]).toEqual([503, 'snapshot-unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await snapshot('?type=constitutional_runtime')).body.items).toHaveLength(300);
  });

  it('takes no slot for a HEAD request of a large type', async () => {
    const path = '/v1/snapshot?type=constitutional_runtime';
    for (let at = 0; at < 14; at++) expect((await call('HEAD', path)).status).toBe(200);
  });

  it('includes types that are configured while it waits', async () => {
    const { body } = await snapshot('');
    const waiting = snapshot(`?index=${body.index}&wait=20000`);
    const [type, id] = [freshId('t').replaceAll('-', '_'), freshId()];
    expect((await call('PUT', `/v1/config/types/${type}`, {})).status).toBe(201);
    expect((await register(id, { type })).status).toBe(201);
    const found = await waiting;
    const rest = found.body.items.some((item: { id: string }) => item.id === id)
      ? found
      : await snapshot(`?index=${found.body.index}&wait=9000`);
    expect(rest.body.items.map((item: { id: string }) => item.id)).toContain(id);
  });

  it('refuses an unknown type and a wait that is too long', async () => {
    expect(expectProblem(await snapshot('?type=nobody'), 422, 'unknown-type')).toEqual(['type']);
    expect(expectProblem(await snapshot('?wait=300001'), 422, 'invalid-request')).toEqual(['wait']);
  });
});

describe('a blocking query', () => {
  it('returns when the index changes, once for a burst', async () => {
    const index = await indexOf();
    const waiting = snapshot(`?type=${TYPE}&index=${index}&wait=20000`);
    const ids = [freshId(), freshId(), freshId()];
    await Promise.all(ids.map((id) => register(id)));
    const { status, body } = await waiting;
    expect(status).toBe(200);
    expect(body.index).toBeGreaterThan(index);
    // The response has the components registered so far: the next query returns the rest.
    const rest =
      body.index === (await indexOf()) ? body : (await snapshot(`?type=${TYPE}&index=${body.index}&wait=9000`)).body;
    const found = rest.items.map((item: { id: string }) => item.id);
    expect(ids.filter((id) => !found.includes(id))).toEqual([]);
  });

  it('for all types returns on an event of any type', async () => {
    const { body } = await snapshot('');
    const waiting = snapshot(`?index=${body.index}&wait=20000`);
    await register(freshId(), { type: 'performance_tracker' });
    expect((await waiting).body.index).toBeGreaterThan(body.index);
  });

  it('returns at once when its index differs, even when it is higher', async () => {
    const index = await indexOf();
    for (const other of [0, index - 1, index + 5])
      expect((await snapshot(`?type=${TYPE}&index=${other}&wait=300000`)).body.index).toBe(index);
  });

  it('returns 304 when nothing changes', async () => {
    const index = await indexOf();
    const startedAt = Date.now();
    const { status } = await snapshot(`?type=${TYPE}&index=${index}&wait=600`);
    expect(status).toBe(304);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(590);
  });

  it('shares registry calls and one snapshot among all waiting requests', async () => {
    const index = await indexOf();
    const revisionCalls = vi.spyOn(ComponentRegistry.prototype, 'revision');
    const pageCalls = vi.spyOn(ComponentRegistry.prototype, 'snapshotPage');
    const waiting = Array.from({ length: 40 }, () => snapshot(`?type=${TYPE}&index=${index}&wait=20000`));
    await eventually(
      async () => revisionCalls.mock.calls.filter(([, holdMs]) => holdMs > 0).length,
      (count) => count > 0,
    );
    await register();
    const responses = await Promise.all(waiting);
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    expect(responses.every(({ body }) => body.index > index)).toBe(true);
    expect(revisionCalls.mock.calls.length).toBeLessThan(8);
    expect(pageCalls.mock.calls.length).toBeLessThan(8);
  });
});

describe('a snapshot whose source is unavailable', () => {
  it('is refused with the last known index, and is never empty', async () => {
    const index = await indexOf();
    vi.spyOn(ComponentRegistry.prototype, 'snapshotPage').mockImplementation(rejectUnavailable);
    vi.spyOn(ComponentRegistry.prototype, 'revision').mockImplementation(rejectUnavailable);
    for (const query of [`?type=${TYPE}`, `?type=${TYPE}&index=${index + 1}&wait=5000`, '']) {
      const response = await snapshot(query);
      expectProblem(response, 503, 'snapshot-unavailable');
      expect(response.headers.get('retry-after')).toBe('2');
      expect(response.body.lastIndex).toEqual(expect.any(Number));
    }
  });

  it('is refused while the log cannot be read, for all types', async () => {
    interceptCoordinator('sequence', () => rejectUnavailable);
    expectProblem(await snapshot(''), 503, 'snapshot-unavailable');
    expectProblem(await snapshot('?index=1&wait=1000'), 503, 'snapshot-unavailable');
  });
});
