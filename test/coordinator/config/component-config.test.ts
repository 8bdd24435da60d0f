import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import type { Actor } from '../../../src/core/access/actor.ts';
import type { DocumentScope } from '../../../src/core/config/config-documents.ts';
import { GLOBAL } from '../../../src/core/config/config-documents.ts';
import type { TypeConfig } from '../../../src/core/config/settings.ts';
import type { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import { freshRegistry } from '../../registry/fresh-registry.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ACTOR: Actor = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r-1' };
const OLD = 31 * 86_400_000;

const put = (system: FreshCoordinator, scope: DocumentScope, document: TypeConfig, ifRevision: number | null = null) =>
  system.putConfig({ scope, document, ifRevision, actor: ACTOR });
const inside = <T>({ stub }: FreshCoordinator, look: (instance: SystemCoordinator, sql: SqlStorage) => T): Promise<T> =>
  runInDurableObject(stub as DurableObjectStub<SystemCoordinator>, (instance, state) =>
    look(instance, state.storage.sql),
  );
const of = (id: string): DocumentScope => ({ kind: 'component', id });

describe('the document of a component', () => {
  it('is stored under the number that follows all others, and is not among what edges fetch', async () => {
    const system = freshCoordinator();
    const id = freshId();
    await system.registered(id);
    await put(system, GLOBAL, { failureThreshold: 5, values: { a: 1 } });
    expect(await put(system, of(id), { failureThreshold: 1 }, 0)).toMatchObject({ value: { revision: 2 } });
    expect(await put(system, GLOBAL, { failureThreshold: 6 })).toMatchObject({ value: { revision: 3 } });
    expect(await put(system, of(id), { failureThreshold: 2 })).toMatchObject({ value: { revision: 4 } });
    const edges = await system.syncConfig(-1);
    expect(edges).toMatchObject({ revision: 3, types: new Map() });
    await system.evict();
    expect(await system.configAt(of(id))).toEqual({ revision: 4, document: { failureThreshold: 2 } });
    expect(await system.syncConfig(3)).toBeNull();
    expect(await system.events({ after: 0, types: ['config.changed'], limit: 9, newest: true })).toMatchObject([
      { subject: id, data: { scope: 'component', revision: 4, changed: ['failureThreshold'] } },
      {},
      { subject: id, data: { scope: 'component', revision: 2 } },
      {},
    ]);
  });

  it('does not bring values to edges', async () => {
    const system = freshCoordinator();
    await put(system, GLOBAL, { failureThreshold: 5, values: { a: 1 }, valuesSchema: { type: 'object' } });
    await put(system, { kind: 'type', type: 'task_router' }, { values: { b: 1 } });
    const edges = await system.syncConfig(-1);
    expect(edges?.global.document).toEqual({ failureThreshold: 5 });
    expect(edges?.types.get('task_router')?.document).toEqual({});
    expect((await system.configDocuments()).global.document).toHaveProperty('values');
  });

  it('is only for one that is registered', async () => {
    const system = freshCoordinator();
    expect(await put(system, of('nobody'), {})).toMatchObject({ reason: 'unknown-component' });
    await system.claimed('claimed');
    expect(await put(system, of('claimed'), {})).toMatchObject({ reason: 'unknown-component' });
  });

  it('of two at once over the same revision one wins', async () => {
    const system = freshCoordinator();
    await system.registered('c');
    const puts = await Promise.all([1, 2, 3].map((failureThreshold) => put(system, of('c'), { failureThreshold }, 0)));
    expect(puts.map(({ ok }) => ok)).toEqual([true, false, false]);
  });

  it('reaches the registry of its type, or by the sweep when it was not told', async () => {
    const system = freshCoordinator();
    const registry = freshRegistry();
    const threshold = async (id: string): Promise<number> => {
      const found = await registry.api.recoveryConditions(id);
      return found.ok ? found.value.threshold.failureThreshold : 0;
    };
    const [told, lost] = [freshId(), freshId()];
    for (const id of [told, lost]) {
      await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
      await system.registered(id, registry.type);
    }
    await put(system, of(told), { failureThreshold: 1 });
    await eventually(
      () => threshold(told),
      (at) => at === 1,
    );
    // Killed between the two: stored, and nobody told.
    await inside(system, (instance) => void vi.spyOn(instance['runtime'].configDelivery, 'begin').mockReturnValue());
    await put(system, of(lost), { failureThreshold: 2 });
    await system.evict();
    expect(await threshold(lost)).toBe(3);
    await system.sweep(Date.now());
    expect(await threshold(lost)).toBe(2);
    const owed = await inside(system, (instance) => instance['runtime'].componentConfigs.pending(0, 9));
    expect(owed).toEqual([]);
  });

  it('stays for one that goes and returns, is told anew, and is forgotten after 30 days', async () => {
    const system = freshCoordinator();
    const id = freshId();
    const sequence = await system.registered(id);
    await put(system, of(id), { failureThreshold: 1 });
    await system.sweep(Date.now());
    await system.removed(id, sequence);
    expect(await system.configAt(of(id))).toBeNull();
    await inside(system, (instance) => void vi.spyOn(instance['runtime'].configDelivery, 'begin').mockReturnValue());
    const again = await system.registered(id, 'caws_validator');
    expect(await system.configAt(of(id))).toMatchObject({ document: { failureThreshold: 1 } });
    expect(await inside(system, (instance) => instance['runtime'].componentConfigs.pending(0, 9))).toMatchObject([
      { id, type: 'caws_validator', overrides: { failureThreshold: 1 } },
    ]);
    await system.removed(id, again);
    await system.sweep(Date.now() + OLD);
    const rows = await inside(system, (_, sql) => sql.exec('SELECT 1 FROM config_documents').toArray());
    expect(rows).toEqual([]);
    await system.registered(id);
    expect(await system.configAt(of(id))).toMatchObject({ revision: 0 });
    // A number is not given twice, though its document is forgotten.
    expect(await put(system, of(id), { failureThreshold: 1 })).toMatchObject({ value: { revision: 2 } });
  });

  it('is judged with what is above it, whichever of them changes', async () => {
    const system = freshCoordinator();
    await system.registered('c');
    expect(await put(system, of('c'), { recoveryTimeout: 10_000, healthyThreshold: 6 })).toMatchObject({
      reason: 'invalid-request',
      faults: [{ path: 'recoveryTimeout' }],
    });
    await put(system, of('c'), { recoveryTimeout: 10_000 });
    expect(await put(system, { kind: 'type', type: 'task_router' }, { healthyThreshold: 6 })).toMatchObject({
      reason: 'invalid-request',
      faults: [{ path: 'healthyThreshold', message: expect.stringContaining('(for component c)') }],
    });
    expect(await put(system, { kind: 'type', type: 'caws_validator' }, { healthyThreshold: 6 })).toMatchObject({
      ok: true,
    });
  });

  it('of ten thousand are judged in one go, up to so much', async () => {
    const system = freshCoordinator();
    await inside(system, (instance, sql) => {
      sql.exec(`WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 10000)
        INSERT INTO component_configs (component_id, type, revision, document, length, ruled, valued, told)
        SELECT 'c' || at, 'task_router', 1, '{"values":{"limit":' || at || ',"name":"' || hex(zeroblob(300)) || '"}}', 640, 0, 1, 1 FROM n`);
      void instance;
    });
    const valuesSchema = { properties: { limit: { type: 'integer', maximum: 10_000 }, name: { pattern: '^0+$' } } };
    expect(await put(system, GLOBAL, { valuesSchema })).toMatchObject({ ok: true });
    const refused = await put(system, GLOBAL, { valuesSchema: { properties: { limit: { maximum: 9_999 } } } });
    expect(refused).toMatchObject({ faults: [{ path: 'values.limit', message: expect.stringContaining('c10000') }] });
    await inside(system, (_, sql) => void sql.exec('UPDATE component_configs SET length = 900'));
    expect(await put(system, GLOBAL, { valuesSchema: {} })).toMatchObject({ reason: 'too-much-concerned' });
    // What concerns none of them is no matter of theirs.
    expect(await put(system, GLOBAL, { valuesSchema, slowStartMs: 1 })).toMatchObject({ ok: true });
  });
});
