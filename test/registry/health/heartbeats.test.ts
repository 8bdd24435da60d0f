import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { RegistryState } from '../../../src/registry/state/registry-state.ts';
import { RegistryStore } from '../../../src/registry/storage/registry-store.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

/** A tenth of a TTL of a minute is more than the largest grace. */
const GRACE_MS = 5_000;

const beatsEvery = (ttl: number) => ({ healthCheck: undefined, heartbeat: { ttl } });

const failuresInHistory = async (id: string) =>
  (await env.HISTORY.prepare('SELECT source, code, failure_type FROM failures WHERE component_id = ?').bind(id).all())
    .results;

describe.concurrent('a component that sends heartbeats', () => {
  it('has several heartbeats of one call applied in order', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    const heartbeats = (['healthy', 'unhealthy', 'unhealthy', 'degraded'] as const).map((status) => ({
      id,
      status,
      load: null,
    }));
    await registry.api.heartbeats(heartbeats);
    const { health } = await registry.read(id);
    expect(health).toMatchObject({ status: 'degraded', errorCount: 1, lastTransition: { from: 'unhealthy' } });
    await eventually(
      () => failuresInHistory(id),
      (failures) => failures.length > 0,
    );
    expect(await failuresInHistory(id)).toHaveLength(1);
  });

  it('is healthy after its first heartbeat over HTTP, and gets the expiry time', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, beatsEvery(60_000)));
    const { status, body } = await call('POST', `/v1/components/${id}/heartbeat`, { status: 'healthy' });
    expect(status).toBe(200);
    expect(body.status).toBe('healthy');
    expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(50_000);
    expect((await call('GET', `/v1/components/${id}`)).body.health.status).toBe('healthy');
  });

  it('is unhealthy once its heartbeat expires: one recorded failure, and a recovery begins', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(1_000));
    await registry.beat(id);
    const { health } = await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
    expect(health.reason).toContain('HEARTBEAT_EXPIRED');
    await eventually(
      () => registry.read(id),
      (component) => component.recoveryId !== null,
      5_000,
    );
    expect(await failuresInHistory(id)).toEqual([
      { source: 'heartbeat', code: 'HEARTBEAT_EXPIRED', failure_type: 'health_check_failure' },
    ]);
  });

  it('is unhealthy when it never sent one', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(1_000));
    expect((await registry.read(id)).health.status).toBe('unknown');
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
  });

  it('is healthy with its next heartbeat, and heartbeats alone prove its recovery', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(1_000));
    await eventually(
      () => registry.read(id),
      (component) => component.recoveryId !== null,
      5_000,
    );
    await registry.beat(id);
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', reason: null });
    await eventually(
      async () => {
        await registry.beat(id);
        return registry.read(id);
      },
      (component) => component.recoveryId === null,
      10_000,
    );
    const { body } = await eventually(
      () => call('GET', `/v1/recoveries?componentId=${id}`),
      (response) => response.body.items[0]?.status !== 'running',
    );
    expect(body.items).toHaveLength(1);
    expect(body.items[0].status).toBe('successful');
  });

  it('gets the status degraded or unhealthy that it reports', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    await registry.beat(id, 'degraded');
    expect((await registry.read(id)).health.status).toBe('degraded');
    await registry.beat(id, 'unhealthy');
    await registry.beat(id, 'unhealthy');
    expect((await registry.read(id)).health).toMatchObject({ status: 'unhealthy', errorCount: 1 });
    await registry.beat(id);
    expect((await registry.read(id)).health.status).toBe('healthy');
  });

  it('is unhealthy while its checks fail, even if it reports healthy', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const unreachable = { endpoint: 'http://127.0.0.1:9/health', timeout: 1_000, interval: 30_000, retries: 0 };
    await registry.register(id, { healthCheck: unreachable, heartbeat: { ttl: 60_000 } });
    await registry.api.probe(id);
    await registry.beat(id);
    expect((await registry.read(id)).health.status).toBe('unhealthy');
  });

  it('counts one failure when it reports unhealthy, which begins no recovery alone', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    await registry.beat(id, 'unhealthy');
    const written = await eventually(
      () => failuresInHistory(id),
      (rows) => rows.length > 0,
    );
    expect(written).toMatchObject([{ source: 'heartbeat', code: 'REPORTED_UNHEALTHY' }]);
    await eventually(
      () => registry.rows('SELECT seq FROM outbox'),
      (rows) => rows.length === 0,
    );
    expect((await registry.read(id)).recoveryId).toBeNull();
  });

  it('reports its load, which its resource shows', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    const load = { activeConnections: 12, queueDepth: 3, loadPercentage: 64 };
    await registry.beat(id, 'healthy', load);
    expect((await registry.read(id)).load).toMatchObject(load);
  });

  it('reports its load without a TTL, and no status: nothing would end the status', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await registry.api.probe(id);
    const before = (await registry.read(id)).health.status;
    const load = { activeConnections: 4, queueDepth: 1, loadPercentage: 20 };
    expect(await registry.beat(id, 'unhealthy', load)).toMatchObject({ ok: true, value: { expiresAt: null } });
    const after = await registry.read(id);
    expect(after.load).toMatchObject(load);
    expect(after.health.status).toBe(before);
  });
});

describe('the heartbeats of many components', () => {
  it('share rows, each acknowledged only once it is stored', async () => {
    const registry = freshRegistry();
    const ids = Array.from({ length: 200 }, (_, at) => freshId(`c${at}`));
    for (const id of ids) await registry.register(id, beatsEvery(60_000));
    const beats = ids.map((id) => ({ id, status: 'healthy' as const, load: null }));
    await registry.api.heartbeats(beats);
    const { rowsWritten, acknowledged, evicted } = await runInDurableObject(
      registry.stub,
      async (instance: ComponentRegistry, { storage }) => {
        const exec = vi.spyOn(storage.sql, 'exec');
        const results = await Promise.all(beats.map((one) => instance.heartbeats([one])));
        const written = exec.mock.results.map(({ value }) => (value as SqlStorageCursor<never>).rowsWritten);
        exec.mockRestore();
        const state = new RegistryState(new RegistryStore(storage.sql), storage);
        state.load(Date.now());
        return {
          rowsWritten: written.reduce((sum, each) => sum + each, 0),
          acknowledged: results.map(([result]) => (result?.ok ? result.value.expiresAt : null)),
          evicted: ids.map((id) => state.members.get(id)!.heartbeatDueAt),
        };
      },
    );
    expect(rowsWritten).toBeLessThan(100);
    expect(evicted).toEqual(acknowledged.map((at) => at! + GRACE_MS));
  });
});

describe.concurrent('a health source that is no longer registered', () => {
  it('no longer counts against the component: expired heartbeats', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { heartbeat: { ttl: 1_000 } });
    await eventually(
      () => registry.read(id),
      (component) => component.health.status === 'unhealthy',
      5_000,
    );
    await registry.register(id);
    await registry.api.probe(id);
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', reason: null });
  });

  it('no longer counts against the component: failed checks', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, { heartbeat: { ttl: 60_000 } });
    await registry.api.probe(id);
    expect((await registry.read(id)).health.status).toBe('unhealthy');
    await registry.register(id, beatsEvery(60_000));
    await registry.beat(id);
    expect((await registry.read(id)).health).toMatchObject({ status: 'healthy', reason: null });
  });
});

describe('a recovery that waits for proof by heartbeats', () => {
  it('is not proven while the component reports unhealthy', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beatsEvery(60_000));
    const cause = {
      occurredAt: Date.now(),
      failureId: `f-${id}`,
      failureType: 'internal_error',
      reason: 'test',
    } as const;
    const begun = await registry.api.beginRecovery(id, cause);
    if (!begun.ok) throw new Error(begun.message);
    await registry.api.beginVerification(id, begun.value.order.recoveryId, 0, 60_000);
    for (let beat = 0; beat < 3; beat++) await registry.beat(id, 'unhealthy');
    const proofs = () => registry.rows(`SELECT key FROM outbox WHERE kind = 'signal'`);
    expect(await proofs()).toEqual([]);
    for (let beat = 0; beat < 2; beat++) await registry.beat(id, 'healthy');
    expect(await proofs()).toHaveLength(1);
  });
});
