import { describe, expect, it } from 'vitest';
import { call, componentLog, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

const statusOf = async (id: string): Promise<string> => (await call('GET', `/v1/components/${id}`)).body.health.status;

describe.concurrent('health checks of a registered component', () => {
  it('find a healthy component healthy at once', async () => {
    const id = freshId();
    expect((await call('POST', '/v1/components', registrationFor(id))).status).toBe(201);
    await eventually(
      () => statusOf(id),
      (status) => status === 'healthy',
      3_000,
    );
  });

  it('mark a component that responds with 503 unhealthy, with the reason', async () => {
    const id = freshId();
    await setMode(id, 'unavailable');
    await call('POST', '/v1/components', registrationFor(id));
    await eventually(
      () => statusOf(id),
      (status) => status === 'unhealthy',
      5_000,
    );
    const { body } = await call('GET', `/v1/components/${id}/health`);
    expect(body.reason).toContain('HTTP_503');
  });

  it('mark a component degraded that reports itself degraded', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'degraded');
    await registry.register(id);
    const { health } = await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'degraded',
    );
    expect(health.reason).toContain('degraded');
  });

  it('mark a component that hangs suspect before unhealthy', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'healthy',
    );
    await setMode(id, 'hang');
    const probed = registry.api.probe(id);
    const { health } = await eventually(
      () => registry.read(id),
      (component) => component.health.suspect,
      2_000,
    );
    expect(health.status).toBe('healthy');
    await expect(probed).resolves.toMatchObject({ value: { outcome: 'failed', error: { code: 'TIMEOUT' } } });
    const after = await registry.read(id);
    expect(after.health).toMatchObject({ status: 'unhealthy', suspect: false });
    expect(after.health.reason).toContain('TIMEOUT');
  });

  it('end the suspicion when a retry passes', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'healthy',
    );
    const { since } = (await registry.read(id)).health;
    await setMode(id, 'hang');
    const probed = registry.api.probe(id);
    await eventually(
      () => registry.read(id),
      (component) => component.health.suspect,
      2_000,
    );
    await setMode(id, 'healthy');
    await expect(probed).resolves.toMatchObject({ value: { outcome: 'passed' } });
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', suspect: false, errorCount: 0, since });
  });

  it('retry before a check fails, and do not retry in a recheck', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    const { healthCheck } = registrationFor(id) as { healthCheck: Record<string, unknown> };
    await registry.register(id, { healthCheck: { ...healthCheck, retries: 2 } });
    await eventually(
      () => registry.read(id),
      (component) => component.health.errorCount === 1,
    );
    expect((await componentLog(id)).checks).toBe(3);
    await expect(registry.api.probe(id)).resolves.toMatchObject({ value: { outcome: 'failed' } });
    expect((await componentLog(id)).checks).toBe(4);
  });

  it('mark an unhealthy component healthy after two passed checks, not after one', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
    );
    await setMode(id, 'healthy');
    const first = await registry.api.probe(id);
    expect(first).toMatchObject({ value: { outcome: 'passed', health: { status: 'unhealthy' } } });
    const second = await registry.api.probe(id);
    expect(second).toMatchObject({ value: { outcome: 'passed', health: { status: 'healthy', reason: null } } });
  });

  it('probe the new endpoint at once after a registration changed it', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const other = freshId('other');
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'healthy',
    );
    await setMode(other, 'unavailable');
    const { healthCheck } = registrationFor(other) as { healthCheck: Record<string, unknown> };
    await registry.register(id, { healthCheck });
    const { health } = await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
      3_000,
    );
    expect(health.reason).toContain('HTTP_503');
  });
});

describe.concurrent('a check on demand', () => {
  it('returns the result and the health after it', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id));
    const passed = await call('POST', `/v1/components/${id}/probe`);
    expect(passed.status).toBe(200);
    expect(passed.body).toMatchObject({ outcome: 'passed', error: null, health: { status: 'healthy' } });
    expect(passed.body.responseTime).toBeGreaterThanOrEqual(0);

    await setMode(id, 'unavailable');
    const failed = await call('POST', `/v1/components/${id}/probe`);
    expect(failed.body).toMatchObject({
      outcome: 'failed',
      responseTime: null,
      error: { code: 'HTTP_503' },
      health: { status: 'unhealthy' },
    });
  });

  it('is shared by concurrent callers', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'slow');
    await registry.register(id);
    const results = await Promise.all([registry.api.probe(id), registry.api.probe(id), registry.api.probe(id)]);
    for (const result of results) expect(result).toMatchObject({ value: { outcome: 'passed' } });
    expect((await componentLog(id)).checks).toBe(1);
  });

  it('returns when the component is removed in the meantime', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'hang');
    await registry.register(id);
    const probed = registry.api.probe(id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await expect(probed).resolves.toMatchObject({ ok: expect.any(Boolean) });
  });

  it('refuses an unknown id and a component without a health check', async () => {
    expect(await call('POST', `/v1/components/${freshId()}/probe`)).toMatchObject({
      status: 404,
      body: { code: 'unknown-component' },
    });
    const id = freshId();
    const beats = { healthCheck: undefined, heartbeat: { ttl: 60_000 } };
    await call('POST', '/v1/components', registrationFor(id, beats));
    expect(await call('POST', `/v1/components/${id}/probe`)).toMatchObject({
      status: 409,
      body: { code: 'no-health-check' },
    });
  });
});
