/** Lease blocks: isolates lease from them without a call, and capacity stays exact over all isolates. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { eventually } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';
import type { IsolateLease } from './lease-isolate.ts';
import { LeaseIsolate, grantBlocks } from './lease-isolate.ts';
import {
  acquireLease,
  leaseRequest,
  completionOf,
  listedLeases,
  inFlightOf,
  registerHealthy,
  refusalReason,
} from './leasing.ts';

const SIZE = 4;

/** A registry that grants blocks of `SIZE` slots, with one component of `capacity` and isolates with its snapshot. */
async function registryWithBlocks(
  capacity = 100,
  isolates = 2,
): Promise<{ registry: FreshRegistry; id: string; at: LeaseIsolate[] }> {
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

/** The part of a lease id that names the block and the slot. */
const slotOf = (id: string): string => id.split('-').slice(0, 4).join('-');

const signatureOf = (id: string): string => id.slice(id.lastIndexOf('-') + 1);

describe('a lease block', () => {
  it('grants leases without a call, and counts as a whole until it is returned', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const [isolate] = at as [LeaseIsolate];
    const leases: IsolateLease[] = [];
    for (let leased = 0; leased < SIZE; leased++) leases.push(await leaseFrom(isolate));
    expect(isolate.calls).toBe(1);
    expect(new Set(leases.map((lease) => lease.id)).size).toBe(SIZE);
    expect(await inFlightOf(registry, id)).toBe(SIZE);
    expect(await listedLeases(registry)).toMatchObject([
      { id: expect.stringMatching(/^b-/), componentId: id, slots: SIZE },
    ]);
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
    const again = await registry.api.completeLease(lease.id, completionOf('failure'));
    expect(again).toMatchObject({ ok: true, value: { id: lease.id, componentId: id, outcome: 'success' } });
    expect(await isolate.sync()).toMatchObject([{ leased: [lease.id] }]);
    await grantBlocks(registry, SIZE);
    expect(await isolate.sync()).toMatchObject([{ leased: [], returned: true }]);
  });

  it('expires when its isolate is lost, and outlives its last lease', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const lease = await leaseFrom(at[0]!);
    const [block] = await listedLeases(registry);
    expect(block!.expiresAt).toBeGreaterThan(lease.expiresAt);
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const { leaseIndex } = instance['runtime'].state;
      leaseIndex.byId.set(block!.id, { ...block!, expiresAt: Date.now() });
      leaseIndex.nextExpiry = 0;
    });
    await acquireLease(registry);
    expect(await inFlightOf(registry, id)).toBe(1);
    expect(await registry.api.completeLease(lease.id, completionOf())).toMatchObject({ reason: 'lease-ended' });
    await at[0]!.sync();
    expect(at[0]!.blocks.size).toBe(0);
  });

  it('is extended while it is in use', async () => {
    const { registry, at } = await registryWithBlocks();
    const [isolate] = at as [LeaseIsolate];
    await leaseFrom(isolate, 1_000);
    const [before] = await listedLeases(registry);
    // A lease that would outlive the block needs a call, which brings another block.
    const long = await leaseFrom(isolate, 600_000);
    expect(isolate.calls).toBe(2);
    const blocks = await listedLeases(registry);
    expect(blocks).toHaveLength(2);
    const [larger] = blocks.filter(({ id }) => id !== before!.id);
    expect(larger!.expiresAt).toBeGreaterThan(long.expiresAt);
    await isolate.sync();
    for (const block of await listedLeases(registry)) expect(block.expiresAt).toBeGreaterThan(Date.now() + 30_000);
  });

  it('grants leases again once the registry no longer recalls it', async () => {
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

  it('ends when its component is removed', async () => {
    const { registry, id, at } = await registryWithBlocks();
    const lease = await leaseFrom(at[0]!);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect(await registry.api.completeLease(lease.id, completionOf())).toMatchObject({
      ok: false,
      reason: 'lease-ended',
    });
    await at[0]!.sync();
    expect(at[0]!.blocks.size).toBe(0);
  });

  it('grants no lease while its component is degraded', async () => {
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

describe('a lease from a block', () => {
  it('frees its slot in its isolate after another isolate completed it', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const [isolate, other] = at as [LeaseIsolate, LeaseIsolate];
    const leases = [
      await leaseFrom(isolate),
      await leaseFrom(isolate),
      await leaseFrom(isolate),
      await leaseFrom(isolate),
    ];
    await other.complete(leases[2]!, completionOf('failure'));
    await isolate.sync();
    const next = await leaseFrom(isolate);
    expect(isolate.calls).toBe(1);
    expect(slotOf(next.id)).toBe(slotOf(leases[2]!.id));
    // A repeated completion does not end the lease that uses the slot now.
    expect(await registry.api.completeLease(leases[2]!.id, completionOf())).toMatchObject({
      value: { outcome: 'failure' },
    });
    await isolate.sync();
    expect(isolate.blocks.componentOf(next.id, Date.now())).not.toBeNull();
  });

  it('that its isolate completed can be completed again elsewhere, without ending another lease', async () => {
    const { registry, id, at } = await registryWithBlocks(16);
    const [isolate] = at as [LeaseIsolate];
    const first = await leaseFrom(isolate);
    await isolate.complete(first);
    const second = await leaseFrom(isolate);
    await isolate.sync();
    expect(await registry.api.completeLease(first.id, completionOf())).toMatchObject({
      value: { id: first.id, componentId: id },
    });
    expect(await registry.api.renewLease(first.id, 5_000)).toMatchObject({ reason: 'lease-ended' });
    await isolate.sync();
    expect(isolate.blocks.componentOf(second.id, Date.now())).toBe(id);
    expect(await registry.rows('SELECT * FROM leases WHERE slots = 0')).toEqual([]);
  });

  it('keeps its slot when it is renewed elsewhere, even if its isolate learns of the renewal late', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const [isolate] = at as [LeaseIsolate];
    const leases = [
      await leaseFrom(isolate, 1_000),
      await leaseFrom(isolate),
      await leaseFrom(isolate),
      await leaseFrom(isolate),
    ];
    const renewed = await registry.api.renewLease(leases[0]!.id, 600_000);
    expect(renewed).toMatchObject({ ok: true, value: { id: leases[0]!.id, slots: 1 } });
    const [block] = await listedLeases(registry);
    expect(block!.expiresAt).toBeGreaterThan(renewed.ok ? renewed.value.expiresAt : Infinity);
    await clockReaches(leases[0]!.expiresAt);
    // The isolate does not know of the renewal, but does not reuse the slot before it has synced.
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).toBeNull();
    await registry.evict();
    await grantBlocks(registry, SIZE);
    await isolate.sync();
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).toBeNull();
    expect(isolate.blocks.componentOf(leases[0]!.id, Date.now())).not.toBeNull();
    await isolate.complete(leases[0]!);
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).not.toBeNull();
  });

  it('that expired frees its slot once the registry confirms, and cannot be renewed', async () => {
    const { registry, at } = await registryWithBlocks(16);
    const [isolate] = at as [LeaseIsolate];
    const leases = [
      await leaseFrom(isolate, 1_000),
      await leaseFrom(isolate),
      await leaseFrom(isolate),
      await leaseFrom(isolate),
    ];
    await clockReaches(leases[0]!.expiresAt);
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).toBeNull();
    await isolate.sync();
    expect(isolate.blocks.findSlot(isolate.edge, leaseRequest().route, 1_000, Date.now())).not.toBeNull();
    await registry.evict();
    expect(await registry.api.renewLease(leases[0]!.id, 5_000)).toMatchObject({ reason: 'lease-ended' });
    expect(await registry.api.completeLease(leases[0]!.id, completionOf())).toMatchObject({ reason: 'lease-ended' });
  });

  it('cannot be forged', async () => {
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
      expect(await registry.api.completeLease(each, completionOf())).toMatchObject({
        ok: false,
        reason: 'unknown-lease',
      });
      expect(await registry.api.renewLease(each, 5_000)).toMatchObject({ ok: false, reason: 'unknown-lease' });
    }
    const elsewhere = freshRegistry();
    await registerHealthy(elsewhere);
    expect(await elsewhere.api.completeLease(id, completionOf())).toMatchObject({ ok: false, reason: 'unknown-lease' });
    expect(await elsewhere.rows("SELECT * FROM scalars WHERE name = 'lease-secret'")).toEqual([]);
    expect(await registry.api.completeLease(id, completionOf())).toMatchObject({ ok: true });
  });
});

const grantsBlock = async ({ api }: FreshRegistry): Promise<boolean> => {
  const acquisition = await api.acquire(leaseRequest({ acceptsBlock: true }));
  if (!acquisition.ok) throw new Error(acquisition.reason);
  return acquisition.block !== null;
};

describe('acquire grants no block', () => {
  it('when the configuration sets no block size', async () => {
    const { registry } = await registryWithBlocks();
    await grantBlocks(registry, null);
    expect(await grantsBlock(registry)).toBe(false);
  });

  it('when fewer than four blocks would be left, or no component has capacity for a block', async () => {
    const { registry } = await registryWithBlocks(4 * SIZE - 1);
    expect(await grantsBlock(registry)).toBe(false);
    const small = freshRegistry();
    for (let made = 0; made < 10; made++) await registerHealthy(small, { maxConcurrentTasks: SIZE - 1 });
    await grantBlocks(small, SIZE);
    expect(await grantsBlock(small)).toBe(false);
  });

  it('while a request waits or was refused recently, and recalls the blocks it granted', async () => {
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
    // The isolate now uses none of its slots.
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
  it('never exceed the capacity, also with direct calls, wherever a lease is completed', async () => {
    const registry = freshRegistry();
    const capacities = new Map<string, number>();
    for (const capacity of [6, 9, 12, 5])
      capacities.set(await registerHealthy(registry, { maxConcurrentTasks: capacity }), capacity);
    await grantBlocks(registry, SIZE);
    const isolates = Array.from({ length: 3 }, () => new LeaseIsolate(registry));
    for (const isolate of isolates) await isolate.sync();
    const inUse = new Map<string, number>();
    const exceeded: string[] = [];
    const count = (id: string, change: number): void => {
      inUse.set(id, (inUse.get(id) ?? 0) + change);
      if (inUse.get(id)! > capacities.get(id)!) exceeded.push(id);
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
        // Counted before the call, because another caller may get the slot from then on.
        count(lease.componentId, -1);
        await ((number + round) % 3 === 0 ? isolates[(number + 1) % isolates.length]! : isolate).complete(lease);
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, number) => caller(number)));
    expect(exceeded).toEqual([]);
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
