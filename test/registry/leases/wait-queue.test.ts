/** Who finds no room waits in line: nobody who came later gets what an earlier one could use. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { Acquisition } from '../../../src/registry/contract/lease-api.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';
import type { LeaseRequest } from './leasing.ts';
import { acquireLease, leaseRequest, completion, inFlightOf, registerHealthy, refusalReason } from './leasing.ts';

const depth = async ({ api }: FreshRegistry): Promise<number> =>
  (await api.listLeases({ after: null, limit: 0, componentId: null })).waiting.depth;

/** Asks, and is back once it stands in line; `answer` is null until it has one. */
async function enqueue(
  registry: FreshRegistry,
  overrides: LeaseRequest = {},
): Promise<{ answer: Acquisition | null; served: Promise<Acquisition> }> {
  const before = await depth(registry);
  const served = registry.api.acquire(leaseRequest({ waitMs: 20_000, ...overrides }));
  const waiting = { answer: null as Acquisition | null, served };
  void served.then((answer) => (waiting.answer = answer));
  await eventually(
    () => depth(registry),
    (now) => now === before + 1,
  );
  return waiting;
}

const complete = async (registry: FreshRegistry, lease: { readonly id: string } | null): Promise<void> => {
  expect(await registry.api.completeLease(lease!.id, completion())).toMatchObject({ ok: true });
};

/** Lets whatever was served by now reach its caller. */
const settled = async (registry: FreshRegistry): Promise<void> => {
  await depth(registry);
  await depth(registry);
};

describe('the line', () => {
  it('is served as leases end, the first first', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquireLease(registry);
    const first = await enqueue(registry);
    const second = await enqueue(registry);
    await complete(registry, lease);
    const served = await first.served;
    await settled(registry);
    expect(second.answer).toBeNull();
    if (!served.ok) throw new Error(served.reason);
    await complete(registry, served.lease);
    expect(await second.served).toMatchObject({ ok: true });
    expect(await depth(registry)).toBe(0);
  });

  it('lets no small request overtake a large one that waits for the same room', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 3 });
    const leases = [await acquireLease(registry), await acquireLease(registry), await acquireLease(registry)];
    const large = await enqueue(registry, { slots: 3 });
    const small = await enqueue(registry);
    for (const { lease } of leases.slice(0, 2)) {
      await complete(registry, lease);
      expect(await refusalReason(registry)).toBe('at-capacity');
      await settled(registry);
      expect([large.answer, small.answer]).toEqual([null, null]);
    }
    expect(await inFlightOf(registry, id)).toBe(1);
    await complete(registry, leases[2]!.lease);
    const served = await large.served;
    await settled(registry);
    expect(small.answer).toBeNull();
    if (!served.ok) throw new Error(served.reason);
    await complete(registry, served.lease);
    expect(await small.served).toMatchObject({ ok: true });
  });

  it('holds no room that is of no use to those in it', async () => {
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

  it('gives up after the time that its caller would wait, and then holds nothing for them', async () => {
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

  it('gives back the room that was held for the last who waits, for those who come then', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 2 });
    await acquireLease(registry);
    expect(await refusalReason(registry, { slots: 2, waitMs: 300 })).toBe('at-capacity');
    expect(await refusalReason(registry)).toBeNull();
  });

  it('is joined by nobody who could never be served, and by no rehearsal', async () => {
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

  it('is served by a lease that expires, a load that falls, a component that comes', async () => {
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

  it('says how many wait and for how long', async () => {
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
    expect(after.lately).toMatchObject({ granted: 1, timedOut: 1, atCapacity: 0, overQuota: 0 });
    expect(after.lately.waitMs.p50).toBeGreaterThanOrEqual(100);
  });
});

describe('fifty callers at once over ten components', () => {
  it('never take more than there is, and all are served', async () => {
    const registry = freshRegistry();
    const capacities = new Map<string, number>();
    for (let made = 0; made < 10; made++) {
      const capacity = 1 + (made % 3);
      capacities.set(await registerHealthy(registry, { maxConcurrentTasks: capacity }), capacity);
    }
    const inUse = new Map<string, number>();
    let most = 0;
    const caller = async (at: number): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const slots = (at + round) % 7 === 0 ? 2 : 1;
        const { candidate, lease } = await acquireLease(registry, { slots, waitMs: 20_000, affinityKey: `k-${at % 5}` });
        const now = (inUse.get(candidate.id) ?? 0) + slots;
        inUse.set(candidate.id, now);
        most = Math.max(most, now - capacities.get(candidate.id)!);
        if (round % 2 === 0) await registry.api.renewLease(lease!.id, 60_000);
        else await registry.api.loads();
        // Before the call: from then on somebody else may have it.
        inUse.set(candidate.id, inUse.get(candidate.id)! - slots);
        await complete(registry, lease);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, at) => caller(at)));
    expect(most).toBe(0);
    for (const id of capacities.keys()) expect(await inFlightOf(registry, id)).toBe(0);
    expect(await registry.rows('SELECT id FROM leases WHERE ended IS NULL')).toEqual([]);
    expect(await registry.rows('SELECT COUNT(*) AS n FROM leases')).toEqual([{ n: 300 }]);
  });

  it('go on after an eviction with exactly what was acknowledged', async () => {
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
