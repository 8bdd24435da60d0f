import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { AuditStore } from '../../../src/coordinator/audit/audit-store.ts';
import { EndedSessionStore } from '../../../src/coordinator/keys/ended-session-store.ts';
import { Keys } from '../../../src/coordinator/keys/keys.ts';
import { KeyCounterStore } from '../../../src/coordinator/keys/key-counter-store.ts';
import { KeyStore } from '../../../src/coordinator/keys/key-store.ts';
import type { Actor } from '../../../src/core/access/actor.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ROOT: Actor = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r' };
const MAX_KEYS = 50_000;
const DAY_MS = 86_400_000;
const draft = (id: string, expiresAt: number | null = null) => ({
  id,
  name: id,
  scopes: ['viewer'],
  digest: 'd'.repeat(64),
  expiresAt,
  issue: null,
});

/** Inserts rows as they were stored before keys were counted. */
const fill = (system: FreshCoordinator, count: number): Promise<void> =>
  runInDurableObject(system.stub, (_, { storage }) => {
    storage.sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO access_keys (id, name, scopes, secrets, created_at, revision)
       SELECT 'old-' || i, 'old', '[]', '[]', 0, i FROM n`,
      count,
    );
    storage.sql.exec("DELETE FROM access_key_scalars WHERE name = 'in-force'");
  });

const made = async (system: FreshCoordinator, id: string): Promise<string> => {
  const result = await system.createKey(draft(id), ROOT);
  return result.ok ? 'made' : result.reason;
};

describe('the count of keys', () => {
  it('is computed for a store from before the counter existed, and stays correct', async () => {
    const system = freshCoordinator();
    await system.keys('', 1);
    await fill(system, MAX_KEYS - 1);
    await system.evict();
    expect([await made(system, 'last'), await made(system, 'beyond')]).toEqual(['made', 'key-limit']);
    await system.rotateKey('last', { digest: 'e'.repeat(64), overlapMs: 0 }, ROOT);
    for (let time = 0; time < 2; time++) await system.revokeKey('last', { cascade: false }, ROOT);
    await system.evict();
    expect([await made(system, 'next'), await made(system, 'beyond')]).toEqual(['made', 'key-limit']);
    expect(await made(system, 'next')).toBe('made');
  });

  it('decreases when keys expire or are revoked', async () => {
    const system = freshCoordinator();
    await system.keys('', 1);
    await fill(system, MAX_KEYS - 2);
    await system.evict();
    const expiresAt = Date.now() + 60_000;
    for (const id of ['short', 'revoked']) await system.createKey(draft(id, expiresAt), ROOT);
    expect(await made(system, 'beyond')).toBe('key-limit');
    await system.revokeKey('revoked', { cascade: false }, ROOT);
    for (let time = 0; time < 2; time++) await system.sweep(expiresAt + 31 * DAY_MS);
    expect(await system.key('short')).toBeNull();
    for (const id of ['next', 'last']) expect(await made(system, id)).toBe('made');
    expect(await made(system, 'beyond')).toBe('key-limit');
  });

  it('is read, not computed again, for each new key', async () => {
    const system = freshCoordinator();
    await system.keys('', 1);
    await fill(system, 1_000);
    await system.evict();
    const rowsRead = await runInDurableObject(system.stub, (_, { storage: { sql } }) => {
      const cursors: { readonly rowsRead: number }[] = [];
      const counting = {
        exec: (...args: Parameters<SqlStorage['exec']>) => {
          const cursor = sql.exec(...args);
          cursors.push(cursor);
          return cursor;
        },
      } as unknown as SqlStorage;
      const scalars = new KeyCounterStore(counting);
      const keys = new KeyStore(counting, scalars);
      const service = new Keys(keys, new EndedSessionStore(sql, scalars), new AuditStore(sql));
      cursors.length = 0;
      expect(service.create(draft('new'), ROOT, Date.now()).ok).toBe(true);
      return cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
    });
    expect(rowsRead).toBeLessThan(50);
  });
});
