import { describe, expect, it } from 'vitest';
import { freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const silent = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const ERROR = { code: 'ECONNREFUSED', message: 'refused' };

const configure = ({ api }: FreshRegistry, id: string, revision: number, overrides: object) =>
  api.configureComponents([{ id, revision, overrides }]);

async function pair(registry: FreshRegistry, overrides = {}): Promise<[own: string, sibling: string]> {
  const ids: [string, string] = [freshId(), freshId()];
  for (const id of ids) await registry.register(id, overrides);
  return ids;
}

async function conditionsOf({ api }: FreshRegistry, id: string) {
  const found = await api.recoveryConditions(id);
  if (!found.ok) throw new Error(found.message);
  return found.value;
}

describe('the configuration of one component', () => {
  it('can begin its recovery at the first failure, while its sibling has three', async () => {
    const registry = freshRegistry();
    const [own, sibling] = await pair(registry, silent);
    await configure(registry, own, 1, { failureThreshold: 1 });
    const failed = await registry.api.reportFailure(own, ERROR, null);
    expect(failed).toMatchObject({ ok: true, value: { threshold: 1, recoveryId: expect.any(String) } });
    const other = await registry.api.reportFailure(sibling, ERROR, null);
    expect(other).toMatchObject({ ok: true, value: { threshold: 3, recoveryId: null } });
  });

  it('changes its detection time at once, in the resource and in the health report', async () => {
    const registry = freshRegistry();
    const [own, sibling] = await pair(registry);
    const { revision } = await registry.read(own);
    await configure(registry, own, 1, { maxDetectionMs: 60_000, healthCheckInterval: 20_000 });
    for (let time = 0; time < 2; time++) {
      expect((await registry.read(own)).detection.intervalMs).toBe(30_000);
      expect((await registry.read(sibling)).detection.intervalMs).toBe(4_000);
      const report = await registry.api.healthReport(own);
      expect(report).toMatchObject({ value: { detection: { intervalMs: 30_000 } } });
      await registry.evict();
    }
    expect((await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] })).revision).toBeGreaterThan(
      revision,
    );
    await configure(registry, own, 2, {});
    expect((await registry.read(own)).detection.intervalMs).toBe(4_000);
  });

  it('decides the policy, the deadline and the freeze of its recovery', async () => {
    const registry = freshRegistry();
    const [own, sibling] = await pair(registry, silent);
    const recovery = { connection_failure: { actions: [{ action: 'alert' as const }], cooldownMs: 7 } };
    await configure(registry, own, 1, {
      recovery,
      recoveryFrozen: true,
      autoScalingEnabled: true,
      failureThreshold: 1,
      recoveryTimeout: 90_000,
    });
    const ownConditions = await conditionsOf(registry, own);
    expect(ownConditions.policies.connection_failure).toMatchObject({ actions: [{ action: 'alert' }], cooldownMs: 7 });
    expect(ownConditions).toMatchObject({
      holds: { disruptive: 'frozen', other: 'frozen' },
      facts: { autoScalingEnabled: true },
    });
    const siblingConditions = await conditionsOf(registry, sibling);
    expect(siblingConditions.policies.connection_failure.actions.map(({ action }) => action)).toEqual([
      'switchover',
      'restart',
      'restart',
    ]);
    expect(siblingConditions).toMatchObject({
      holds: { disruptive: null },
      facts: { autoScalingEnabled: false },
      threshold: { failureThreshold: 3 },
    });
    const failed = await registry.api.reportFailure(own, ERROR, null);
    if (!failed.ok) throw new Error(failed.message);
    const { recoveryId } = failed.value;
    const [{ recovery: stored }] = (await registry.rows<{ recovery: string }>(
      'SELECT recovery FROM components WHERE id = ?',
      own,
    )) as [{ recovery: string }];
    const { order } = JSON.parse(stored).active;
    expect(order).toMatchObject({ recoveryId });
    expect(order.deadline - order.startedAt).toBe(90_000);
    expect(await registry.api.recoveryFacts(own, recoveryId!)).toMatchObject({ value: { policy: { cooldownMs: 7 } } });
  });

  it('decides how many failures eject it', async () => {
    const registry = freshRegistry();
    const [own, sibling] = await pair(registry, silent);
    for (const id of [own, sibling]) await registry.beat(id);
    await configure(registry, own, 1, { ejectionFailures: 1, ejectionMs: 200_000 });
    const outcomes = { ended: 1, failed: 1, latencyMs: 0, timed: 0 };
    for (const id of [sibling, own])
      await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [[id, outcomes]] });
    const { ejectedUntil } = (await registry.read(own)).health;
    expect(Date.parse(ejectedUntil!) - Date.now()).toBeGreaterThan(150_000);
    expect((await registry.read(sibling)).health.ejectedUntil).toBeNull();
  });

  it('decides how many healthy reports recover it', async () => {
    const registry = freshRegistry();
    const [own, sibling] = await pair(registry, silent);
    await configure(registry, own, 1, { healthyThreshold: 1, flapHoldMs: 0 });
    const statuses = async (status: 'healthy' | 'unhealthy') => {
      for (const id of [own, sibling]) await registry.beat(id, status);
      return [(await registry.read(own)).health.status, (await registry.read(sibling)).health.status];
    };
    await statuses('healthy');
    expect(await statuses('unhealthy')).toEqual(['unhealthy', 'unhealthy']);
    await configure(registry, own, 2, { unhealthyThreshold: 9 });
    expect(await statuses('healthy')).toContain('healthy');
  });

  it('overrides that of its type, also when the latter changes later', async () => {
    const registry = freshRegistry();
    const [own, sibling] = await pair(registry, silent);
    await configure(registry, own, 5, { failureThreshold: 2 });
    await registry.api.configureType({ revision: 6, overrides: { failureThreshold: 9, failureWindow: 5_000 } });
    expect((await conditionsOf(registry, own)).threshold).toEqual({ failureThreshold: 2, failureWindow: 5_000 });
    expect((await conditionsOf(registry, sibling)).threshold).toEqual({ failureThreshold: 9, failureWindow: 5_000 });
  });

  it('is not reset by an older revision that arrives twice or late', async () => {
    const registry = freshRegistry();
    const [own] = await pair(registry, silent);
    await configure(registry, own, 5, { failureThreshold: 2 });
    for (const revision of [4, 5]) await configure(registry, own, revision, { failureThreshold: 8 });
    await registry.evict();
    await configure(registry, own, 4, { failureThreshold: 8 });
    expect((await conditionsOf(registry, own)).threshold.failureThreshold).toBe(2);
  });

  it('applies to a later registration, and is kept for a while after a removal', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await configure(registry, id, 1, { failureThreshold: 2 });
    await registry.register(id, silent);
    expect((await conditionsOf(registry, id)).threshold.failureThreshold).toBe(2);
    const gone = () => registry.rows<{ gone_at: number | null }>('SELECT gone_at FROM component_config');
    expect(await gone()).toEqual([{ gone_at: null }]);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null, only: null, actor: null });
    expect(await gone()).toEqual([{ gone_at: expect.any(Number) }]);
    await registry.evict();
    await registry.register(id, silent);
    expect((await conditionsOf(registry, id)).threshold.failureThreshold).toBe(2);
    expect(await gone()).toEqual([{ gone_at: null }]);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null, only: null, actor: null });
    await registry.rows('UPDATE component_config SET gone_at = 1');
    await registry.api.sweep();
    expect(await gone()).toEqual([]);
    await registry.register(id, silent);
    expect((await conditionsOf(registry, id)).threshold.failureThreshold).toBe(3);
  });
});
