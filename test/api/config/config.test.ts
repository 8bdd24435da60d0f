import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  EffectiveConfigSchema,
  EffectiveTypeConfigSchema,
  GlobalConfigResponseSchema,
  TypeConfigResponseSchema,
} from '../../../src/api/schemas/config.ts';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/config/system-config.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const put = (path: string, document: unknown, ifMatch = ''): Promise<ApiResponse> =>
  call('PUT', `/v1/config${path}`, document, { 'if-match': ifMatch });
const get = (path: string): Promise<ApiResponse> => call('GET', `/v1/config${path}`);
const etagOf = ({ headers }: ApiResponse): string => headers.get('etag') ?? '';

describe('a configuration document', () => {
  it('is empty until one is stored, then returned with its ETag', async () => {
    const path = '/types/caws_validator';
    const empty = await get(path);
    expect(empty).toMatchObject({ status: 200, body: {} });
    expect(etagOf(empty)).toBe('"0"');
    const document = { slowStartMs: 0, trafficSplit: [{ match: { version: '2' }, percent: 12.5 }] };
    const stored = await put(path, document, etagOf(empty));
    expect(stored).toMatchObject({ status: 200, body: document });
    const read = await get(path);
    expect(read.body).toEqual(document);
    expect(etagOf(read)).toBe(etagOf(stored));
    expect(TypeConfigResponseSchema.parse(read.body)).toEqual(document);
    // PUT replaces the document whole: omitted settings are no longer set.
    expect((await put(path, {})).body).toEqual({});
    expect((await get(path)).body).toEqual({});
  });

  it('is changed only when If-Match matches', async () => {
    const first = await put('/types/performance_tracker', { slowStartMs: 1 });
    expectProblem(await put('/types/performance_tracker', { slowStartMs: 2 }, '"0"'), 412, 'precondition-failed');
    expectProblem(await put('/types/performance_tracker', {}, 'yesterday'), 422, 'precondition-invalid');
    expect((await get('/types/performance_tracker')).body).toEqual({ slowStartMs: 1 });
    const second = await put('/types/performance_tracker', { slowStartMs: 2 }, etagOf(first));
    expect(second.status).toBe(200);
    expect(etagOf(second)).not.toBe(etagOf(first));
    // The same document again changes nothing; a stale If-Match is still refused.
    expect(etagOf(await put('/types/performance_tracker', { slowStartMs: 2 }))).toBe(etagOf(second));
    expectProblem(
      await put('/types/performance_tracker', { slowStartMs: 2 }, etagOf(first)),
      412,
      'precondition-failed',
    );
  });

  it('is not sent again for a matching If-None-Match; If-Match * creates no type', async () => {
    const path = '/v1/config/types/performance_tracker';
    const etag = etagOf(await put('/types/performance_tracker', { slowStartMs: 3 }));
    for (const known of [etag, `W/${etag}`, `"1", ${etag}`, '*']) {
      const again = await call('GET', path, undefined, { 'if-none-match': known });
      expect([known, again.status, again.body, etagOf(again)]).toEqual([known, 304, '', etag]);
    }
    expect((await call('GET', path, undefined, { 'if-none-match': '"0"' })).body).toEqual({ slowStartMs: 3 });
    // The effective configuration also changes with other documents, so its ETag differs.
    expect((await call('GET', `${path}?effective=true`, undefined, { 'if-none-match': etag })).status).toBe(200);
    expectProblem(await put('/types/never_added', {}, '*'), 412, 'precondition-failed');
    expectProblem(await get('/types/never_added'), 404, 'not-found');
    expect((await put('/types/performance_tracker', {}, '*')).status).toBe(200);
  });

  it('is refused with the setting, the bound and the received value', async () => {
    const response = await put('', { failureThreshold: 0, maxDetectionMs: '7000', colour: 'red' });
    expectProblem(response, 422, 'invalid-request');
    expect(response.body.errors).toEqual(
      expect.arrayContaining([
        { path: 'failureThreshold', message: 'a whole number from 1 to 100, not 0' },
        { path: 'maxDetectionMs', message: 'a whole number from 0 to 3600000 ms, not "7000"' },
        { path: 'colour', message: 'unknown field' },
      ]),
    );
    const together = await put('/types/caws_validator', { maxDetectionMs: 6_000 });
    expectProblem(together, 422, 'invalid-request');
    expect(together.body.errors).toEqual([
      { path: 'maxDetectionMs', message: expect.stringContaining('at least 5000 ms more than snapshotMaxAgeMs') },
    ]);
    const conflict = await put('/types/caws_validator', { requestTypes: ['task_routing'] });
    expectProblem(conflict, 409, 'request-type-conflict');
    expect(conflict.body.errors).toEqual([{ path: 'requestTypes[0]', message: 'task_routing reaches task_router' }]);
    expectProblem(await put('', { requestTypes: ['tea'] }), 422, 'invalid-request');
    const actions = [{ action: 'alert', target: '#ops', priority: 'urgent' }];
    const alerting = await put('/types/task_router', { recovery: { internal_error: { actions } } });
    expectProblem(alerting, 422, 'invalid-request');
    expect(alerting.body.errors.map(({ path }: { path: string }) => path)).toEqual([
      'recovery.internal_error.actions[0].target',
      'recovery.internal_error.actions[0].priority',
    ]);
    expectProblem(await put('', '[1'), 400, 'malformed-json');
    expect((await get('')).body).toEqual({});
  });

  it('is returned with the effective settings and their sources', async () => {
    await put('', { failureThreshold: 4, slowStartMs: 10 });
    await put('/types/task_orchestrator', { slowStartMs: 20 });
    const { body: all } = await get('?effective=true');
    expect(EffectiveConfigSchema.parse(all)).toEqual(all);
    expect(GlobalConfigResponseSchema.parse(all)).toEqual(all);
    expect(all.config).toEqual({ ...DEFAULT_SETTINGS, failureThreshold: 4, slowStartMs: 10 });
    expect(all.sources).toMatchObject({ failureThreshold: 'global', healthyThreshold: 'default' });
    const { body: one, headers } = await get('/types/task_orchestrator?effective=true');
    expect(EffectiveTypeConfigSchema.parse(one)).toEqual(one);
    expect(one.config).toMatchObject({
      failureThreshold: 4,
      slowStartMs: 20,
      requestTypes: ['task_orchestration', 'task_execution'],
    });
    expect(one.sources).toMatchObject({ failureThreshold: 'global', slowStartMs: 'type', healthyThreshold: 'default' });
    expect(headers.get('etag')).toBe(etagOf(await get('/types/task_orchestrator')));
    await put('', {});
  });

  it('of an unknown type is not found, and of an invalid type name is refused', async () => {
    expectProblem(await get('/types/nobodys'), 404, 'not-found');
    for (const type of ['Tea', 'tea-maker', '1st', 'x'.repeat(65), 'global'])
      expectProblem(await put(`/types/${type}`, {}), 422, 'invalid-request');
  });
});

describe('a configuration change', () => {
  it('is published as an event and recorded in the audit', async () => {
    const { body: log } = await call('GET', '/v1/events?limit=1');
    const after = log.nextCursor ?? '0';
    const put1 = await put('/types/agent_registry', { panicThreshold: 30, slowStartMs: 5 });
    await put('/types/agent_registry', { panicThreshold: 30, slowStartMs: 6 });
    const events = await call('GET', `/v1/events?after=${after}&types=config.changed`);
    expect(events.body.items).toMatchObject([
      { type: 'config.changed', subject: 'agent_registry', data: { changed: ['panicThreshold', 'slowStartMs'] } },
      { subject: 'agent_registry', data: { scope: 'type', changed: ['slowStartMs'] } },
    ]);
    expect(events.body.items[0].data.revision).toBe(Number(etagOf(put1).replaceAll('"', '')));
    const entries = await eventually(
      () => call('GET', '/v1/audit?subject=agent_registry&action=config.change'),
      ({ body }) => body.items.length === 2,
    );
    expect(entries.body.items).toMatchObject([
      { actor: { keyId: 'root' }, before: { slowStartMs: 5 }, after: { slowStartMs: 6 } },
      { before: {}, after: { panicThreshold: 30, slowStartMs: 5 } },
    ]);
    expect(entries.body.items[0].after).not.toHaveProperty('panicThreshold');
  });

  it('can be made with CoordinatorClient', async () => {
    const worker = exports as unknown as { default: Fetcher };
    const client = new CoordinatorClient({
      baseUrl: 'https://coordinator.test',
      key: 'admin-key-of-the-tests-0123456789abcdef',
      fetch: (url, init) => worker.default.fetch(url, init),
    });
    const { etag } = await client.config.get('all');
    const stored = await client.config.put('all', { failureWindow: 60_000 }, { ifMatch: etag });
    expect(stored.document).toEqual({ failureWindow: 60_000 });
    expect(await client.config.get('all')).toEqual(stored);
    await expect(client.config.put('all', {}, { ifMatch: etag })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    const type = await client.config.put({ type: 'tea_maker' }, { requestTypes: ['tea_making'] });
    expect(await client.config.get({ type: 'tea_maker' })).toEqual(type);
    expect((await client.config.effective({ type: 'tea_maker' })).config).toMatchObject({
      failureWindow: 60_000,
      requestTypes: ['tea_making'],
    });
    await client.config.put('all', {});
    expect((await client.config.effective('all')).config).toEqual(DEFAULT_SETTINGS);
  });
});
