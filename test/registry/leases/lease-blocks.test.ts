/** Blocks of leases: isolates lease from them without a call, and capacity stays exact over all of them. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';
import type { IsolateLease } from './lease-isolate.ts';
import { LeaseIsolate, grantBlocks } from './lease-isolate.ts';
import { acquireLease, leaseRequest, completion, listedLeases, inFlightOf, registerHealthy, refusalReason } from './leasing.ts';

const SIZE = 4;

/** A registry that grants blocks of four, with one component of that room and isolates that know of it. */
async function registryWithBlocks(capacity = 100, isolates = 2): Promise<{ registry: FreshRegistry; id: string; at: LeaseIsolate[] }> {
  const registry = freshRegistry();
  const id = await registerHealthy(registry, { maxConcurrentTasks: capacity });
  await grantBlocks(registry, SIZE);
  const at = Array.from({ length: isolates }, () => new LeaseIsolate(registry));
  for (const isolate of at) await isolate.sync();
  return { registry, id, at };
}

const leaseFrom = async (isolate: LeaseIsolate, ttlMs?: number): Promise<IsolateLease> => {
  const lease = await isolate.lease(ttlMs);
  if (!lease) throw new Error('refused');
  return lease;
};

/** Block and slot. */
const slotOf = (id: string): string => id.split('-').slice(0, 4).join('-');

const signatureOf = (id: string): string => id.slice(id.lastIndexOf('-') + 1);

describe('a block', () => {
  it('is leased from without a call, and counts as a whole until it is returned', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const [isolate] = at as [LeaseIsolate];
    const leases: IsolateLease[] = [];
    for (let leased = 0; leased < SIZE; leased++) leases.push(await leaseFrom(isolate));
    expect(isolate.calls).toBe(1);
    expect(new Set(leases.map((lease) => lease.id)).size).toBe(SIZE);
    expect(await inFlightOf(registry, id)).toBe(SIZE);
    expect(await listedLeases(registry)).toMatchObject([{ id: expect.stringMatching(/^b-/), componentId: id, slots: SIZE }]);
    leases.push(await leaseFrom(isolate));
    expect(isolate.calls).toBe(2);
    expect(await inFlightOf(registry, id)).toBe(2 * SIZE);
    for (const lease of leases) await isolate.complete(lease);
    expect(isolate.calls).toBe(2);
    expect(await inFlightOf(registry, id)).toBe(2 * SIZE);
    await eventually(
      () => isolate.sync(),
      (reports) => reports.length === 0,
    );
    expect(await inFlightOf(registry, id)).toBe(0);
    expect(await registry.rows('SELECT ended FROM leases WHERE slots > 0')).toEqual([
      { ended: 'returned' },
      { ended: 'returned' },
    ]);
  });

  it('survives an eviction, with its leases', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const [isolate, other] = at as [LeaseIsolate, LeaseIsolate];
    const lease = await leaseFrom(isolate);
    await registry.evict();
    expect(await inFlightOf(registry, id)).toBe(SIZE);
    await isolate.sync();
    await other.complete(lease);
    await registry.evict();
    const again = await registry.api.completeLease(lease.id, completion('failure'));
    expect(again).toMatchObject({ ok: true, value: { id: lease.id, componentId: id, outcome: 'success' } });
    expect(await isolate.sync()).toMatchObject([{ leased: [lease.id] }]);
    await grantBlocks(registry, SIZE);
    expect(await isolate.sync()).toMatchObject([{ leased: [], returned: true }]);
  });

  it('is over with its time when its isolate is lost, and outlives its last lease', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const lease = await leaseFrom(at[0]!);
    const [block] = await listedLeases(registry);
    expect(block!.expiresAt).toBeGreaterThan(lease.expiresAt);
    await runInDurableObject(registry.stub, (instance) => {
      const { book } = (instance as unknown as { state: { book: { byId: Map<string, object>; nextExpiry: number } } })
        .state;
      book.byId.set(block!.id, { ...block!, expiresAt: Date.now() });
      book.nextExpiry = 0;
    });
    await acquireLease(registry);
    expect(await inFlightOf(registry, id)).toBe(1);
    expect(await registry.api.completeLease(lease.id, completion())).toMatchObject({ reason: 'lease-ended' });
    await at[0]!.sync();
    expect(at[0]!.blocks.size).toBe(0);
  });

  it('lasts for as long as it is used', async () => {
    const { registry, at } = await registryWithBlocks();
    const [isolate] = at as [LeaseIsolate];
    await leaseFrom(isolate, 1_000);
    const [before] = await listedLeases(registry);
    // A longer lease than the block was granted for would outlive it: it comes by a call, with a block of its own.
    const long = await leaseFrom(isolate, 600_000);
    expect(isolate.calls).toBe(2);
    const blocks = await listedLeases(registry);
    expect(blocks).toHaveLength(2);
    const [larger] = blocks.filter(({ id }) => id !== before!.id);
    expect(larger!.expiresAt).toBeGreaterThan(long.expiresAt);
    await isolate.sync();
    for (const block of await listedLeases(registry)) expect(block.expiresAt).toBeGreaterThan(Date.now() + 30_000);
  });

  it('is leased from again once it is not wanted back any more', async () => {
    const { registry, at } = await registryWithBlocks();
    const [isolate] = at as [LeaseIsolate];
    const lease = await leaseFrom(isolate);
    await grantBlocks(registry, null);
    await isolate.sync();
    expect(slotOf((await leaseFrom(isolate)).id)).not.toMatch(/-0$/);
    await isolate.complete(lease);
    expect(await isolate.sync()).toMatchObject([{ returned: true }]);
    await grantBlocks(registry, SIZE);
    const calls = isolate.calls;
    await leaseFrom(isolate);
    await leaseFrom(isolate);
    expect(isolate.calls).toBe(calls + 1);
  });

  it('goes with its component', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const lease = await leaseFrom(at[0]!);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect(await registry.api.completeLease(lease.id, completion())).toMatchObject({ ok: false, reason: 'lease-ended' });
    await at[0]!.sync();
    expect(at[0]!.blocks.size).toBe(0);
  });

  it('is not leased from while its component is not plainly healthy', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const [isolate] = at as [LeaseIsolate];
    const lease = await leaseFrom(isolate);
    await registry.beat(id, 'degraded');
    await eventually(
      () => isolate.sync(),
      () => isolate.edge.pool.healthy.size === 0,
    );
    const calls = isolate.calls;
    expect((await leaseFrom(isolate)).id).toMatch(/^l-[a-z0-9_]+-[0-9a-f]{32}$/);
    expect(isolate.calls).toBe(calls + 1);
    await isolate.complete(lease);
    expect(isolate.calls).toBe(calls + 1);
  });
});

describe('a lease out of a block', () => {
  it('that is completed elsewhere is told to its isolate, which then has the slot again', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const [isolate, other] = at as [LeaseIsolate, LeaseIsolate];
    const leases = [await leaseFrom(isolate), await leaseFrom(isolate), await leaseFrom(isolate), await leaseFrom(isolate)];
    await other.complete(leases[2]!, completion('failure'));
    await isolate.sync();
    const next = await leaseFrom(isolate);
    expect(isolate.calls).toBe(1);
    expect(slotOf(next.id)).toBe(slotOf(leases[2]!.id));
    // Twice is once, also for whoever has the slot now.
    expect(await registry.api.completeLease(leases[2]!.id, completion())).toMatchObject({ value: { outcome: 'failure' } });
    await isolate.sync();
    expect(isolate.blocks.componentOf(next.id, Date.now())).not.toBeNull();
  });

  it('that was completed at its isolate is answered once more elsewhere, and ends nobody else', async () => {
    const { registry, id, at } = await registryWithBlocks(16);
    const [isolate] = at as [LeaseIsolate];
    const first = await leaseFrom(isolate);
    await isolate.complete(first);
    const second = await leaseFrom(isolate);
    await isolate.sync();
    expect(await registry.api.completeLease(first.id, completion())).toMatchObject({
      value: { id: first.id, componentId: id },
    });
    expect(await registry.api.renewLease(first.id, 5_000)).toMatchObject({ reason: 'lease-ended' });
    await isolate.sync();
    expect(isolate.blocks.componentOf(second.id, Date.now())).toBe(id);
    expect(await registry.rows('SELECT * FROM leases WHERE slots = 0')).toEqual([]);
  });

  it('keeps its slot when it is renewed elsewhere, though its isolate hears of it late', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const [isolate] = at as [LeaseIsolate];
    const leases = [await leaseFrom(isolate, 1_000), await leaseFrom(isolate), await leaseFrom(isolate), await leaseFrom(isolate)];
    const renewed = await registry.api.renewLease(leases[0]!.id, 600_000);
    expect(renewed).toMatchObject({ ok: true, value: { id: leases[0]!.id, slots: 1 } });
    const [block] = await listedLeases(registry);
    expect(block!.expiresAt).toBeGreaterThan(renewed.ok ? renewed.value.expiresAt : Infinity);
    await clockReaches(leases[0]!.expiresAt);
    // It has not heard of it, and knows better than to give the slot to somebody else.
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).toBeNull();
    await registry.evict();
    await grantBlocks(registry, SIZE);
    await isolate.sync();
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).toBeNull();
    expect(isolate.blocks.componentOf(leases[0]!.id, Date.now())).not.toBeNull();
    await isolate.complete(leases[0]!);
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).not.toBeNull();
  });

  it('that ran out has its slot free once the registry says so, and is never renewed again', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const [isolate] = at as [LeaseIsolate];
    const leases = [await leaseFrom(isolate, 1_000), await leaseFrom(isolate), await leaseFrom(isolate), await leaseFrom(isolate)];
    await clockReaches(leases[0]!.expiresAt);
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).toBeNull();
    await isolate.sync();
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).not.toBeNull();
    await registry.evict();
    expect(await registry.api.renewLease(leases[0]!.id, 5_000)).toMatchObject({ reason: 'lease-ended' });
    expect(await registry.api.completeLease(leases[0]!.id, completion())).toMatchObject({ reason: 'lease-ended' });
  });

  it('is nobody’s to make up', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const { id } = await leaseFrom(at[0]!);
    const signature = signatureOf(id);
    const other = signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const parts = id.split('-');
    const forged = [
      id.replace(signature, other),
      [...parts.slice(0, 3), '1', ...parts.slice(4)].join('-'),
      [...parts.slice(0, 4), '2', ...parts.slice(5)].join('-'),
      [...parts.slice(0, 5), 'zzzzzzzz', signature].join('-'),
      id.replace(parts[2]!, '0'.repeat(32)),
    ];
    for (const each of forged) {
      expect(await registry.api.completeLease(each, completion())).toMatchObject({ ok: false, reason: 'unknown-lease' });
      expect(await registry.api.renewLease(each, 5_000)).toMatchObject({ ok: false, reason: 'unknown-lease' });
    }
    const elsewhere = freshRegistry();
    await registerHealthy(elsewhere);
    expect(await elsewhere.api.completeLease(id, completion())).toMatchObject({ ok: false, reason: 'unknown-lease' });
    expect(await elsewhere.rows("SELECT * FROM scalars WHERE name = 'lease-secret'")).toEqual([]);
    expect(await registry.api.completeLease(id, completion())).toMatchObject({ ok: true });
  });
});

const grantsBlock = async ({ api }: FreshRegistry): Promise<boolean> => {
  const acquisition = await api.acquire(leaseRequest({ acceptsBlock: true }));
  if (!acquisition.ok) throw new Error(acquisition.reason);
  return acquisition.block !== null;
};

describe('no block is granted', () => {
  it('where it was not set', async () => {
    const { registry } = await registryWithBlocks();
    await grantBlocks(registry, null);
    expect(await grantsBlock(registry)).toBe(false);
  });

  it('when fewer than four would be left, or the component has not that much room', async () => {
    const { registry } = await registryWithBlocks(4 * SIZE - 1);
    expect(await grantsBlock(registry)).toBe(false);
    const small = freshRegistry();
    for (let made = 0; made < 10; made++) await registerHealthy(small, { maxConcurrentTasks: SIZE - 1 });
    await grantBlocks(small, SIZE);
    expect(await grantsBlock(small)).toBe(false);
  });

  it('while somebody waits, or was refused a moment ago; those that are out are wanted back', async () => {
    const { registry, id, at } = await registryWithBlocks(4 * SIZE);
    const [isolate] = at as [LeaseIsolate];
    const lease = await leaseFrom(isolate);
    const waiting = registry.api.acquire(leaseRequest({ slots: 4 * SIZE - 2, waitMs: 20_000 }));
    await eventually(
      () => registry.api.listLeases({ after: null, limit: 0, componentId: null }),
      (page) => page.waiting.depth === 1,
    );
    await registerHealthy(registry, { maxConcurrentTasks: 4 * SIZE - 3 });
    await isolate.sync();
    // It leases from none of its slots now.
    const calls = isolate.calls;
    expect((await leaseFrom(isolate)).componentId).not.toBe(id);
    expect(isolate.calls).toBe(calls + 1);
    await isolate.complete(lease);
    expect(await isolate.sync()).toMatchObject([{ returned: true }]);
    expect(await waiting).toMatchObject({ ok: true, candidate: { id } });
    expect(await refusalReason(registry, { slots: 4 * SIZE })).toBe('at-capacity');
    expect(await grantsBlock(registry)).toBe(false);
  });
});

describe('several isolates', () => {
  it('never take more than there is, with calls beside them, whoever completes where', async () => {
    const registry = freshRegistry();
    const capacities = new Map<string, number>();
    for (const capacity of [6, 9, 12, 5]) capacities.set(await registerHealthy(registry, { maxConcurrentTasks: capacity }), capacity);
    await grantBlocks(registry, SIZE);
    const isolates = Array.from({ length: 3 }, () => new LeaseIsolate(registry));
    for (const isolate of isolates) await isolate.sync();
    const inUse = new Map<string, number>();
    const over: string[] = [];
    const count = (id: string, change: number): void => {
      inUse.set(id, (inUse.get(id) ?? 0) + change);
      if (inUse.get(id)! > capacities.get(id)!) over.push(id);
    };
    let granted = 0;
    const caller = async (number: number): Promise<void> => {
      const isolate = isolates[number % isolates.length]!;
      for (let round = 0; round < 12; round++) {
        if (number < isolates.length) await isolate.sync();
        const lease = await isolate.lease();
        if (!lease) continue;
        granted += 1;
        count(lease.componentId, 1);
        if ((number + round) % 5 === 0) await registry.api.renewLease(lease.id, 60_000);
        else await registry.api.loads();
        // Before the call: from then on somebody else may have it.
        count(lease.componentId, -1);
        await ((number + round) % 3 === 0 ? isolates[(number + 1) % isolates.length]! : isolate).complete(lease);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, number) => caller(number)));
    expect(over).toEqual([]);
    expect(granted).toBeGreaterThan(100);
    await Promise.all(
      isolates.map((isolate) =>
        eventually(
          () => isolate.sync(),
          (reports) => reports.length === 0,
        ),
      ),
    );
    for (const id of capacities.keys()) expect(await inFlightOf(registry, id)).toBe(0);
    expect(await registry.rows('SELECT id FROM leases WHERE ended IS NULL AND slots > 0')).toEqual([]);
  });
});
