/** Lease quotas of a key for one type: exact under concurrency and over evictions, without effect on other keys. */
import { describe, expect, it } from 'vitest';
import type { KeyQuotas } from '../../../src/core/access/key-quotas.ts';
import type { Acquisition, LeaseHolder } from '../../../src/registry/contract/lease-api.ts';
import { eventually } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';
import type { LeaseRequest } from './leasing.ts';
import { acquireLease, leaseRequest, completionOf, registerHealthy } from './leasing.ts';

const holder = (quotas: Partial<KeyQuotas> = {}, keyId = 'narrow'): LeaseHolder => ({
  keyId,
  quotas: { leaseSlots: 2, leaseWaiters: null, ...quotas },
});

const acquireFor = ({ api }: FreshRegistry, by: LeaseHolder, overrides: LeaseRequest = {}): Promise<Acquisition> =>
  api.acquire({ ...leaseRequest(overrides), holder: by });

const idOf = (acquisition: Acquisition): string => {
  if (!acquisition.ok) throw new Error(acquisition.message);
  return acquisition.lease!.id;
};

const leaseStats = async ({ api }: FreshRegistry) => api.listLeases({ after: null, limit: 0, componentId: null });

async function enqueue(
  registry: FreshRegistry,
  by: LeaseHolder,
  overrides: LeaseRequest = {},
): Promise<Promise<Acquisition>[]> {
  const { depth } = (await leaseStats(registry)).waiting;
  const served = acquireFor(registry, by, { waitMs: 20_000, ...overrides });
  await eventually(
    () => leaseStats(registry),
    ({ waiting }) => waiting.depth === depth + 1,
  );
  // In an array, because an async function would await a plain promise.
  return [served];
}

describe('the lease slots of a key', () => {
  it('are counted exactly, freed by every end of a lease, and counted again after an eviction', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 100 });
    const both = [
      idOf(await acquireFor(registry, holder())),
      idOf(await acquireFor(registry, holder(), { ttlMs: 1_000 })),
    ];
    const refusal = await acquireFor(registry, holder());
    expect(refusal).toMatchObject({ ok: false, reason: 'lease-quota', explanation: null });
    expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(1_000);
    await registry.api.renewLease(both[0]!, 60_000);
    await registry.evict();
    expect(await acquireFor(registry, holder())).toMatchObject({ reason: 'lease-quota' });
    expect((await leaseStats(registry)).holders).toEqual([{ keyId: 'narrow', slots: 2, waiting: 0 }]);
    await clockReaches(Date.now() + 1_000);
    idOf(await acquireFor(registry, holder()));
    for (let twice = 0; twice < 2; twice++) await registry.api.completeLease(both[0]!, completionOf());
    idOf(await acquireFor(registry, holder()));
    expect(await acquireFor(registry, holder())).toMatchObject({ reason: 'lease-quota' });
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect((await leaseStats(registry)).holders).toEqual([]);
    await registerHealthy(registry, { maxConcurrentTasks: 100 });
    idOf(await acquireFor(registry, holder(), { slots: 2 }));
  });

  it('are limited under concurrent requests', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 100 });
    const acquisitions = await Promise.all(
      Array.from({ length: 40 }, () => acquireFor(registry, holder({ leaseSlots: 7 }))),
    );
    expect(acquisitions.filter(({ ok }) => ok)).toHaveLength(7);
    expect(await acquireFor(registry, holder({ leaseSlots: null }, 'other'))).toMatchObject({ ok: true });
    expect((await leaseStats(registry)).recent).toMatchObject({ overQuota: 33, atCapacity: 0 });
  });

  it('are never granted in blocks', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 1_000 });
    await registry.api.configureType({ revision: 1, overrides: { leaseBlocks: { size: 16 } } });
    const open = holder({ leaseSlots: null }, 'open');
    expect(await acquireFor(registry, open, { acceptsBlock: true })).toMatchObject({
      lease: null,
      block: { slots: 16 },
    });
    const one = await acquireFor(registry, holder(), { acceptsBlock: true });
    expect(one).toMatchObject({ lease: { id: expect.any(String) }, block: null });
  });
});

describe('a caller whose key has reached its quota', () => {
  it('waits in order for its own key, reserves no capacity, and counts as no shortage', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 10 });
    const first = idOf(await acquireFor(registry, holder()));
    const second = idOf(await acquireFor(registry, holder()));
    const [large] = await enqueue(registry, holder(), { slots: 2 });
    const [small] = await enqueue(registry, holder());
    expect((await leaseStats(registry)).waiting).toMatchObject({ depth: 2, byQuota: 2 });
    // Other callers are served, and blocks are not recalled.
    for (let made = 0; made < 3; made++) await acquireLease(registry);
    await registry.api.configureType({ revision: 1, overrides: { leaseBlocks: { size: 1 } } });
    const { blocks } = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
    expect(blocks.isRecalled).toBe(false);
    await registry.api.completeLease(first, completionOf());
    expect((await leaseStats(registry)).waiting.depth).toBe(2);
    await registry.api.completeLease(second, completionOf());
    const served = idOf(await large!);
    expect((await leaseStats(registry)).waiting.depth).toBe(1);
    await registry.api.completeLease(served, completionOf());
    idOf(await small!);
  });

  it('is refused when it may not wait or could never be served', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 3 });
    expect(await acquireFor(registry, holder(), { slots: 3, waitMs: 20_000 })).toMatchObject({ reason: 'lease-quota' });
    idOf(await acquireFor(registry, holder({ leaseSlots: 3, leaseWaiters: 1 }), { slots: 3 }));
    const [waiting] = await enqueue(registry, holder({ leaseSlots: 9, leaseWaiters: 1 }), { waitMs: 1_000 });
    const crowd = await acquireFor(registry, holder({ leaseSlots: 9, leaseWaiters: 1 }), { waitMs: 20_000 });
    expect(crowd).toMatchObject({ reason: 'lease-quota', message: 'the key has 1 waiting requests, its limit' });
    expect(await waiting).toMatchObject({ reason: 'at-capacity' });
    const patient = await acquireFor(registry, holder({ leaseSlots: 3 }), { waitMs: 1_000 });
    expect(patient).toMatchObject({ ok: false, reason: 'at-capacity' });
    expect((await leaseStats(registry)).recent).toMatchObject({ timedOut: 2, overQuota: 2 });
  });
});
