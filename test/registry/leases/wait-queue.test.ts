/** Who finds no room waits in line: nobody who came later gets what an earlier one could use. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { Acquisition } from '../../../src/registry/contract/lease-api.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';
import type { Wish } from './leasing.ts';
import { acquired, asked, done, inFlightOf, ready, refused } from './leasing.ts';

const depth = async ({ api }: FreshRegistry): Promise<number> =>
  (await api.listLeases({ after: null, limit: 0, componentId: null })).waiting.depth;

/** Asks, and is back once it stands in line; `answer` is null until it has one. */
async function waits(
  registry: FreshRegistry,
  wish: Wish = {},
): Promise<{ answer: Acquisition | null; served: Promise<Acquisition> }> {
  const before = await depth(registry);
  const served = registry.api.acquire(asked({ waitMs: 20_000, ...wish }));
  const waiting = { answer: null as Acquisition | null, served };
  void served.then((answer) => (waiting.answer = answer));
  await eventually(
    () => depth(registry),
    (now) => now === before + 1,
  );
  return waiting;
}

const complete = async (registry: FreshRegistry, lease: { readonly id: string } | null): Promise<void> => {
  expect(await registry.api.completeLease(lease!.id, done())).toMatchObject({ ok: true });
};

/** Lets whatever was served by now reach its caller. */
const settled = async (registry: FreshRegistry): Promise<void> => {
  await depth(registry);
  await depth(registry);
};

describe('the line', () => {
  it('is served as leases end, the first first', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquired(registry);
    const first = await waits(registry);
    const second = await waits(registry);
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
    const id = await ready(registry, { maxConcurrentTasks: 3 });
    const leases = [await acquired(registry), await acquired(registry), await acquired(registry)];
    const large = await waits(registry, { slots: 3 });
    const small = await waits(registry);
    for (const { lease } of leases.slice(0, 2)) {
      await complete(registry, lease);
      expect(await refused(registry)).toBe('at-capacity');
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
    const small = await ready(registry, { maxConcurrentTasks: 2 });
    const large = await ready(registry, { maxConcurrentTasks: 5 });
    const { lease } = await acquired(registry, { slots: 5 });
    const insists = { preferences: { preferredComponent: large, strict: true } };
    const [waiting, insisting] = [await waits(registry, { slots: 4 }), await waits(registry, insists)];
    for (let taken = 0; taken < 2; taken++) expect((await acquired(registry)).candidate.id).toBe(small);
    await complete(registry, lease);
    expect(await waiting.served).toMatchObject({ ok: true, candidate: { id: large } });
    expect(await insisting.served).toMatchObject({ ok: true, candidate: { id: large } });
  });

  it('gives up after the time that its caller would wait, and then holds nothing for them', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 2 });
    const { lease } = await acquired(registry);
    const large = await waits(registry, { slots: 2, waitMs: 1_000 });
    const small = await waits(registry);
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
    await ready(registry, { maxConcurrentTasks: 2 });
    await acquired(registry);
    expect(await refused(registry, { slots: 2, waitMs: 300 })).toBe('at-capacity');
    expect(await refused(registry)).toBeNull();
  });

  it('is joined by nobody who could never be served, and by no rehearsal', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 2 });
    expect(await refused(registry, { slots: 3, waitMs: 20_000 })).toBe('at-capacity');
    await acquired(registry, { slots: 2 });
    expect(await refused(registry, { waitMs: 20_000, rehearsal: { policy: null } })).toBe('at-capacity');
    const elsewhere = { location: 'nowhere', strict: true };
    expect(await refused(registry, { waitMs: 20_000, preferences: elsewhere })).toBe('preferences-unmet');
    await registry.beat(id, 'unhealthy');
    expect(await refused(registry, { waitMs: 20_000 })).toBe('no-healthy-components');
    expect(await depth(registry)).toBe(0);
  });

  it('is served by a lease that expires, a load that falls, a component that comes', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 1 });
    await acquired(registry, { ttlMs: 1_000 });
    const first = await waits(registry);
    await runInDurableObject(registry.stub, (_, state) => state.storage.deleteAlarm());
    const served = await first.served;
    if (!served.ok) throw new Error(served.reason);
    await registry.beat(id, 'healthy', { activeConnections: 1, queueDepth: 0, loadPercentage: null });
    await complete(registry, served.lease);
    const second = await waits(registry);
    await registry.beat(id, 'healthy', { activeConnections: 0, queueDepth: 0, loadPercentage: null });
    expect(await second.served).toMatchObject({ ok: true });
    const third = await waits(registry);
    const other = await ready(registry, { maxConcurrentTasks: 1 });
    expect(await third.served).toMatchObject({ ok: true, candidate: { id: other } });
  });

  it('says how many wait and for how long', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 1 });
    const { lease } = await acquired(registry);
    const first = await waits(registry);
    const second = await waits(registry, { waitMs: 1_000 });
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
    const rooms = new Map<string, number>();
    for (let made = 0; made < 10; made++) {
      const room = 1 + (made % 3);
      rooms.set(await ready(registry, { maxConcurrentTasks: room }), room);
    }
    const taken = new Map<string, number>();
    let most = 0;
    const caller = async (at: number): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const slots = (at + round) % 7 === 0 ? 2 : 1;
        const { candidate, lease } = await acquired(registry, { slots, waitMs: 20_000, affinityKey: `k-${at % 5}` });
        const now = (taken.get(candidate.id) ?? 0) + slots;
        taken.set(candidate.id, now);
        most = Math.max(most, now - rooms.get(candidate.id)!);
        if (round % 2 === 0) await registry.api.renewLease(lease!.id, 60_000);
        else await registry.api.loads();
        // Before the call: from then on somebody else may have it.
        taken.set(candidate.id, taken.get(candidate.id)! - slots);
        await complete(registry, lease);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, at) => caller(at)));
    expect(most).toBe(0);
    for (const id of rooms.keys()) expect(await inFlightOf(registry, id)).toBe(0);
    expect(await registry.rows('SELECT id FROM leases WHERE ended IS NULL')).toEqual([]);
    expect(await registry.rows('SELECT COUNT(*) AS n FROM leases')).toEqual([{ n: 300 }]);
  });

  it('go on after an eviction with exactly what was acknowledged', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 20 });
    const leases = await Promise.all(Array.from({ length: 20 }, () => acquired(registry)));
    await Promise.all(leases.slice(0, 7).map(({ lease }) => complete(registry, lease)));
    await registry.evict();
    expect(await inFlightOf(registry, id)).toBe(13);
    const key = freshId();
    expect(await refused(registry, { slots: 8, affinityKey: key })).toBe('at-capacity');
    await acquired(registry, { slots: 7, affinityKey: key });
  });
});
