import { runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredHeartbeat } from '../../../src/registry/storage/heartbeat-store.ts';
import { HeartbeatStore } from '../../../src/registry/storage/heartbeat-store.ts';
import { freshRegistry } from '../fresh-registry.ts';

const IDS = Array.from({ length: 40 }, (_, at) => `c-${at}`);

const heartbeat = fc.record({
  dueAt: fc.integer({ min: 0, max: 1e13 }),
  load: fc.record({
    activeConnections: fc.nat(1_000),
    queueDepth: fc.nat(1_000),
    loadPercentage: fc.option(fc.nat(100)),
  }),
});
const step = fc.oneof(
  { weight: 20, arbitrary: fc.array(fc.tuple(fc.constantFrom(...IDS), heartbeat), { minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constant('evict' as const) },
  { weight: 1, arbitrary: fc.record({ removed: fc.subarray(IDS) }) },
);

const inStorage = (act: (sql: SqlStorage) => void): Promise<void> =>
  runInDurableObject(freshRegistry().stub, (_, { storage }) => act(storage.sql));

const count = (sql: SqlStorage): number => sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM heartbeat_rows').one().n;

describe('the store of heartbeats', () => {
  it('holds the newest heartbeat of each component, whatever was written since and whenever it was evicted', async () => {
    await inStorage((sql) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
          sql.exec('DROP TABLE IF EXISTS heartbeat_rows');
          let store = new HeartbeatStore(sql);
          const expected = new Map<string, StoredHeartbeat>();
          for (const each of steps) {
            if (each === 'evict') store = new HeartbeatStore(sql);
            else if (Array.isArray(each)) {
              store.save(new Map(each));
              for (const [id, stored] of each) expected.set(id, stored);
            } else {
              for (const id of each.removed) expected.delete(id);
              store.retain(expected);
            }
          }
          store.retain(expected);
          for (const id of IDS) expect(pick(store.find(id))).toEqual(expected.get(id));
          const evicted = new HeartbeatStore(sql);
          for (const [id, stored] of expected) expect(pick(evicted.find(id))).toEqual(stored);
          expect(count(sql)).toBeLessThanOrEqual(128);
        }),
        { numRuns: 30 },
      );
    });
  });

  it('costs one row a write, and as many rows as needed for ten thousand components', async () => {
    await inStorage((sql) => {
      const store = new HeartbeatStore(sql);
      const load = { activeConnections: 1, queueDepth: 0, loadPercentage: null };
      const all = new Map(Array.from({ length: 10_000 }, (_, at) => [`c-${at}`, { dueAt: at, load }]));
      store.save(all);
      expect(count(sql)).toBe(5);
      for (let write = 0; write < 1_000; write++) store.save(new Map([[`c-${write % 7}`, { dueAt: write, load }]]));
      expect(count(sql)).toBe(128);
      const evicted = new HeartbeatStore(sql);
      for (let at = 7; at < 10_000; at++) expect(evicted.find(`c-${at}`)?.dueAt).toBe(at);
      expect(evicted.find('c-0')?.dueAt).toBe(994);
    });
  });

  it('reads the other rows when one cannot be read', async () => {
    await inStorage((sql) => {
      const store = new HeartbeatStore(sql);
      const load = { activeConnections: 1, queueDepth: 0, loadPercentage: null };
      for (const id of ['a', 'b', 'c']) store.save(new Map([[id, { dueAt: 5, load }]]));
      sql.exec(`UPDATE heartbeat_rows SET heartbeats = '{"broken' WHERE heartbeats LIKE '%"b"%'`);
      const evicted = new HeartbeatStore(sql);
      expect(['a', 'b', 'c'].map((id) => evicted.find(id)?.dueAt)).toEqual([5, undefined, 5]);
    });
  });
});

function pick(stored: StoredHeartbeat | undefined): StoredHeartbeat | undefined {
  return stored && { dueAt: stored.dueAt, load: stored.load };
}
