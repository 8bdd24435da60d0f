import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../../src/core/access/actor.ts';
import type { KeyDraft } from '../../src/coordinator/coordinator-api.ts';
import { freshCoordinator } from './fresh-coordinator.ts';

const DAY_MS = 86_400_000;
const draft = (id: string, overrides: Partial<KeyDraft> = {}): KeyDraft => ({
  id,
  name: id,
  scopes: ['viewer'],
  digest: 'd'.repeat(64),
  expiresAt: null,
  issuedBy: null,
  issuedTo: null,
  ...overrides,
});
const idsOf = (keys: readonly { id: string }[]): string[] => keys.map(({ id }) => id);

describe('revoked keys', () => {
  it('are kept for those who look, and forgotten in the end', async () => {
    const system = freshCoordinator();
    await system.createKey(draft('kept'), SYSTEM);
    await system.createKey(draft('revoked'), SYSTEM);
    await system.createKey(draft('issued', { issuedTo: 'a' }), SYSTEM);
    for (const id of ['revoked', 'issued']) await system.revokeKey(id, { cascade: false }, SYSTEM);
    await system.sweep(Date.now() + 60_000);
    expect(idsOf(await system.keys('', 10))).toEqual(['issued', 'kept', 'revoked']);
    await system.sweep(Date.now() + 2 * 3_600_000);
    expect(idsOf(await system.keys('', 10))).toEqual(['kept', 'revoked']);
    await system.sweep(Date.now() + 31 * DAY_MS);
    expect(idsOf(await system.keys('', 10))).toEqual(['kept']);
  });

  it('reach every edge: as a change, or by everything anew once they are forgotten', async () => {
    const system = freshCoordinator();
    await system.createKey(draft('kept'), SYSTEM);
    await system.createKey(draft('gone', { issuedTo: 'a' }), SYSTEM);
    const edge = await system.syncKeys({ since: 0, continued: false, used: {} });
    expect({ full: edge.full, ids: idsOf(edge.keys) }).toEqual({ full: true, ids: ['kept', 'gone'] });
    await system.revokeKey('gone', { cascade: false }, SYSTEM);
    const told = await system.syncKeys({ since: edge.revision, continued: false, used: {} });
    expect(told).toMatchObject({ full: false, keys: [{ id: 'gone', revokedAt: expect.any(Number), secrets: [] }] });
    await system.sweep(Date.now() + 2 * 3_600_000);
    await system.evict();
    const late = await system.syncKeys({ since: edge.revision, continued: false, used: {} });
    expect({ full: late.full, ids: idsOf(late.keys) }).toEqual({ full: true, ids: ['kept'] });
    const upToDate = await system.syncKeys({ since: late.revision, continued: false, used: {} });
    expect({ full: upToDate.full, keys: upToDate.keys }).toEqual({ full: false, keys: [] });
  });
});
