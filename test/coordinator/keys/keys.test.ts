import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../src/core/access/actor.ts';
import type { KeyDraft, KeyMark } from '../../../src/coordinator/contract/coordinator-api.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ROOT: Actor = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r' };
const DAY_MS = 86_400_000;
const draft = (id: string, overrides: Partial<KeyDraft> = {}): KeyDraft => ({
  id,
  name: id,
  scopes: ['viewer'],
  digest: 'd'.repeat(64),
  expiresAt: null,
  issue: null,
  ...overrides,
});
const actor = (keyId: string): Actor => ({ ...ROOT, keyId });
const issued = (id: string, owner: string | null) => draft(id, { issue: { componentId: 'a', owner } });
const idsOf = (keys: readonly { id: string }[]): string[] => keys.map(({ id }) => id);

describe('revoked keys', () => {
  it('stay listed for a retention period, then are deleted', async () => {
    const system = freshCoordinator();
    await system.createKey(draft('kept'), ROOT);
    await system.createKey(draft('revoked'), ROOT);
    await system.registered('a');
    await system.createKey(draft('issued', { issue: { componentId: 'a', owner: null } }), ROOT);
    for (const id of ['revoked', 'issued']) await system.revokeKey(id, { cascade: false }, ROOT);
    await system.sweep(Date.now() + 60_000);
    expect(idsOf(await system.keys('', 10))).toEqual(['issued', 'kept', 'revoked']);
    await system.sweep(Date.now() + 2 * 3_600_000);
    expect(idsOf(await system.keys('', 10))).toEqual(['kept', 'revoked']);
    await system.sweep(Date.now() + 31 * DAY_MS);
    expect(idsOf(await system.keys('', 10))).toEqual(['kept']);
  });

  it('reach every edge as a change, or by a full copy once they are deleted', async () => {
    const system = freshCoordinator();
    await system.createKey(draft('kept'), ROOT);
    await system.registered('a');
    await system.createKey(draft('gone', { issue: { componentId: 'a', owner: null } }), ROOT);
    const sync = (since: KeyMark | null) => system.syncKeys({ since, used: {} });
    const edge = await sync(null);
    expect({ full: edge.full, ids: idsOf(edge.keys) }).toEqual({ full: true, ids: ['kept', 'gone'] });
    await system.revokeKey('gone', { cascade: false }, ROOT);
    const delta = await sync(edge.mark);
    expect(delta).toMatchObject({ full: false, keys: [{ id: 'gone', revokedAt: expect.any(Number), secrets: [] }] });
    const full = await sync(null);
    expect({ full: full.full, ids: idsOf(full.keys) }).toEqual({ full: true, ids: ['kept'] });
    await system.sweep(Date.now() + 2 * 3_600_000);
    await system.evict();
    const late = await sync(edge.mark);
    expect({ full: late.full, ids: idsOf(late.keys) }).toEqual({ full: true, ids: ['kept'] });
    for (const upToDate of [late, delta, full])
      expect(await sync(upToDate.mark)).toMatchObject({ full: false, keys: [], more: false });
  });
});

describe('the key sync of an edge', () => {
  it('is full when the storage of the coordinator was restored to an earlier state', async () => {
    const system = freshCoordinator();
    await system.createKey(draft('kept'), ROOT);
    const ahead = await system.syncKeys({ since: { revision: 9, forgotten: 0, startRevision: 9 }, used: {} });
    expect({ full: ahead.full, ids: idsOf(ahead.keys) }).toEqual({ full: true, ids: ['kept'] });
    const { full, keys } = await system.syncKeys({ since: ahead.mark, used: {} });
    expect({ full, keys }).toEqual({ full: false, keys: [] });
  });
});

describe('a key for a component', () => {
  it('is not created for a removed component or one that has another owner by now', async () => {
    const system = freshCoordinator();
    for (const registrar of ['k1', 'k2']) await system.createKey(draft(registrar), ROOT);
    const register = async (owner: string): Promise<number> => {
      const claim = await system.claim({ id: 'a', type: 'task_router', dependencies: [], owner });
      if (!claim.ok) throw new Error(claim.message);
      await system.confirm('a', claim.value.sequence);
      return claim.value.sequence;
    };
    const first = await register('k1');
    expect((await system.createKey(issued('early', 'k1'), actor('k1'))).ok).toBe(true);
    await system.removed('a', first);
    const refusal = { ok: false, reason: 'unknown-component' };
    expect(await system.createKey(issued('late', 'k1'), actor('k1'))).toMatchObject(refusal);
    await register('k2');
    expect(await system.createKey(issued('later', 'k1'), actor('k1'))).toMatchObject(refusal);
    const theirs = await system.createKey(issued('theirs', 'k2'), actor('k2'));
    expect(theirs).toMatchObject({ ok: true, value: { issuedBy: 'k2', issuedTo: 'a' } });
    const fresh = { digest: 'e'.repeat(64), overlapMs: 0 };
    const asRegistrar = { ...fresh, issue: { componentId: 'a', owner: 'k1' } };
    expect(await system.rotateKey('theirs', asRegistrar, actor('k1'))).toMatchObject(refusal);
    // Signed in with the key of the removed predecessor, which was revoked with it.
    const asComponent = { ...fresh, issue: { componentId: 'a', owner: null } };
    expect(await system.rotateKey('theirs', asComponent, actor('early'))).toMatchObject({
      ok: false,
      reason: 'unauthorized',
    });
    expect((await system.rotateKey('theirs', asComponent, actor('theirs'))).ok).toBe(true);
  });
});

describe('a second key for a component', () => {
  it('is created only once the first is no longer in force', async () => {
    const system = freshCoordinator();
    await system.registered('a');
    for (let time = 0; time < 2; time++) expect((await system.createKey(issued('first', null), ROOT)).ok).toBe(true);
    const refusal = { ok: false, reason: 'already-issued' };
    expect(await system.createKey(issued('second', null), ROOT)).toMatchObject(refusal);
    expect(await system.keyIssuedTo('a')).toMatchObject({ id: 'first' });
    await system.revokeKey('first', { cascade: false }, ROOT);
    expect(await system.keyIssuedTo('a')).toBeNull();
    expect((await system.createKey(issued('second', null), ROOT)).ok).toBe(true);
    expect(await system.createKey(issued('third', null), ROOT)).toMatchObject(refusal);
  });
});

describe('a revoked key', () => {
  it('can no longer create, rotate or revoke keys, or claim an id', async () => {
    const system = freshCoordinator();
    await system.createKey(draft('other'), ROOT);
    await system.createKey(draft('over'), ROOT);
    await system.revokeKey('over', { cascade: false }, ROOT);
    const refusal = { ok: false, reason: 'unauthorized' };
    expect(await system.createKey(draft('successor'), actor('over'))).toMatchObject(refusal);
    expect(await system.rotateKey('other', { digest: 'e'.repeat(64), overlapMs: 0 }, actor('over'))).toMatchObject(
      refusal,
    );
    expect(await system.revokeKey('other', { cascade: false }, actor('over'))).toMatchObject(refusal);
    const claim = { id: 'x', type: 'task_router', dependencies: [], owner: null, keyId: 'over' };
    expect(await system.claim(claim)).toMatchObject(refusal);
  });

  it('revokes the keys that it issued, and those that they issued', async () => {
    const system = freshCoordinator();
    for (const id of ['a', 'b']) await system.registered(id);
    const expiresAt = Date.now() + 60_000;
    await system.createKey(draft('maker', { expiresAt }), ROOT);
    const made = await system.createKey(issued('made', null), actor('maker'));
    expect(made).toMatchObject({ ok: true, value: { issuedBy: 'maker', expiresAt } });
    await system.createKey(draft('made-by-made', { issue: { componentId: 'b', owner: null } }), actor('made'));
    await system.revokeKey('maker', { cascade: true }, ROOT);
    for (const id of ['made', 'made-by-made']) expect((await system.key(id))?.revokedAt).toEqual(expect.any(Number));
  });
});
