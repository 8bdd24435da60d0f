/** Requests wait in one FIFO queue. No later request gets capacity that an earlier one can use. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { Acquisition } from '../../../src/registry/contract/lease-api.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';
import type { LeaseRequest } from './leasing.ts';
import { acquireLease, leaseRequest, completionOf, inFlightOf, registerHealthy, refusalReason } from './leasing.ts';

const depth = async ({ api }: FreshRegistry): Promise<number> =>
  (await api.listLeases({ after: null, limit: 0, componentId: null })).waiting.depth;

/** Sends a request and returns once it is in the queue; `result` is null until the request is served. */
async function enqueue(
  registry: FreshRegistry,
  overrides: LeaseRequest = {},
): Promise<{ result: Acquisition | null; served: Promise<Acquisition> }> {
  const before = await depth(registry);
  const served = registry.api.acquire(leaseRequest({ waitMs: 20_000, ...overrides }));
  const waiting = { result: null as Acquisition | null, served };
  void served.then((result) => (waiting.result = result));
  await eventually(
    () => depth(registry),
    (now) => now === before + 1,
  );
  return waiting;
}

const complete = async (registry: FreshRegistry, lease: { readonly id: string } | null): Promise<void> => {
  expect(await registry.api.completeLease(lease!.id, completionOf())).toMatchObject({ ok: true });
};

/** Lets results that are ready reach their callers. */
const settled = async (registry: FreshRegistry): Promise<void> => {
  await depth(registry);
  await depth(registry);
};

describe('the wait queue', () => {
  it('is served in FIFO order as leases end', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquireLease(registry);
    const first = await enqueue(registry);
    const second = await enqueue(registry);
    await complete(registry, lease);
    const served = await first.served;
    await settled(registry);
    expect(second.result).toBeNull();
    if (!served.ok) throw new Error(served.reason);
    await complete(registry, served.lease);
    expect(await second.served).toMatchObject({ ok: true });
    expect(await depth(registry)).toBe(0);
  });

  it('lets no small request overtake a large one that waits for the same capacity', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 3 });
    const leases = [await acquireLease(registry), await acquireLease(registry), await acquireLease(registry)];
    const large = await enqueue(registry, { slots: 3 });
    const small = await enqueue(registry);
    for (const { lease } of leases.slice(0, 2)) {
      await complete(registry, lease);
      expect(await refusalReason(registry)).toBe('at-capacity');
      await settled(registry);
      expect([large.result, small.result]).toEqual([null, null]);
    }
    expect(await inFlightOf(registry, id)).toBe(1);
    await complete(registry, leases[2]!.lease);
    const served = await large.served;
    await settled(registry);
    expect(small.result).toBeNull();
    if (!served.ok) throw new Error(served.reason);
    await complete(registry, served.lease);
    expect(await small.served).toMatchObject({ ok: true });
  });

  it('reserves no capacity that its requests cannot use', async () => {
    const registry = freshRegistry();
    const small = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    const large = await registerHealthy(registry, { maxConcurrentTasks: 5 });
    const { lease } = await acquireLease(registry, { slots: 5 });
    const strict = { preferences: { preferredComponent: large, strict: true } };
    const [waiting, waitingStrict] = [await enqueue(registry, { slots: 4 }), await enqueue(registry, strict)];
    for (let inUse = 0; inUse < 2; inUse++) expect((await acquireLease(registry)).candidate.id).toBe(small);
    await complete(registry, lease);
    expect(await waiting.served).toMatchObject({ ok: true, candidate: { id: large } });
    expect(await waitingStrict.served).toMatchObject({ ok: true, candidate: { id: large } });
  });

  it('waits for a component that meets the preferences, and reserves no other', async () => {
    const registry = freshRegistry();
    const able = await registerHealthy(registry, { maxConcurrentTasks: 1, supportedTaskTypes: ['x'] });
    const other = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    const preferences = { capabilities: ['x'] };
    const { lease } = await acquireLease(registry, { preferences });
    const waiting = await enqueue(registry, { preferences });
    for (let inUse = 0; inUse < 2; inUse++) expect((await acquireLease(registry)).candidate.id).toBe(other);
    expect(await refusalReason(registry, { preferences })).toBe('at-capacity');
    await complete(registry, lease);
    expect(await waiting.served).toMatchObject({ ok: true, candidate: { id: able }, relaxed: [] });
  });

  it('refuses a request after its wait time, and then reserves nothing for it', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    const { lease } = await acquireLease(registry);
    const large = await enqueue(registry, { slots: 2, waitMs: 1_000 });
    const small = await enqueue(registry);
    expect(await large.served).toMatchObject({
      ok: false,
      reason: 'at-capacity',
      retryAfterMs: expect.toSatisfy((ms: number) => ms === 1_000 || ms === 2_000),
      explanation: { candidates: [{ id, verdict: 'filtered', rule: 'capacity' }] },
    });
    expect(await small.served).toMatchObject({ ok: true });
    await complete(registry, lease);
  });

  it('releases the capacity reserved for its last request when that gives up', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 2 });
    await acquireLease(registry);
    expect(await refusalReason(registry, { slots: 2, waitMs: 300 })).toBe('at-capacity');
    expect(await refusalReason(registry)).toBeNull();
  });

  it('accepts no request that could never be served, and no dry run', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 2 });
    expect(await refusalReason(registry, { slots: 3, waitMs: 20_000 })).toBe('at-capacity');
    await acquireLease(registry, { slots: 2 });
    expect(await refusalReason(registry, { waitMs: 20_000, dryRun: { policy: null } })).toBe('at-capacity');
    const elsewhere = { location: 'nowhere', strict: true };
    expect(await refusalReason(registry, { waitMs: 20_000, preferences: elsewhere })).toBe('preferences-unmet');
    await registry.beat(id, 'unhealthy');
    expect(await refusalReason(registry, { waitMs: 20_000 })).toBe('no-healthy-components');
    expect(await depth(registry)).toBe(0);
  });

  it('is served when a lease expires, a load falls, or a component registers', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 1 });
    await acquireLease(registry, { ttlMs: 1_000 });
    const first = await enqueue(registry);
    await runInDurableObject(registry.stub, (_, state) => state.storage.deleteAlarm());
    const served = await first.served;
    if (!served.ok) throw new Error(served.reason);
    await registry.beat(id, 'healthy', { activeConnections: 1, queueDepth: 0, loadPercentage: null });
    await complete(registry, served.lease);
    const second = await enqueue(registry);
    await registry.beat(id, 'healthy', { activeConnections: 0, queueDepth: 0, loadPercentage: null });
    expect(await second.served).toMatchObject({ ok: true });
    const third = await enqueue(registry);
    const other = await registerHealthy(registry, { maxConcurrentTasks: 1 });
    expect(await third.served).toMatchObject({ ok: true, candidate: { id: other } });
  });

  it('reports its depth and the longest wait', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquireLease(registry);
    const first = await enqueue(registry);
    const second = await enqueue(registry, { waitMs: 1_000 });
    await eventually(
      () => registry.api.listLeases({ after: null, limit: 0, componentId: null }),
      ({ waiting }) => waiting.oldestMs >= 100,
    );
    expect(await second.served).toMatchObject({ ok: false });
    await complete(registry, lease);
    expect(await first.served).toMatchObject({ ok: true });
    const after = await registry.api.listLeases({ after: null, limit: 0, componentId: null });
    expect(after.waiting).toEqual({ depth: 0, oldestMs: 0, byQuota: 0 });
    expect(after.recent).toMatchObject({ granted: 1, timedOut: 1, atCapacity: 0, overQuota: 0 });
    expect(after.recent.waitMs.p50).toBeGreaterThanOrEqual(100);
  });
});

describe('fifty callers at once over ten components', () => {
  it('never exceed the capacity, and are all served', async () => {
    const registry = freshRegistry();
    const capacities = new Map<string, number>();
    for (let made = 0; made < 10; made++) {
      const capacity = 1 + (made % 3);
      capacities.set(await registerHealthy(registry, { maxConcurrentTasks: capacity }), capacity);
    }
    const inUse = new Map<string, number>();
    let maxExcess = 0;
    const caller = async (at: number): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const slots = (at + round) % 7 === 0 ? 2 : 1;
        const { candidate, lease } = await acquireLease(registry, {
          slots,
          waitMs: 20_000,
          affinityKey: `k-${at % 5}`,
        });
        const now = (inUse.get(candidate.id) ?? 0) + slots;
        inUse.set(candidate.id, now);
        maxExcess = Math.max(maxExcess, now - capacities.get(candidate.id)!);
        if (round % 2 === 0) await registry.api.renewLease(lease!.id, 60_000);
        else await registry.api.loads();
        // Counted before the call, because another caller may get the slot from then on.
        inUse.set(candidate.id, inUse.get(candidate.id)! - slots);
        await complete(registry, lease);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, at) => caller(at)));
    expect(maxExcess).toBe(0);
    for (const id of capacities.keys()) expect(await inFlightOf(registry, id)).toBe(0);
    expect(await registry.rows('SELECT id FROM leases WHERE ended IS NULL')).toEqual([]);
    expect(await registry.rows('SELECT COUNT(*) AS n FROM leases')).toEqual([{ n: 300 }]);
  });

  it('continue after an eviction with exactly the acknowledged leases', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 20 });
    const leases = await Promise.all(Array.from({ length: 20 }, () => acquireLease(registry)));
    await Promise.all(leases.slice(0, 7).map(({ lease }) => complete(registry, lease)));
    await registry.evict();
    expect(await inFlightOf(registry, id)).toBe(13);
    const key = freshId();
    expect(await refusalReason(registry, { slots: 8, affinityKey: key })).toBe('at-capacity');
    await acquireLease(registry, { slots: 7, affinityKey: key });
  });
});
