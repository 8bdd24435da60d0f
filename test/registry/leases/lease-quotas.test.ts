/** What a key may hold of a type: exact, whoever asks when, through evictions, and no bar to other keys. */
import { describe, expect, it } from 'vitest';
import type { KeyQuotas } from '../../../src/core/access/key-quotas.ts';
import type { Acquisition, LeaseHolder } from '../../../src/registry/contract/lease-api.ts';
import { eventually } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';
import type { Wish } from './leasing.ts';
import { acquired, asked, done, ready } from './leasing.ts';

const holder = (quotas: Partial<KeyQuotas> = {}, keyId = 'narrow'): LeaseHolder => ({
  keyId,
  quotas: { leaseSlots: 2, leaseWaiters: null, ...quotas },
});

const ask = ({ api }: FreshRegistry, by: LeaseHolder, wish: Wish = {}): Promise<Acquisition> =>
  api.acquire({ ...asked(wish), holder: by });

const idOf = (answer: Acquisition): string => {
  if (!answer.ok) throw new Error(answer.message);
  return answer.lease!.id;
};

const figures = async ({ api }: FreshRegistry) => api.listLeases({ after: null, limit: 0, componentId: null });

async function waits(registry: FreshRegistry, by: LeaseHolder, wish: Wish = {}): Promise<Promise<Acquisition>[]> {
  const { depth } = (await figures(registry)).waiting;
  const served = ask(registry, by, { waitMs: 20_000, ...wish });
  await eventually(
    () => figures(registry),
    ({ waiting }) => waiting.depth === depth + 1,
  );
  // In a list, so that it is not waited for.
  return [served];
}

describe('the slots of a key', () => {
  it('are counted exactly, freed by whatever ends a lease, and counted again after an eviction', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 100 });
    const both = [idOf(await ask(registry, holder())), idOf(await ask(registry, holder(), { ttlMs: 1_000 }))];
    const refusal = await ask(registry, holder());
    expect(refusal).toMatchObject({ ok: false, reason: 'lease-quota', explanation: null });
    expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(1_000);
    await registry.api.renewLease(both[0]!, 60_000);
    await registry.evict();
    expect(await ask(registry, holder())).toMatchObject({ reason: 'lease-quota' });
    expect((await figures(registry)).holders).toEqual([{ keyId: 'narrow', slots: 2, waiting: 0 }]);
    await clockReaches(Date.now() + 1_000);
    idOf(await ask(registry, holder()));
    for (let twice = 0; twice < 2; twice++) await registry.api.completeLease(both[0]!, done());
    idOf(await ask(registry, holder()));
    expect(await ask(registry, holder())).toMatchObject({ reason: 'lease-quota' });
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect((await figures(registry)).holders).toEqual([]);
    await ready(registry, { maxConcurrentTasks: 100 });
    idOf(await ask(registry, holder(), { slots: 2 }));
  });

  it('are asked for at once by many, and no more are given', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 100 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(registry, holder({ leaseSlots: 7 }))));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(7);
    expect(await ask(registry, holder({ leaseSlots: null }, 'other'))).toMatchObject({ ok: true });
    expect((await figures(registry)).lately).toMatchObject({ overQuota: 33, atCapacity: 0 });
  });

  it('never come in blocks', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 1_000 });
    await registry.api.configure({ revision: 1, overrides: { leaseBlocks: { size: 16 } } });
    const open = holder({ leaseSlots: null }, 'open');
    expect(await ask(registry, open, { takesBlock: true })).toMatchObject({ lease: null, block: { slots: 16 } });
    const one = await ask(registry, holder(), { takesBlock: true });
    expect(one).toMatchObject({ lease: { id: expect.any(String) }, block: null });
  });
});

describe('a caller whose key may not hold more', () => {
  it('waits for its key in turn, holds no room against others, and is no shortage', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 10 });
    const first = idOf(await ask(registry, holder()));
    const second = idOf(await ask(registry, holder()));
    const [large] = await waits(registry, holder(), { slots: 2 });
    const [small] = await waits(registry, holder());
    expect((await figures(registry)).waiting).toMatchObject({ depth: 2, byQuota: 2 });
    // Others are served, and blocks are not wanted back.
    for (let taken = 0; taken < 3; taken++) await acquired(registry);
    await registry.api.configure({ revision: 1, overrides: { leaseBlocks: { size: 1 } } });
    const { blocks } = await registry.api.sync({ place: null, given: [], reported: [] });
    expect(blocks.isRecalled).toBe(false);
    await registry.api.completeLease(first, done());
    expect((await figures(registry)).waiting.depth).toBe(2);
    await registry.api.completeLease(second, done());
    const served = idOf(await large!);
    expect((await figures(registry)).waiting.depth).toBe(1);
    await registry.api.completeLease(served, done());
    idOf(await small!);
  });

  it('is told when it may not wait, or could never be served', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 3 });
    expect(await ask(registry, holder(), { slots: 3, waitMs: 20_000 })).toMatchObject({ reason: 'lease-quota' });
    idOf(await ask(registry, holder({ leaseSlots: 3, leaseWaiters: 1 }), { slots: 3 }));
    const [waiting] = await waits(registry, holder({ leaseSlots: 9, leaseWaiters: 1 }), { waitMs: 1_000 });
    const crowd = await ask(registry, holder({ leaseSlots: 9, leaseWaiters: 1 }), { waitMs: 20_000 });
    expect(crowd).toMatchObject({ reason: 'lease-quota', message: 'as many callers of the key wait as may' });
    expect(await waiting).toMatchObject({ reason: 'at-capacity' });
    const patient = await ask(registry, holder({ leaseSlots: 3 }), { waitMs: 1_000 });
    expect(patient).toMatchObject({ ok: false, reason: 'at-capacity' });
    expect((await figures(registry)).lately).toMatchObject({ timedOut: 2, overQuota: 2 });
  });
});
