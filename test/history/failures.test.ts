import { env, exports } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import type { FailureReport } from '../../src/core/failure/failure.ts';
import type { FailureBatchItem, FailureIntake } from '../../src/core/failure/failure-manager-api.ts';
import { DEFAULT_CONFIG } from '../../src/core/config/system-config.ts';
import { clockReaches, freshRegistry } from '../registry/fresh-registry.ts';
import type { ApiResponse } from '../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';

const { FailureManager: manager } = exports as unknown as { readonly FailureManager: FailureIntake };
const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const report = (id: string, error: Record<string, unknown> = { message: 'it failed me' }): Promise<ApiResponse> =>
  call('POST', `/v1/components/${id}/failures`, { error });

const rowsOf = async (id: string): Promise<Record<string, unknown>[]> =>
  (await env.HISTORY.prepare('SELECT * FROM failures WHERE component_id = ? ORDER BY occurred_at').bind(id).all())
    .results;

async function registered(overrides: Record<string, unknown> = beats): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', registrationFor(id, overrides));
  return id;
}

function reportOf(componentId: string, componentType: string): FailureReport {
  return {
    id: `f-${crypto.randomUUID()}`,
    componentId,
    componentType,
    source: 'report',
    code: null,
    message: 'it failed me',
    context: null,
    occurredAt: Date.now(),
  };
}

const itemOf = (failure: FailureReport, recentFailures = 1): FailureBatchItem => ({
  report: failure,
  recentFailures,
  unconfirmedReports: 0,
  failureThreshold: DEFAULT_CONFIG.failureThreshold,
});

describe.concurrent('failed checks in the history', () => {
  it('are written once each, three start a recovery, and checks during it add no failures', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id);
    for (let check = 0; check < 3; check++) await registry.api.probe(id);
    await eventually(
      () => registry.read(id),
      (component) => component.recoveryId !== null,
    );
    for (let check = 0; check < 3; check++) await registry.api.probe(id);
    await eventually(
      () => registry.rows('SELECT seq FROM outbox'),
      (rows) => rows.length === 0,
    );
    const rows = await rowsOf(id);
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      expect(row).toMatchObject({
        component_type: registry.type,
        failure_type: 'health_check_failure',
        source: 'check',
        code: 'HTTP_503',
      });
    }
  });
});

describe.concurrent('failure reports of callers', () => {
  it('return their consequence: two start nothing, the third starts a recovery', async () => {
    const id = await registered();
    const responses = [await report(id), await report(id), await report(id)];
    for (const response of responses) expect(response.status).toBe(202);
    expect(responses.map(({ body }) => body.recentFailures)).toEqual([1, 2, 3]);
    for (const { body } of responses) expect(body).toMatchObject({ threshold: 3, failureType: 'internal_error' });
    expect(responses.map(({ body }) => body.recoveryId)).toEqual([
      null,
      null,
      expect.stringMatching(/^r-[0-9a-f]{32}$/),
    ]);
    expect((await rowsOf(id)).map((row) => row['id'])).toEqual(responses.map(({ body }) => body.failureId));
    expect((await call('GET', `/v1/components/${id}`)).body.recoveryId).toBe(responses[2]!.body.recoveryId);
  });

  it('are classified by code, kept with their context, and listed newest first, page by page', async () => {
    const id = await registered();
    const error = { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };
    await call('POST', `/v1/components/${id}/failures`, { error, context: { taskId: 't-9', tries: [1, 2] } });
    await report(id, { code: 'ETIMEDOUT', message: 'slow' });
    const first = await call('GET', `/v1/failures?componentId=${id}&limit=1`);
    expect(first.body.items).toMatchObject([{ failureType: 'timeout_failure', source: 'report', context: null }]);
    const second = await call('GET', `/v1/failures?componentId=${id}&limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body.items).toMatchObject([
      { failureType: 'connection_failure', code: 'ECONNREFUSED', context: { taskId: 't-9', tries: [1, 2] } },
    ]);
    expect(second.body.nextCursor).toBeNull();
    const { body } = await call('GET', '/v1/failures/stats');
    expect(body.byComponent[id]).toBe(2);
  });

  it('about an unknown id are refused', async () => {
    expect(await report(freshId())).toMatchObject({ status: 404, body: { code: 'unknown-component' } });
  });
});

describe.concurrent('the count against the threshold', () => {
  it('excludes failures that an earlier recovery settled', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const fail = () => registry.api.reportFailure(id, { message: 'it failed me' }, null);
    await fail();
    await fail();
    const third = await fail();
    if (!third.ok) throw new Error(third.message);
    await registry.api.endRecovery(id, third.value.recoveryId!, 'successful');
    expect(await fail()).toMatchObject({ value: { recentFailures: 1, recoveryId: null } });
  });

  it('excludes failures of a predecessor with the same id', async () => {
    const id = await registered();
    await report(id);
    await report(id);
    await call('DELETE', `/v1/components/${id}`);
    await call('POST', '/v1/components', registrationFor(id, beats));
    expect((await report(id)).body).toMatchObject({ recentFailures: 1, recoveryId: null });
  });

  it('counts a failure once when it is evaluated twice', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const item = itemOf(reportOf(id, registry.type));
    const evaluations = [...(await manager.evaluate([item, item, item])), ...(await manager.evaluate([item]))];
    for (const each of evaluations) expect(each).toMatchObject({ recentFailures: 1, recoveryId: null });
    expect(evaluations).toHaveLength(4);
    expect(await rowsOf(id)).toHaveLength(1);
  });

  it('begins one recovery for concurrent evaluations', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const evaluations = await Promise.all(
      Array.from({ length: 5 }, () => manager.evaluate([itemOf(reportOf(id, registry.type), 3)])),
    );
    const { recoveryId } = await registry.read(id);
    expect(new Set(evaluations.flat().map((each) => each.recoveryId))).toEqual(new Set([recoveryId]));
    const { body } = await eventually(
      () => call('GET', `/v1/recoveries?componentId=${id}`),
      (response) => response.body.items.length > 0,
    );
    expect(body.items.map((each: { id: string }) => each.id)).toEqual([recoveryId]);
  });

  it('begins no recovery for failures of a predecessor with the same id', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const late = reportOf(id, registry.type);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await clockReaches(late.occurredAt + 1);
    await registry.register(id, beats);
    const [evaluation] = await manager.evaluate([itemOf(late, 3)]);
    expect(evaluation).toMatchObject({ recentFailures: 3, recoveryId: null, recorded: true });
    expect((await registry.read(id)).recoveryId).toBeNull();
  });
});

describe('the failures of one call', () => {
  it('cost D1 one statement for fifty components, and each is judged by its own count', async () => {
    const registry = freshRegistry();
    const ids = Array.from({ length: 50 }, () => freshId());
    for (const id of ids) await registry.register(id, beats);
    const reports = ids.map((id) => reportOf(id, registry.type));
    const prepare = vi.spyOn(env.HISTORY, 'prepare');
    const evaluations = await manager.evaluate(reports.map((each, at) => itemOf(each, at === 1 ? 3 : 1)));
    expect(prepare.mock.calls.filter(([sql]) => sql.includes('INTO failures'))).toHaveLength(1);
    const byFailure = new Map(evaluations.map((each) => [each.failureId, each]));
    const evaluated = reports.map(({ id }) => byFailure.get(id));
    expect(evaluated.map((each) => each?.recorded)).toEqual(reports.map(() => true));
    expect(evaluated.filter((each) => each?.recoveryId).map((each) => each!.failureId)).toEqual([reports[1]!.id]);
    expect((await registry.read(ids[1]!)).recoveryId).not.toBeNull();
  });
});
