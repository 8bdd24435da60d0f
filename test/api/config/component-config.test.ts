import { exports } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigDiffSchema,
  ConfigHistoryPageSchema,
  EffectiveComponentConfigSchema,
  ConfigRevisionDetailSchema,
} from '../../../src/api/schemas/config.ts';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { ComponentConfigSchema } from '../../../src/core/config/component-config.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPE = 'performance_tracker';
const etagOf = ({ headers }: ApiResponse): string => headers.get('etag') ?? '';
const revisionOf = (response: ApiResponse): number => Number(etagOf(response).replaceAll('"', ''));
const put = (path: string, document: unknown, ifMatch = ''): Promise<ApiResponse> =>
  call('PUT', `/v1/config${path}`, document, { 'if-match': ifMatch });

async function registered(type = TYPE): Promise<string> {
  const id = freshId();
  expect((await call('POST', '/v1/components', silentRegistration(id, { type }))).status).toBe(201);
  return id;
}

const clientWith = (key = 'admin-key-of-the-tests-0123456789abcdef'): CoordinatorClient => {
  const worker = exports as unknown as { default: Fetcher };
  const fetch = (url: string, init: RequestInit) => worker.default.fetch(url, init);
  return new CoordinatorClient({ baseUrl: 'https://coordinator.test', key, fetch });
};

afterEach(() => vi.restoreAllMocks());

describe('a configuration document of a component', () => {
  it('is stored, read and deleted under If-Match', async () => {
    const path = `/components/${await registered()}`;
    const empty = await call('GET', `/v1/config${path}`);
    expect(empty).toMatchObject({ status: 200, body: {} });
    const document = { failureThreshold: 1, values: { level: 'debug' } };
    const stored = await put(path, document, etagOf(empty));
    expect(stored).toMatchObject({ status: 200, body: document });
    expect(ComponentConfigSchema.parse(stored.body)).toEqual(document);
    expectProblem(await put(path, {}, etagOf(empty)), 412, 'precondition-failed');
    expectProblem(
      await call('DELETE', `/v1/config${path}`, undefined, { 'if-match': '"0"' }),
      412,
      'precondition-failed',
    );
    expect((await call('DELETE', `/v1/config${path}`, undefined, { 'if-match': etagOf(stored) })).status).toBe(204);
    const cleared = await call('GET', `/v1/config${path}`);
    expect(cleared.body).toEqual({});
    expect(revisionOf(cleared)).toBeGreaterThan(revisionOf(stored));
  });

  it('refuses settings without effect on a component, and unregistered components', async () => {
    const path = `/components/${await registered()}`;
    const refused = await put(path, { slowStartMs: 1, balancingPolicy: 'random', failureThreshold: 0 });
    expectProblem(refused, 422, 'invalid-request');
    expect(refused.body.errors.map(({ path: at }: { path: string }) => at).toSorted()).toEqual([
      'balancingPolicy',
      'failureThreshold',
      'slowStartMs',
    ]);
    for (const response of [await put('/components/nobody', {}), await call('GET', '/v1/config/components/nobody')])
      expectProblem(response, 404, 'unknown-component');
  });
});

describe('values', () => {
  it('are merged over all scopes with their sources, and shown to no other component', async () => {
    await put('', { values: { log: { level: 'info', json: true }, hosts: ['a'] } });
    await put(`/types/${TYPE}`, { values: { log: { level: 'warn' } }, failureThreshold: 4 });
    const id = await registered();
    const { body: key } = await call('POST', `/v1/components/${id}/key`);
    const stored = await put(`/components/${id}`, {
      values: { hosts: ['b'], log: { json: null } },
      failureThreshold: 1,
    });
    const headers = { authorization: `Bearer ${key.key}` };
    const read = await call('GET', `/v1/components/${id}/config`, undefined, headers);
    expect(EffectiveComponentConfigSchema.parse(read.body)).toEqual(read.body);
    expect(read.body).toMatchObject({
      revision: revisionOf(stored),
      type: TYPE,
      config: { failureThreshold: 1, maxDetectionMs: 10_000 },
      sources: { failureThreshold: 'component', maxDetectionMs: 'default' },
      values: { log: { level: 'warn' }, hosts: ['b'] },
      valueSources: { '/log/level': 'type', '/hosts': 'component' },
    });
    expect(etagOf(read)).toBe(etagOf(stored));
    const other = await registered();
    expectProblem(await call('GET', `/v1/components/${other}/config`, undefined, headers), 404, 'unknown-component');
    expect((await call('GET', `/v1/config/types/${TYPE}?effective=true`)).body).toMatchObject({
      values: { log: { level: 'warn', json: true }, hosts: ['a'] },
      valueSources: { '/log/level': 'type', '/log/json': 'global' },
    });
    await put('', {});
    await put(`/types/${TYPE}`, {});
  });

  it('must conform to the schemas of the wider scopes, whichever scope is written', async () => {
    const id = await registered('caws_validator');
    const valuesSchema = {
      type: 'object',
      properties: { pool: { type: 'integer', minimum: 1 }, name: { type: 'string', pattern: '^[a-z]+$' } },
      additionalProperties: false,
    };
    expect((await put('/types/caws_validator', { valuesSchema, values: { pool: 2 } })).status).toBe(200);
    const refused = await put(`/components/${id}`, { values: { pool: 0, name: 'X', more: 1 } });
    expectProblem(refused, 422, 'invalid-request');
    expect(refused.body.errors.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['values.pool', 'values.name']),
    );
    expect((await call('GET', `/v1/config/components/${id}`)).body).toEqual({});
    expect((await put(`/components/${id}`, { values: { pool: 9 } })).status).toBe(200);
    // A narrower schema that values of a component violate.
    const narrower = { ...valuesSchema, properties: { pool: { maximum: 5 } } };
    const typed = await put('/types/caws_validator', { valuesSchema: narrower, values: { pool: 2 } });
    expect(typed.body.errors).toEqual([
      { path: 'values.pool', message: expect.stringContaining(`(for component ${id})`) },
    ]);
    const global = await put('', { values: { more: 1 } });
    expect(global.body.errors[0]).toMatchObject({ message: expect.stringContaining('(for caws_validator)') });
    expect((await call('GET', '/v1/config')).body).toEqual({});
    const hostile = await put('', { valuesSchema: { properties: { a: { pattern: '^(a+)+$' } } } });
    expect(hostile.body.errors).toEqual([
      { path: 'valuesSchema.properties.a.pattern', message: expect.stringContaining('no group may repeat') },
    ]);
    await put(`/components/${id}`, {});
    await put('/types/caws_validator', {});
  });
});

describe('configuration history', () => {
  it.each<[string, () => Promise<string>]>([
    ['for all types', async () => ''],
    ['for a type', async () => '/types/agent_registry'],
    ['for a component', async () => `/components/${await registered()}`],
  ])('%s is listed, read, compared and rolled back', async (_, make) => {
    const path = await make();
    const at = `/v1/config${path}`;
    const documents = [
      { failureThreshold: 5, values: { a: 1 } },
      { failureThreshold: 6, values: { b: 2 } },
      { flapHoldMs: 1 },
    ];
    const revisions: number[] = [];
    for (const document of documents) revisions.push(revisionOf(await put(path, document)));
    const [first, second, third] = revisions;
    const page = await call('GET', `${at}/history?limit=2`);
    expect(ConfigHistoryPageSchema.parse(page.body)).toEqual(page.body);
    expect(page.body.items).toMatchObject([
      {
        revision: third,
        changed: expect.arrayContaining(['failureThreshold', 'flapHoldMs', 'values']),
        restoredRevision: null,
      },
      { revision: second, changedBy: { keyId: 'root' }, changed: ['failureThreshold', 'values'] },
    ]);
    const rest = await call('GET', `${at}/history?limit=2&cursor=${page.body.nextCursor}`);
    expect(rest.body.items[0]).toMatchObject({ revision: first });
    const kept = await call('GET', `${at}/history/${first}`);
    expect(ConfigRevisionDetailSchema.parse(kept.body)).toEqual(kept.body);
    expect(kept.body.document).toEqual(documents[0]);
    expectProblem(await call('GET', `${at}/history/999999`), 404, 'not-found');
    const last = await call('GET', `${at}/diff`);
    expect(ConfigDiffSchema.parse(last.body)).toEqual(last.body);
    expect(last.body).toMatchObject({ from: second, to: third });
    const from = await call('GET', `${at}/diff?from=${first}&to=${second}`);
    expect(from.body.patch).toEqual([
      { op: 'replace', path: '/failureThreshold', value: 6 },
      { op: 'remove', path: '/values/a' },
      { op: 'add', path: '/values/b', value: 2 },
    ]);
    expect((await call('GET', `${at}/diff?to=${first}`)).body).toMatchObject({ to: first });

    const back = (revision: number, ifMatch: string) =>
      call('POST', `${at}/rollback`, { revision }, { 'if-match': ifMatch });
    expectProblem(await back(first!, `"${second}"`), 412, 'precondition-failed');
    expectProblem(await back(999_999, ''), 404, 'not-found');
    const restored = await back(first!, `"${third}"`);
    expect(restored).toMatchObject({ status: 200, body: documents[0] });
    expect(revisionOf(restored)).toBeGreaterThan(third!);
    // A repeated rollback changes nothing.
    expect(etagOf(await back(first!, ''))).toBe(etagOf(restored));
    expect((await call('GET', `${at}/history?limit=1`)).body.items).toMatchObject([
      { revision: revisionOf(restored), restoredRevision: first },
    ]);
    const audit = await eventually(
      () => call('GET', `/v1/audit?action=config.change&limit=1`),
      ({ body }) => body.items[0]?.after?.restoredRevision === first,
    );
    expect(audit.body.items[0].after).toMatchObject({ failureThreshold: 5, restoredRevision: first });
    await put(path, {});
  });

  it('has no diff for a revision whose predecessor is no longer kept', async () => {
    const path = `/components/${await registered()}`;
    const first = revisionOf(await put(path, { failureThreshold: 1 }));
    const diff = (to: number) => call('GET', `/v1/config${path}/diff?to=${to}`);
    expect((await diff(first)).body).toMatchObject({ from: 0, to: first });
    const put11 = Array.from({ length: 11 }, (_, at) => at + 2);
    const later: number[] = [];
    for (const failureThreshold of put11) later.push(revisionOf(await put(path, { failureThreshold })));
    expectProblem(await diff(first), 404, 'not-found');
    expectProblem(await diff(later[0]!), 404, 'not-found');
    expect((await diff(later[1]!)).body).toMatchObject({ from: later[0], to: later[1] });
  });

  it('rolls back only to a revision that is valid now', async () => {
    const id = await registered('agent_registry');
    const path = `/components/${id}`;
    const old = revisionOf(await put(path, { recoveryTimeout: 10_000 }));
    await put(path, {});
    await put('/types/agent_registry', { healthyThreshold: 6 });
    const refused = await call('POST', `/v1/config${path}/rollback`, { revision: old });
    expectProblem(refused, 422, 'invalid-request');
    await put('/types/agent_registry', {});
    expect((await call('POST', `/v1/config${path}/rollback`, { revision: old })).status).toBe(200);
  });
});

const waiting = (id: string, revision: number, wait: number): Promise<ApiResponse> =>
  call('GET', `/v1/components/${id}/config?revision=${revision}&wait=${wait}`);

describe('GET /v1/components/{id}/config with wait', () => {
  it('returns as soon as a document of any scope changes, or 304 after `wait` ms', async () => {
    const id = await registered('task_orchestrator');
    let { revision } = (await call('GET', `/v1/components/${id}/config`)).body;
    const still = await waiting(id, revision, 50);
    expect(still.status).toBe(304);
    expect(etagOf(still)).toBe(`"${revision}"`);
    expect((await waiting(id, revision, 0)).status).toBe(304);
    expect((await waiting(id, revision + 1, 10_000)).status).toBe(200);
    for (const path of [`/components/${id}`, '/types/task_orchestrator', '']) {
      const blocked = waiting(id, revision, 60_000);
      const stored = await put(path, { failureThreshold: 7 });
      const response = await blocked;
      expect(response.body).toMatchObject({ revision: revisionOf(stored), config: { failureThreshold: 7 } });
      ({ revision } = response.body);
    }
    // A document of another component changes nothing here.
    const sibling = await registered('task_orchestrator');
    const blocked = waiting(id, revision, 300);
    await put(`/components/${sibling}`, { failureThreshold: 2 });
    expect((await blocked).status).toBe(304);
    for (const path of ['/types/task_orchestrator', '']) await put(path, {});
  });

  it('returns 404 when the component is removed, and 503 while the coordinator is unavailable', async () => {
    const id = await registered();
    const { revision } = (await call('GET', `/v1/components/${id}/config`)).body;
    const blocked = waiting(id, revision, 60_000);
    await call('DELETE', `/v1/components/${id}`);
    expectProblem(await blocked, 404, 'unknown-component');
    const reads = interceptCoordinator('componentConfig', () => async () => {
      throw new Error('away');
    });
    const refused = await waiting(id, 7, 700);
    expectProblem(refused, 503, 'temporarily-unavailable');
    expect(refused.body.detail).toContain('7');
    expect(reads.mock.calls.length).toBeLessThan(5);
  });

  it('shares one coordinator call among all waiting requests of an isolate', async () => {
    const id = await registered();
    const { revision } = (await call('GET', `/v1/components/${id}/config`)).body;
    const reads = interceptCoordinator('componentConfig', (real) => real);
    const blocked = Array.from({ length: 20 }, () => waiting(id, revision, 1_500));
    for (const response of await Promise.all(blocked)) expect(response.status).toBe(304);
    // Each request reads once at its start and once at its end, however long it waits.
    expect(reads.mock.calls.length).toBeLessThanOrEqual(40);
  });

  it('continues after the coordinator was briefly unavailable', async () => {
    const id = await registered();
    const { revision } = (await call('GET', `/v1/components/${id}/config`)).body;
    let readCount = 0;
    interceptCoordinator('componentConfig', (real) => async (request) => {
      if (++readCount === 1) throw new Error('away');
      return real(request);
    });
    const blocked = waiting(id, revision, 30_000);
    await eventually(
      async () => readCount,
      (times) => times >= 1,
    );
    await put(`/components/${id}`, { failureThreshold: 2 });
    expect((await blocked).body).toMatchObject({ config: { failureThreshold: 2 } });
  });

  it('is followed by CoordinatorClient.config.watch', async () => {
    const id = await registered();
    const client = clientWith();
    const stop = new AbortController();
    const seen: (number | undefined)[] = [];
    for await (const { config } of client.config.watch(id, { signal: stop.signal, wait: 2_000 })) {
      if (seen.push(config.failureThreshold) > 5) break;
      void client.config.put({ component: id }, { failureThreshold: seen.length + 4 });
    }
    expect(seen.slice(0, 3)).toEqual([3, 5, 6]);
    expect(
      (
        await client.config.rollBack(
          { component: id },
          (await client.config.history({ component: id })).items[3]!.revision,
        )
      ).document,
    ).toEqual({ failureThreshold: 6 });
    expect((await client.config.diff({ component: id })).patch).toHaveLength(1);
    expect((await client.config.history({ component: id }, { limit: 1 })).items).toHaveLength(1);
    expect(await client.config.get({ component: id })).toMatchObject({ document: { failureThreshold: 6 } });
    stop.abort();
  });
});
