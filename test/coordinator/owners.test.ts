import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { CoordinatorApi } from '../../src/coordinator/coordinator-api.ts';
import { freshCoordinator } from './fresh-coordinator.ts';

const claimOf = (id: string, owner: string | null) => ({ id, type: 'task_router', dependencies: [], owner });

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

it('comes up over tables made before components had owners', async () => {
  const stub = env.SYSTEM_COORDINATOR.getByName(crypto.randomUUID());
  const system = stub as unknown as CoordinatorApi;
  await registered(system, 'a', null);
  await runInDurableObject(stub, (_, state) => {
    for (const table of ['directory', 'claims']) state.storage.sql.exec(`ALTER TABLE ${table} DROP COLUMN owner`);
  });
  await evictDurableObject(stub);
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
