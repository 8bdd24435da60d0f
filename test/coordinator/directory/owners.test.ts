import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { CoordinatorApi } from '../../../src/coordinator/contract/coordinator-api.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';
import { evict } from '../../support/evict.ts';

const claimOf = (id: string, owner: string | null) => ({ id, type: 'task_router', dependencies: [], owner });

async function claimed(system: CoordinatorApi, owner: string | null) {
  const claim = await system.claim(claimOf('a', owner));
  if (!claim.ok) throw new Error(claim.message);
  return claim.value;
}

async function registered(system: CoordinatorApi, id: string, owner: string | null): Promise<void> {
  const claim = await system.claim(claimOf(id, owner));
  if (!claim.ok) throw new Error(claim.message);
  expect(claim.value.owner).toBe(owner);
  expect(await system.confirm(id, claim.value.sequence)).toBe(true);
}

describe('an id', () => {
  it('belongs to whose key registered it, and to nobody else', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
    expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: true, value: { owner: 'k1' } });
  });

  it('stays theirs when somebody who may take any changes it', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    expect(await system.claim(claimOf('a', null))).toMatchObject({ ok: true, value: { owner: 'k1' } });
  });

  it('that nobody in particular owns is not for the taking', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', null);
    expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('is held for a registration under way', async () => {
    const system = freshCoordinator();
    expect((await system.claim(claimOf('a', 'k1'))).ok).toBe(true);
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('tells a stranger nothing of its type', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    const asked = { ...claimOf('a', 'k2'), type: 'agent_registry' };
    expect(await system.claim(asked)).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('is free for anybody once it is removed', async () => {
    const system = freshCoordinator();
    const claim = await system.claim(claimOf('a', 'k1'));
    await system.confirm('a', claim.ok ? claim.value.sequence : 0);
    await system.removed('a', claim.ok ? claim.value.sequence : 0);
    await registered(system, 'a', 'k2');
  });

  it('keeps its owner over an eviction', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    await system.evict();
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });
});

describe('an id that a registrar registers while somebody who may take any does', () => {
  it.each([
    ['the registrar', [0, 1]],
    ['the other', [1, 0]],
  ])('is the registrar’s, though %s is confirmed first', async (_who, order) => {
    const system = freshCoordinator();
    const claims = [await claimed(system, 'k1'), await claimed(system, null)];
    expect(claims.map(({ owner }) => owner)).toEqual(['k1', 'k1']);
    for (const at of order) expect(await system.confirm('a', claims[at]!.sequence)).toBe(true);
    expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: true, value: { owner: 'k1' } });
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('is the registrar’s over an eviction', async () => {
    const system = freshCoordinator();
    await claimed(system, 'k1');
    await system.evict();
    expect((await claimed(system, null)).owner).toBe('k1');
  });

  it('stays whose the claim says, when the registrar gives up', async () => {
    const system = freshCoordinator();
    const given = await claimed(system, 'k1');
    const taken = await claimed(system, null);
    await system.release('a', given.sequence);
    expect(await system.confirm('a', taken.sequence)).toBe(true);
    expect(await system.claim(claimOf('a', null))).toMatchObject({ ok: true, value: { owner: taken.owner } });
  });

  it('is nobody’s in particular when the registrar gave up before', async () => {
    const system = freshCoordinator();
    await system.release('a', (await claimed(system, 'k1')).sequence);
    expect((await claimed(system, null)).owner).toBeNull();
  });

  it('goes by the registration that is there, not by one under way', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    const change = await claimed(system, null);
    expect(change.owner).toBe('k1');
    await registered(system, 'b', null);
    expect(await system.claim(claimOf('b', null))).toMatchObject({ ok: true, value: { owner: null } });
  });
});

it('comes up over tables made before components had owners', async () => {
  const stub = env.SYSTEM_COORDINATOR.getByName(crypto.randomUUID());
  const system = stub as unknown as CoordinatorApi;
  await registered(system, 'a', null);
  await runInDurableObject(stub, (_, state) => {
    for (const table of ['directory', 'claims']) state.storage.sql.exec(`ALTER TABLE ${table} DROP COLUMN owner`);
  });
  await evict(stub);
  expect(await system.typeOf('a')).toBe('task_router');
  expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: false, reason: 'id-taken' });
  await registered(system, 'b', 'k1');
});

it('settles a claim with the owner that the registry holds', async () => {
  const system = freshCoordinator();
  const claim = await system.claim(claimOf('a', 'k1'));
  const sequence = claim.ok ? claim.value.sequence : 0;
  await system.settle('a', sequence, { claim: sequence, owner: 'k1', dependencies: [] });
  expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: true });
});
