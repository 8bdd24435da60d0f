import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import type { RecoveryCause } from '../../../src/core/failure/failure-manager-api.ts';
import { eventsOf } from '../../recovery/failing-component.ts';
import { eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

/** A failure in the near future, later than the end of any earlier recovery. */
const cause = (): RecoveryCause => ({
  occurredAt: Date.now() + 1_000,
  failureId: `f-${freshId()}`,
  failureType: 'health_check_failure',
  reason: 'HTTP_503: answered HTTP 503',
});

/** The stored and visible state of a registry, without values that only time changes. */
async function everything(registry: FreshRegistry) {
  return {
    components: (await registry.api.components({ after: null, limit: 100, metadata: {} })).items,
    rows: await registry.rows('SELECT * FROM components ORDER BY id'),
    scalars: await registry.rows('SELECT * FROM scalars ORDER BY name'),
  };
}

describe('an eviction of the registry', () => {
  it('loses no registration, no health, no lifecycle and no recovery', async () => {
    const registry = freshRegistry();
    const [healthy, degraded, standby, draining, recovering, failed] = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      freshId(name),
    );
    await registry.register(healthy!, {
      ...beats,
      metadata: { version: '2.1.0', nested: { deep: [1, null, 'x'] } },
      weight: 3,
    });
    await registry.register(degraded!, { ...beats, control: { endpoint: '/control', actions: ['restart'] } });
    await registry.register(standby!, { ...beats, role: 'standby' });
    await registry.register(draining!, beats);
    await registry.register(recovering!, beats);
    await registry.register(failed!, beats);
    for (const id of [healthy, standby, draining]) await registry.beat(id!);
    await registry.beat(degraded!, 'degraded');
    await registry.api.remove(draining!, { drainMs: 600_000, ifGeneration: null });
    const begun = await registry.api.beginRecovery(recovering!, cause());
    if (!begun.ok) throw new Error(begun.message);
    const { recoveryId } = begun.value.order;
    await registry.api.permitAction(recovering!, recoveryId, true);
    await registry.api.beginVerification(recovering!, recoveryId, 2, 600_000);
    const other = await registry.api.beginRecovery(failed!, cause());
    if (!other.ok) throw new Error(other.message);
    await registry.api.endRecovery(failed!, other.value.order.recoveryId, 'failed');

    const before = await everything(registry);
    await registry.evict();
    expect(await everything(registry)).toEqual(before);

    expect(await registry.api.beginRecovery(recovering!, cause())).toEqual({
      ok: true,
      value: { order: begun.value.order, started: false },
    });
    expect(await registry.api.permitAction(recovering!, recoveryId, true)).toBe('permitted');
    expect(await registry.api.beginRecovery(failed!, cause())).toMatchObject({ reason: 'cooling-down' });
  });

  it('keeps the results of checks: status, since, reason, failures', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      (component) => component.health.errorCount === 1,
    );
    const before = (await registry.read(id)).health;
    await registry.evict();
    const after = (await registry.read(id)).health;
    expect(after).toMatchObject({ status: 'unhealthy', since: before.since, reason: before.reason });
    expect(after.errorCount).toBeGreaterThanOrEqual(before.errorCount);
  });

  it('keeps the outbox and delivers it afterwards', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const publish = vi.spyOn(SystemCoordinator.prototype, 'publish').mockImplementation(async () => {
      throw new Error('the coordinator is unavailable');
    });
    const pending = () =>
      registry.rows<{ key: string; payload: string }>('SELECT key, payload FROM outbox ORDER BY seq');
    try {
      await registry.register(id, beats);
      await registry.beat(id);
      const before = await pending();
      expect(before.length).toBeGreaterThanOrEqual(2);
      await registry.evict();
      expect(await pending()).toEqual(before);
    } finally {
      publish.mockRestore();
    }
    await registry.api.sweep();
    expect(await eventually(pending, (rows) => rows.length === 0)).toEqual([]);
  });

  it('does not bring back a removed component', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await registry.evict();
    expect(await registry.api.component(id)).toMatchObject({ ok: false, reason: 'unknown-component' });
  });
});

describe('stored health', () => {
  it('of an older version is readable, with initial values for missing properties', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.beat(id);
    await runInDurableObject(registry.stub, (_, state) => {
      state.storage.sql.exec(
        `UPDATE components SET health =
           json_remove(health, '$.flap', '$.ejection', '$.lastTransition', '$.responseTimesMs') WHERE id = ?`,
        id,
      );
    });
    await registry.evict();
    const before = await registry.read(id);
    expect(before.health).toMatchObject({
      status: 'healthy',
      lastTransition: null,
      heldUntil: null,
      ejectedUntil: null,
    });
    await registry.beat(id, 'unhealthy');
    const { lastTransition } = (await registry.read(id)).health;
    expect(lastTransition).toMatchObject({ from: 'healthy', to: 'unhealthy', sample: { code: 'REPORTED_UNHEALTHY' } });
    await registry.evict();
    expect((await registry.read(id)).health.lastTransition).toEqual(lastTransition);
  });

  it('contains the flap count and the end of the hold', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    for (let fall = 0; fall < 3; fall++) {
      await registry.beat(id);
      await registry.beat(id, 'unhealthy');
    }
    await registry.beat(id);
    const { health } = await registry.read(id);
    expect(health).toMatchObject({
      status: 'unhealthy',
      reason: `flapping: down 3 times recently, held until ${health.heldUntil}`,
    });
    const [flapping] = await eventually(
      () => eventsOf(id, 'component.flapping'),
      (events) => events.length > 0,
    );
    expect(flapping!.data).toMatchObject({ falls: 3 });
    await registry.evict();
    await registry.beat(id);
    expect((await registry.read(id)).health).toMatchObject({ status: 'unhealthy', heldUntil: health.heldUntil });
  });
});

describe('a row that cannot be read', () => {
  it.each(['registration', 'health', 'lifecycle', 'recovery'])(
    'does not affect other components: %s',
    async (column) => {
      const registry = freshRegistry();
      const [poisoned, neighbour] = [freshId('poisoned'), freshId('neighbour')];
      await registry.register(poisoned, beats);
      await registry.register(neighbour);
      await eventually(
        () => registry.read(neighbour),
        (component) => component.health.status === 'healthy',
      );
      await runInDurableObject(registry.stub, (_, state) => {
        state.storage.sql.exec(`UPDATE components SET ${column} = '{"broken' WHERE id = ?`, poisoned);
      });
      await registry.evict();
      expect((await registry.read(neighbour)).health.status).toBe('healthy');
      expect(await registry.api.probe(neighbour)).toMatchObject({ value: { outcome: 'passed' } });
      expect(await registry.api.component(poisoned)).toMatchObject({ ok: false });

      expect((await registry.register(poisoned, beats)).id).toBe(poisoned);
      await registry.evict();
      expect((await registry.read(poisoned)).id).toBe(poisoned);
    },
  );
});

describe('the revision of a type', () => {
  it('increases with every visible change, with no other change, and never decreases', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const revision = async (): Promise<number> =>
      (await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] })).revision;
    const seen = [await revision()];
    const changes: (() => Promise<unknown>)[] = [
      () => registry.register(id, beats),
      () => registry.beat(id),
      () => registry.register(id, { ...beats, weight: 2 }),
      () => registry.takeOutOfService(id, 'maintenance', Date.now() + 600_000),
      () => registry.evict().then(() => registry.beat(id, 'degraded')),
      () => registry.api.remove(id, { drainMs: 0, ifGeneration: null }),
      () => registry.evict().then(() => registry.register(id, beats)),
    ];
    for (const change of changes) {
      await change();
      seen.push(await revision());
    }
    for (const [at, value] of seen.slice(1).entries()) expect(value).toBeGreaterThan(seen[at]!);

    const settled = await revision();
    await registry.beat(id, 'healthy');
    const afterHealth = await revision();
    expect(afterHealth).toBeGreaterThan(settled);
    const load = { activeConnections: 5, queueDepth: 1, loadPercentage: 50 };
    await registry.beat(id, 'healthy', load);
    await registry.register(id, beats);
    await registry.evict();
    expect(await revision()).toBe(afterHealth);
  });
});
