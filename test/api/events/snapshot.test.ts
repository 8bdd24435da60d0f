/** The state of the fleet with its index, and blocking queries for another. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SnapshotSchema } from '../../../src/api/schemas/snapshot.ts';
import { TYPES_FROM_START } from '../../../src/core/config/component-types.ts';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { freshRegistry } from '../../registry/fresh-registry.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPE = 'task_router';
const register = (id = freshId(), overrides: object = {}): Promise<Answer> =>
  call('POST', '/v1/components', silentRegistration(id, { type: TYPE, ...overrides }));
const snapshot = (query = `?type=${TYPE}`, headers: Record<string, string> = {}): Promise<Answer> =>
  call('GET', `/v1/snapshot${query}`, undefined, headers);
const indexOf = async (type = TYPE): Promise<number> => (await snapshot(`?type=${type}`)).body.index;

const isAway = async (): Promise<never> => {
  throw new Error('away');
};

afterEach(() => vi.restoreAllMocks());

describe('a snapshot', () => {
  it('of a type holds all its components with its revision, also after an eviction', async () => {
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

  it('of all types goes by the log', async () => {
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
      types.toSorted((a: never, b: never) => TYPES_FROM_START.indexOf(a) - TYPES_FROM_START.indexOf(b)),
    );
    expect(body.items.map((item: { id: string }) => item.id)).toContain(id);
  });

  it('is not sent again to who has it', async () => {
    const index = await indexOf();
    for (const answer of [
      await snapshot(`?type=${TYPE}&index=${index}`),
      await snapshot(undefined, { 'if-none-match': `W/"${index}"` }),
    ]) {
      expect([answer.status, answer.body]).toEqual([304, '']);
      expect(answer.headers.get('etag')).toBe(`W/"${index}"`);
    }
    expect((await snapshot(undefined, { 'if-none-match': 'W/"999999"' })).status).toBe(200);
    const head = await callWithEnv({ method: 'HEAD', path: `/v1/snapshot?type=${TYPE}&index=${index}&wait=300000` });
    expect(head.status).toBe(304);
  });

  it('of a large type comes in pages, with the lowest revision of them', async () => {
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
      // What changes between two pages is after the index.
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

  it('of a large type that breaks off is no JSON, and takes no room from those that come after', async () => {
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
    // More than one key may be sent at once.
    for (let at = 0; at < 14; at++) await expect(snapshot(`?type=${type}`)).rejects.toThrow();
    pages.mockRestore();
    const { status, body } = await snapshot(`?type=${type}`);
    expect(status).toBe(200);
    expect(body.items).toHaveLength(300);
  });

  it('of a large type is read for so many at once of a key, and the others are told when to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => snapshot('?type=constitutional_runtime')));
    const refused = answers.filter(({ status }) => status !== 200);
    expect([refused.length > 0, refused.length < 20]).toEqual([true, true]);
    for (const { status, body, headers } of refused) {
      expect([status, body.code]).toEqual([503, 'snapshot-unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await snapshot('?type=constitutional_runtime')).body.items).toHaveLength(300);
  });

  it('of a large type takes no room when only its head is asked for', async () => {
    const path = '/v1/snapshot?type=constitutional_runtime';
    for (let at = 0; at < 14; at++) expect((await call('HEAD', path)).status).toBe(200);
  });

  it('of all types has those that are configured while it waits', async () => {
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

  it('of an unknown type is refused', async () => {
    expect(expectProblem(await snapshot('?type=nobody'), 422, 'unknown-type')).toEqual(['type']);
    expect(expectProblem(await snapshot('?wait=300001'), 422, 'invalid-request')).toEqual(['wait']);
  });
});

describe('a blocking query', () => {
  it('is answered when the index moves, once for a burst', async () => {
    const index = await indexOf();
    const waiting = snapshot(`?type=${TYPE}&index=${index}&wait=20000`);
    const ids = [freshId(), freshId(), freshId()];
    await Promise.all(ids.map((id) => register(id)));
    const { status, body } = await waiting;
    expect(status).toBe(200);
    expect(body.index).toBeGreaterThan(index);
    // As many as there are by then: the next query brings the rest.
    const rest =
      body.index === (await indexOf()) ? body : (await snapshot(`?type=${TYPE}&index=${body.index}&wait=9000`)).body;
    const found = rest.items.map((item: { id: string }) => item.id);
    expect(ids.filter((id) => !found.includes(id))).toEqual([]);
  });

  it('of all types is answered by an event of any', async () => {
    const { body } = await snapshot('');
    const waiting = snapshot(`?index=${body.index}&wait=20000`);
    await register(freshId(), { type: 'performance_tracker' });
    expect((await waiting).body.index).toBeGreaterThan(body.index);
  });

  it('is answered at once when its index is another, also a higher one', async () => {
    const index = await indexOf();
    for (const other of [0, index - 1, index + 5])
      expect((await snapshot(`?type=${TYPE}&index=${other}&wait=300000`)).body.index).toBe(index);
  });

  it('is answered 304 when nothing moves', async () => {
    const index = await indexOf();
    const began = Date.now();
    const { status } = await snapshot(`?type=${TYPE}&index=${index}&wait=600`);
    expect(status).toBe(304);
    expect(Date.now() - began).toBeGreaterThanOrEqual(590);
  });

  it('shares its calls with all that wait, and one snapshot', async () => {
    const index = await indexOf();
    const asked = vi.spyOn(ComponentRegistry.prototype, 'revision');
    const read = vi.spyOn(ComponentRegistry.prototype, 'snapshotPage');
    const waiting = Array.from({ length: 40 }, () => snapshot(`?type=${TYPE}&index=${index}&wait=20000`));
    await eventually(
      async () => asked.mock.calls.filter(([, holdMs]) => holdMs > 0).length,
      (count) => count > 0,
    );
    await register();
    const answers = await Promise.all(waiting);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.every(({ body }) => body.index > index)).toBe(true);
    expect(asked.mock.calls.length).toBeLessThan(8);
    expect(read.mock.calls.length).toBeLessThan(8);
  });
});

describe('a snapshot that nobody can give', () => {
  it('is refused with the last index that is known, and is never empty', async () => {
    const index = await indexOf();
    vi.spyOn(ComponentRegistry.prototype, 'snapshotPage').mockImplementation(isAway);
    vi.spyOn(ComponentRegistry.prototype, 'revision').mockImplementation(isAway);
    for (const query of [`?type=${TYPE}`, `?type=${TYPE}&index=${index + 1}&wait=5000`, '']) {
      const answer = await snapshot(query);
      expectProblem(answer, 503, 'snapshot-unavailable');
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(answer.body.lastIndex).toEqual(expect.any(Number));
    }
  });

  it('is refused while the log cannot be read, for all types', async () => {
    interceptCoordinator('sequence', () => isAway);
    expectProblem(await snapshot(''), 503, 'snapshot-unavailable');
    expectProblem(await snapshot('?index=1&wait=1000'), 503, 'snapshot-unavailable');
  });
});
