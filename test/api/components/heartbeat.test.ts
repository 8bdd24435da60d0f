import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
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

  it.each([
    [{ status: 'fine' }, 'status'],
    [{ load: 7 }, 'load'],
    [{ load: { activeConnections: -1 } }, 'load.activeConnections'],
    [{ load: { queueDepth: 1.5 } }, 'load.queueDepth'],
    [{ load: { loadPercentage: 101 } }, 'load.loadPercentage'],
    [{ load: { cpu: 1 } }, 'load.cpu'],
    [{ mood: 'good' }, 'mood'],
  ])('%j is refused at %s and does not count as a heartbeat', async (body, path) => {
    const id = await registered();
    expect(expectProblem(await beat(id, body), 422, 'invalid-request')).toEqual([path]);
    expect((await read(id)).health.status).toBe('unknown');
  });

  it('is refused for a component that declares none', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id));
    expectProblem(await beat(id), 409, 'heartbeat-not-declared');
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
      { id: second, ok: true, code: null, expiresAt: expect.any(String) },
      { id: unknown, ok: false, code: 'unknown-component', expiresAt: null },
      { id: first, ok: true, code: null, expiresAt: expect.any(String) },
      { id: checked, ok: false, code: 'heartbeat-not-declared', expiresAt: null },
    ]);
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

  it('refuses a batch with a fault as a whole and names its path', async () => {
    const id = await registered();
    expect(expectProblem(await beatAll([{ id }, { id, status: 'fine' }]), 422, 'invalid-request')).toEqual([
      'heartbeats[1].status',
    ]);
    expect(expectProblem(await beatAll([{ id }, {}]), 422, 'invalid-request')).toEqual(['heartbeats[1].id']);
    expect((await read(id)).health.status).toBe('unknown');
  });
});
