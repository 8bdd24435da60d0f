/** Leases in the registry: each is stored before it is granted, ends once, and survives an eviction. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';
import {
  acquireLease,
  leaseRequest,
  completionOf,
  listedLeases,
  inFlightOf,
  registerHealthy,
  refusalReason,
} from './leasing.ts';

/** Runs the alarm of the object, whether due or not. */
const runAlarm = async ({ stub }: FreshRegistry): Promise<void> => {
  await runInDurableObject(stub, (instance: ComponentRegistry) => instance.alarm());
};

describe('a lease', () => {
  it('uses its slots until it is completed', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 5 });
    const { lease, candidate } = await acquireLease(registry, { slots: 3 });
    expect(candidate.id).toBe(id);
    expect(lease!.id).toMatch(new RegExp(`^l-${registry.type}-[0-9a-f]{32}$`));
    expect(await inFlightOf(registry, id)).toBe(3);
    expect(await refusalReason(registry, { slots: 3 })).toBe('at-capacity');
    const completed = await registry.api.completeLease(lease!.id, completionOf());
    expect(completed).toEqual({
      ok: true,
      value: { id: lease!.id, componentId: id, outcome: 'success', inFlight: 0 },
    });
    expect(await inFlightOf(registry, id)).toBe(0);
    await acquireLease(registry, { slots: 5 });
  });

  it('counts in addition to the reported load; assignments of edges are shown and refuse nothing', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 10 });
    await registry.beat(id, 'healthy', { activeConnections: 4, queueDepth: 0, loadPercentage: null });
    const { epoch, version, changed } = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
    const [[position] = [0]] = changed;
    await registry.api.sync({ syncedTo: { epoch, version }, assignments: [[position, 3]], outcomes: [] });
    const { lease } = await acquireLease(registry, { slots: 6 });
    expect(await refusalReason(registry)).toBe('at-capacity');
    const completed = await registry.api.completeLease(lease!.id, completionOf());
    expect(completed).toMatchObject({ value: { inFlight: 7 } });
  });

  it('is completed once, and a repeated completion returns the same result, also after an eviction', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    await acquireLease(registry);
    const { lease } = await acquireLease(registry);
    const first = await registry.api.completeLease(lease!.id, completionOf('failure'));
    expect(first).toMatchObject({ ok: true, value: { outcome: 'failure', inFlight: 1 } });
    await acquireLease(registry);
    expect(await registry.api.completeLease(lease!.id, completionOf('success'))).toEqual(first);
    await registry.evict();
    expect(await registry.api.completeLease(lease!.id, completionOf('timeout'))).toEqual(first);
    expect(await inFlightOf(registry, id)).toBe(2);
    expect(await registry.api.renewLease(lease!.id, 5_000)).toMatchObject({ ok: false, reason: 'lease-ended' });
  });

  it('is unknown when it was never granted, and once its end is deleted', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry);
    const never = `l-${registry.type}-${'0'.repeat(32)}`;
    expect(await registry.api.completeLease(never, completionOf())).toMatchObject({
      ok: false,
      reason: 'unknown-lease',
    });
    expect(await registry.api.renewLease(never, 5_000)).toMatchObject({ ok: false, reason: 'unknown-lease' });
    const { lease } = await acquireLease(registry);
    await registry.api.completeLease(lease!.id, completionOf());
    await registry.api.sweep();
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ ok: true });
    await runInDurableObject(registry.stub, (_, state) => {
      state.storage.sql.exec('UPDATE leases SET ended_at = ended_at - 300000');
    });
    await registry.api.sweep();
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ reason: 'unknown-lease' });
    expect(await registry.rows('SELECT * FROM leases')).toEqual([]);
  });

  it('survives an eviction, with the slots it holds', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 4 });
    const { lease } = await acquireLease(registry, { slots: 3, ttlMs: 600_000 });
    const before = await listedLeases(registry);
    await registry.evict();
    expect(await listedLeases(registry)).toEqual(before);
    expect(await inFlightOf(registry, id)).toBe(3);
    expect(await refusalReason(registry, { slots: 2 })).toBe('at-capacity');
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ value: { inFlight: 0 } });
    await registry.evict();
    expect(await listedLeases(registry)).toEqual([]);
    await acquireLease(registry, { slots: 4 });
  });
});

describe('the expiry of a lease', () => {
  it('ends it once when the alarm runs twice', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    const { lease } = await acquireLease(registry, { slots: 2, ttlMs: 1_000 });
    expect(await refusalReason(registry)).toBe('at-capacity');
    await clockReaches(lease!.expiresAt);
    await runAlarm(registry);
    await runAlarm(registry);
    expect(await inFlightOf(registry, id)).toBe(0);
    expect(await registry.rows('SELECT ended FROM leases')).toEqual([{ ended: 'expired' }]);
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({
      ok: false,
      reason: 'lease-ended',
    });
  });

  it('ends it by an alarm that survives an eviction', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry);
    const { lease } = await acquireLease(registry, { ttlMs: 1_000 });
    await registry.evict();
    const alarm = await runInDurableObject(registry.stub, (_, state) => state.storage.getAlarm());
    expect(alarm).toBeLessThanOrEqual(lease!.expiresAt);
    await clockReaches(lease!.expiresAt);
    await runDurableObjectAlarm(registry.stub);
    expect(await registry.rows('SELECT id FROM leases WHERE ended IS NULL')).toEqual([]);
  });

  it('ends it in the sweep when the alarm was lost', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    const { lease } = await acquireLease(registry, { ttlMs: 1_000 });
    await runInDurableObject(registry.stub, (_, state) => state.storage.deleteAlarm());
    await clockReaches(lease!.expiresAt);
    await registry.api.sweep();
    expect(await inFlightOf(registry, id)).toBe(0);
  });

  it('ends it for the next request that needs its capacity, without the alarm', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquireLease(registry, { ttlMs: 1_000 });
    await runInDurableObject(registry.stub, (_, state) => state.storage.deleteAlarm());
    await clockReaches(lease!.expiresAt);
    await acquireLease(registry);
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ reason: 'lease-ended' });
  });

  it('is moved by a renewal, also over an eviction', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    const { lease } = await acquireLease(registry, { ttlMs: 1_000 });
    const renewed = await registry.api.renewLease(lease!.id, 600_000);
    expect(renewed).toMatchObject({ ok: true, value: { id: lease!.id, componentId: id, slots: 1 } });
    await clockReaches(lease!.expiresAt);
    await registry.evict();
    await runAlarm(registry);
    expect(await inFlightOf(registry, id)).toBe(1);
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ ok: true });
  });
});

describe('a component with a lease', () => {
  it('loses it when it is removed, and a successor with the same id starts with no slot in use', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquireLease(registry);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect(await listedLeases(registry)).toEqual([]);
    const completed = await registry.api.completeLease(lease!.id, completionOf());
    expect(completed).toMatchObject({ ok: false, reason: 'lease-ended' });
    await registry.evict();
    expect(await registry.api.completeLease(lease!.id, completionOf())).toEqual(completed);
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    expect(await inFlightOf(registry, id)).toBe(0);
  });

  it('keeps it when it becomes unhealthy or enters maintenance', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    const { lease } = await acquireLease(registry);
    await registry.beat(id, 'unhealthy');
    expect(await refusalReason(registry)).toBe('no-healthy-components');
    expect(await inFlightOf(registry, id)).toBe(1);
    await registry.takeOutOfService(id, 'maintenance', Date.now() + 600_000);
    expect(await registry.api.renewLease(lease!.id, 5_000)).toMatchObject({ ok: true });
    expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ value: { inFlight: 0 } });
  });
});

describe('the outcome of a lease', () => {
  it('moves the average duration of work, but not for work that failed at once', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    const workMs = async (): Promise<number | null> => {
      const delta = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
      return delta.changed.find(([, candidate]) => candidate?.id === id)?.[1]?.liveStats.ewmaMs ?? null;
    };
    for (const [outcome, latencyMs] of [
      ['success', 200] as const,
      ['failure', 1] as const,
      ['success', null] as const,
    ]) {
      const { lease } = await acquireLease(registry);
      await registry.api.completeLease(lease!.id, { outcome, latencyMs, error: null });
    }
    await clockReaches(Date.now() + 60);
    expect(await workMs()).toBe(200);
    const { lease } = await acquireLease(registry);
    await registry.api.completeLease(lease!.id, { outcome: 'timeout', latencyMs: 1_200, error: null });
    await clockReaches(Date.now() + 60);
    // At most half of the way, and less so shortly after the last report.
    expect(await workMs()).toBeGreaterThan(200);
    expect(await workMs()).toBeLessThanOrEqual(700);
  });

  it('with an error is a failure as if a caller reported it, stored with the end of the lease', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    const { lease } = await acquireLease(registry);
    const completion = {
      outcome: 'failure',
      latencyMs: null,
      error: { code: 'ECONNRESET', message: 'reset' },
    } as const;
    expect(await registry.api.completeLease(lease!.id, completion)).toMatchObject({ ok: true });
    expect((await registry.read(id)).health).toMatchObject({ suspect: true });
    await registry.api.completeLease(lease!.id, completion);
    const [row] = await registry.rows<{ recovery: string }>('SELECT recovery FROM components WHERE id = ?', id);
    expect(JSON.parse(row!.recovery).recentReports).toHaveLength(1);
  });

  it('of failed work triggers a check of the component', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    expect(await registry.api.probe(id)).toMatchObject({ value: { outcome: 'passed' } });
    const checkedAt = Date.parse((await registry.read(id)).health.lastCheck!);
    const { lease } = await acquireLease(registry);
    await clockReaches(checkedAt + 1_000);
    await registry.api.completeLease(lease!.id, completionOf('timeout'));
    const isChecking = await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const member = instance['runtime'].state.members.get(id)!;
      return member.check !== null || (member.record.health.lastCheckAt ?? 0) > checkedAt;
    });
    expect(isChecking).toBe(true);
  });
});

describe('the list of leases', () => {
  it('is paged in the order of ids, and can be limited to one component', async () => {
    const registry = freshRegistry();
    const [a, b] = [await registerHealthy(registry), await registerHealthy(registry)];
    for (let made = 0; made < 5; made++)
      for (const id of [a, b]) await acquireLease(registry, { preferences: { preferredComponent: id } });
    const all = await listedLeases(registry);
    expect(all).toHaveLength(10);
    const first = await registry.api.listLeases({ after: null, limit: 6, componentId: null });
    expect(first).toMatchObject({ more: true, waiting: { depth: 0, oldestMs: 0 } });
    const second = await registry.api.listLeases({ after: first.items.at(-1)!.id, limit: 6, componentId: null });
    expect(second.more).toBe(false);
    expect([...first.items, ...second.items]).toEqual(all);
    const leasesOfA = await registry.api.listLeases({ after: null, limit: 100, componentId: a });
    expect(leasesOfA.items.map(({ componentId }) => componentId)).toEqual(Array.from({ length: 5 }, () => a));
    expect(await registry.api.listLeases({ after: null, limit: 0, componentId: null })).toMatchObject({
      items: [],
      more: true,
    });
  });
});

it('a dry run uses no slot', async () => {
  const registry = freshRegistry();
  const id = await registerHealthy(registry, { maxConcurrentTasks: 1 });
  const simulated = await registry.api.acquire(leaseRequest({ dryRun: { policy: 'score' }, explain: true }));
  expect(simulated).toMatchObject({ ok: true, lease: null, policy: 'score', candidate: { id } });
  expect(await listedLeases(registry)).toEqual([]);
  expect(await refusalReason(registry, { assumedDown: [id], dryRun: { policy: null } })).toBe('no-healthy-components');
});
