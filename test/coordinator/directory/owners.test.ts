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
  it('belongs to the key that registered it, and to no other', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
    expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: true, value: { owner: 'k1' } });
  });

  it('keeps its owner when an unrestricted caller changes it', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    expect(await system.claim(claimOf('a', null))).toMatchObject({ ok: true, value: { owner: 'k1' } });
  });

  it('without an owner cannot be claimed by a registrar', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', null);
    expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('is reserved for a registration in progress', async () => {
    const system = freshCoordinator();
    expect((await system.claim(claimOf('a', 'k1'))).ok).toBe(true);
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('does not reveal its type to another owner', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    const request = { ...claimOf('a', 'k2'), type: 'agent_registry' };
    expect(await system.claim(request)).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('is free for any owner once it is removed', async () => {
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

describe('an id that a registrar and an unrestricted caller register concurrently', () => {
  it.each([
    ['the registrar', [0, 1]],
    ['the unrestricted caller', [1, 0]],
  ])('belongs to the registrar when %s is confirmed first', async (_who, order) => {
    const system = freshCoordinator();
    const claims = [await claimed(system, 'k1'), await claimed(system, null)];
    expect(claims.map(({ owner }) => owner)).toEqual(['k1', 'k1']);
    for (const at of order) expect(await system.confirm('a', claims[at]!.sequence)).toBe(true);
    expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: true, value: { owner: 'k1' } });
    expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  });

  it('belongs to the registrar after an eviction', async () => {
    const system = freshCoordinator();
    await claimed(system, 'k1');
    await system.evict();
    expect((await claimed(system, null)).owner).toBe('k1');
  });

  it('keeps the owner of the confirmed claim when the registrar releases its own', async () => {
    const system = freshCoordinator();
    const ofRegistrar = await claimed(system, 'k1');
    const ofOther = await claimed(system, null);
    await system.release('a', ofRegistrar.sequence);
    expect(await system.confirm('a', ofOther.sequence)).toBe(true);
    expect(await system.claim(claimOf('a', null))).toMatchObject({ ok: true, value: { owner: ofOther.owner } });
  });

  it('has no owner when the registrar released its claim before', async () => {
    const system = freshCoordinator();
    await system.release('a', (await claimed(system, 'k1')).sequence);
    expect((await claimed(system, null)).owner).toBeNull();
  });

  it('keeps the owner of the existing registration while a change is pending', async () => {
    const system = freshCoordinator();
    await registered(system, 'a', 'k1');
    const change = await claimed(system, null);
    expect(change.owner).toBe('k1');
    await registered(system, 'b', null);
    expect(await system.claim(claimOf('b', null))).toMatchObject({ ok: true, value: { owner: null } });
  });
});

it('the coordinator starts with tables from before owners existed', async () => {
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

it('the coordinator settles a claim with the owner that the registry has stored', async () => {
  const system = freshCoordinator();
  const claim = await system.claim(claimOf('a', 'k1'));
  const sequence = claim.ok ? claim.value.sequence : 0;
  await system.settle('a', sequence, { claim: sequence, owner: 'k1', dependencies: [] });
  expect(await system.claim(claimOf('a', 'k2'))).toMatchObject({ ok: false, reason: 'id-taken' });
  expect(await system.claim(claimOf('a', 'k1'))).toMatchObject({ ok: true });
});
