import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { HeartbeatResultSchema, HeartbeatResultsSchema } from '../../../src/api/schemas/component.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const registered = async (overrides: Record<string, unknown> = {}): Promise<string> => {
  const id = freshId();
  expect((await call('POST', '/v1/components', silentRegistration(id, overrides))).status).toBe(201);
  return id;
};

const beat = (id: string, body?: unknown, headers?: Record<string, string>): Promise<ApiResponse> =>
  call('POST', `/v1/components/${id}/heartbeat`, body ?? {}, headers);

const beatAll = (heartbeats: unknown): Promise<ApiResponse> => call('POST', '/v1/heartbeats', { heartbeats });

const read = async (id: string) => (await call('GET', `/v1/components/${id}`)).body;

describe('a heartbeat', () => {
  it('makes a component healthy and returns its expiry', async () => {
    const id = await registered({ heartbeat: { ttl: 20_000 } });
    const before = Date.now();
    const { status, body } = await beat(id);
    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'healthy' } });
    const expiresAt = Date.parse(body.expiresAt);
    expect(expiresAt).toBeGreaterThanOrEqual(before + 20_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 20_000);
    expect((await read(id)).health).toMatchObject({ status: 'healthy', reason: null });
  });

  it('requires no body', async () => {
    const id = await registered();
    const response = await call('POST', `/v1/components/${id}/heartbeat`, undefined, { 'content-type': '' });
    expect(response.body.status).toBe('healthy');
  });

  it.each(['degraded', 'unhealthy', 'healthy'])('applies the status that the component reports: %s', async (status) => {
    const id = await registered();
    await beat(id);
    expect((await beat(id, { status })).body.status).toBe(status);
    expect((await read(id)).health.status).toBe(status);
  });

  it('applies the reported load and keeps it until the next report', async () => {
    const id = await registered({ capabilities: { maxConcurrentTasks: 20 } });
    await beat(id, { load: { activeConnections: 5, queueDepth: 7 } });
    expect((await read(id)).load).toMatchObject({ activeConnections: 5, queueDepth: 7, loadPercentage: 25 });
    await beat(id, {});
    expect((await read(id)).load).toMatchObject({ activeConnections: 5, queueDepth: 7 });
    await beat(id, { load: { loadPercentage: 81, activeConnections: 1 } });
    expect((await read(id)).load).toMatchObject({ activeConnections: 1, queueDepth: 0, loadPercentage: 81 });
  });

  it('with an unknown status is refused and does not count: nobody may guess it', async () => {
    const id = await registered();
    expect(expectProblem(await beat(id, { status: 'fine' }), 422, 'invalid-request')).toEqual(['status']);
    expect((await read(id)).health.status).toBe('unknown');
  });

  it.each([
    [{ load: 7 }, 'load'],
    [{ load: { activeConnections: -1 } }, 'load.activeConnections'],
    [{ load: { queueDepth: 1.5 } }, 'load.queueDepth'],
    [{ load: { loadPercentage: 100.0000001 } }, 'load.loadPercentage'],
    [{ load: { loadPercentage: null } }, 'load.loadPercentage'],
    [{ load: { cpu: 1 } }, 'load.cpu'],
    [{ mood: 'good' }, 'mood'],
  ])('%j counts as a sign of life, with a warning about %s', async (body, path) => {
    const id = await registered();
    const response = await beat(id, body);
    expect(HeartbeatResultSchema.parse(response.body)).toEqual(response.body);
    expect(response).toMatchObject({ status: 200, body: { status: 'healthy', warnings: [{ path }] } });
    expect((await read(id)).health.status).toBe('healthy');
  });

  it('with an empty body counts, whatever its content type', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', '']) {
      const id = await registered();
      const response = await call('POST', `/v1/components/${id}/heartbeat`, '', { 'content-type': type });
      expect(response).toMatchObject({ status: 200, body: { status: 'healthy' } });
      expect(response.body.warnings).toBeUndefined();
    }
  });

  it('of a component that registered only checks reports its load', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id));
    const { status, body } = await beat(id, { status: 'unhealthy', load: { activeConnections: 3 } });
    expect({ status, body }).toMatchObject({ status: 200, body: { expiresAt: null, warnings: [{ path: 'status' }] } });
    expect(await read(id)).toMatchObject({ load: { activeConnections: 3 } });
    expect((await read(id)).health.reason ?? '').not.toContain('REPORTED_UNHEALTHY');
    expect((await beat(id)).body.warnings).toBeUndefined();
  });

  it('that expires makes a component unhealthy, the next one healthy again', async () => {
    const id = await registered({ heartbeat: { ttl: 1_000 } });
    await beat(id);
    const { health } = await eventually(
      () => read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
    expect(health.reason).toContain('HEARTBEAT_EXPIRED');
    expect(Date.parse(health.since) - Date.parse(health.lastFailure)).toBe(0);
    expect((await beat(id)).body.status).toBe('healthy');
  });

  it('that never arrives makes a component unhealthy too', async () => {
    const id = await registered({ heartbeat: { ttl: 1_000 } });
    await eventually(
      () => read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
  });

  it('keeps a component healthy while it repeats', async () => {
    const id = await registered({ heartbeat: { ttl: 1_000 } });
    const end = Date.now() + 2_500;
    await eventually(
      () => beat(id),
      ({ body }) => body.status !== 'healthy' || Date.now() > end,
      5_000,
    );
    expect((await read(id)).health).toMatchObject({ status: 'healthy', errorCount: 0 });
  });

  it('keeps its status through an eviction of the registry, and still expires', async () => {
    const id = await registered({ type: 'caws_validator', heartbeat: { ttl: 1_500 } });
    await beat(id, { status: 'degraded' });
    await evict(env.COMPONENT_REGISTRY.getByName('caws_validator'));
    expect((await read(id)).health.status).toBe('degraded');
    await eventually(
      () => read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
  });
});

describe('POST /v1/heartbeats', () => {
  it('returns one result each, in the order sent; a failed one does not stop the others', async () => {
    const [first, second, unknown, checked] = [
      await registered(),
      await registered({ type: 'caws_validator' }),
      freshId(),
      freshId(),
    ];
    await call('POST', '/v1/components', registrationFor(checked));
    const { status, body } = await beatAll([
      { id: second, status: 'degraded' },
      { id: unknown },
      { id: first, load: { activeConnections: 2 } },
      { id: checked },
    ]);
    expect(status).toBe(200);
    expect(body.results).toEqual([
      { id: second, ok: true, expiresAt: expect.any(String), error: null },
      { id: unknown, ok: false, expiresAt: null, error: { code: 'unknown-component', message: expect.any(String) } },
      { id: first, ok: true, expiresAt: expect.any(String), error: null },
      { id: checked, ok: true, expiresAt: null, error: null },
    ]);
    expect(HeartbeatResultsSchema.parse(body)).toEqual(body);
    expect((await read(second)).health.status).toBe('degraded');
    expect(await read(first)).toMatchObject({ health: { status: 'healthy' }, load: { activeConnections: 2 } });
  });

  it('accepts at most 500 heartbeats', async () => {
    const id = await registered();
    const beats = Array.from({ length: 500 }, () => ({ id }));
    const { status, body } = await beatAll(beats);
    expect(status).toBe(200);
    expect(body.results).toHaveLength(500);
    expect(expectProblem(await beatAll([...beats, { id }]), 422, 'invalid-request')).toEqual(['heartbeats']);
    expect(expectProblem(await beatAll([]), 422, 'invalid-request')).toEqual(['heartbeats']);
  });

  it.each([
    [{ id: 'UPPER' }, 'UPPER', 'heartbeats[1].id'],
    [{}, null, 'heartbeats[1].id'],
    [7, null, 'heartbeats[1]'],
  ])('counts the others beside %j', async (bad, shown, path) => {
    const [first, last] = [await registered(), await registered()];
    const { status, body } = await beatAll([{ id: first }, bad, { id: last, load: { activeConnections: -1 } }]);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { id: first, ok: true },
      { id: shown, ok: false, error: { code: 'invalid-request', errors: [{ path }] } },
      { id: last, ok: true },
    ]);
    expect(body.warnings).toMatchObject([{ path: 'heartbeats[2].load.activeConnections' }]);
    for (const id of [first, last]) expect((await read(id)).health.status).toBe('healthy');
  });

  it('refuses a heartbeat with an unknown status alone, and does not count it', async () => {
    const [sound, sick] = [await registered(), await registered()];
    const { body } = await beatAll([{ id: sick, status: 'fine' }, { id: sound }]);
    expect(body.results).toMatchObject([
      { id: sick, ok: false },
      { id: sound, ok: true },
    ]);
    expect((await read(sick)).health.status).toBe('unknown');
  });
});
