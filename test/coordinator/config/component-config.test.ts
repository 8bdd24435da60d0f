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
const componentScope = (id: string): DocumentScope => ({ kind: 'component', id });

describe('the configuration document of a component', () => {
  it('is stored under the next revision of all documents, and is not sent to edges', async () => {
    const system = freshCoordinator();
    const id = freshId();
    await system.registered(id);
    await put(system, GLOBAL, { failureThreshold: 5, values: { a: 1 } });
    expect(await put(system, componentScope(id), { failureThreshold: 1 }, 0)).toMatchObject({ value: { revision: 2 } });
    expect(await put(system, GLOBAL, { failureThreshold: 6 })).toMatchObject({ value: { revision: 3 } });
    expect(await put(system, componentScope(id), { failureThreshold: 2 })).toMatchObject({ value: { revision: 4 } });
    const edges = await system.syncConfig(-1);
    expect(edges).toMatchObject({ revision: 3, types: new Map() });
    await system.evict();
    expect(await system.configAt(componentScope(id))).toEqual({ revision: 4, document: { failureThreshold: 2 } });
    expect(await system.syncConfig(3)).toBeNull();
    expect(await system.events({ after: 0, types: ['config.changed'], limit: 9, newest: true })).toMatchObject([
      { subject: id, data: { scope: 'component', revision: 4, changed: ['failureThreshold'] } },
      {},
      { subject: id, data: { scope: 'component', revision: 2 } },
      {},
    ]);
  });

  it('has values that edges do not receive', async () => {
    const system = freshCoordinator();
    await put(system, GLOBAL, { failureThreshold: 5, values: { a: 1 }, valuesSchema: { type: 'object' } });
    await put(system, { kind: 'type', type: 'task_router' }, { values: { b: 1 } });
    const edges = await system.syncConfig(-1);
    expect(edges?.global.document).toEqual({ failureThreshold: 5 });
    expect(edges?.types.get('task_router')?.document).toEqual({});
    expect((await system.configDocuments()).global.document).toHaveProperty('values');
  });

  it('requires a registered component', async () => {
    const system = freshCoordinator();
    expect(await put(system, componentScope('nobody'), {})).toMatchObject({ reason: 'unknown-component' });
    await system.claimed('claimed');
    expect(await put(system, componentScope('claimed'), {})).toMatchObject({ reason: 'unknown-component' });
  });

  it('accepts one of several concurrent changes of the same revision', async () => {
    const system = freshCoordinator();
    await system.registered('c');
    const puts = await Promise.all(
      [1, 2, 3].map((failureThreshold) => put(system, componentScope('c'), { failureThreshold }, 0)),
    );
    expect(puts.map(({ ok }) => ok)).toEqual([true, false, false]);
  });

  it('is delivered to the registry of the type, or by the sweep when the delivery was lost', async () => {
    const system = freshCoordinator();
    const registry = freshRegistry();
    const threshold = async (id: string): Promise<number> => {
      const found = await registry.api.recoveryConditions(id);
      return found.ok ? found.value.threshold.failureThreshold : 0;
    };
    const [delivered, undelivered] = [freshId(), freshId()];
    for (const id of [delivered, undelivered]) {
      await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
      await system.registered(id, registry.type);
    }
    await put(system, componentScope(delivered), { failureThreshold: 1 });
    await eventually(
      () => threshold(delivered),
      (at) => at === 1,
    );
    // Simulates a kill between storing and delivery.
    await inside(system, (instance) => void vi.spyOn(instance['runtime'].configDelivery, 'begin').mockReturnValue());
    await put(system, componentScope(undelivered), { failureThreshold: 2 });
    await system.evict();
    expect(await threshold(undelivered)).toBe(3);
    await system.sweep(Date.now());
    expect(await threshold(undelivered)).toBe(2);
    const pending = await inside(system, (instance) => instance['runtime'].componentConfigs.pending(0, 9));
    expect(pending).toEqual([]);
  });

  it('is kept over a removal, delivered again after a re-registration, and deleted after 30 days', async () => {
    const system = freshCoordinator();
    const id = freshId();
    const sequence = await system.registered(id);
    await put(system, componentScope(id), { failureThreshold: 1 });
    await system.sweep(Date.now());
    await system.removed(id, sequence);
    expect(await system.configAt(componentScope(id))).toBeNull();
    await inside(system, (instance) => void vi.spyOn(instance['runtime'].configDelivery, 'begin').mockReturnValue());
    const again = await system.registered(id, 'caws_validator');
    expect(await system.configAt(componentScope(id))).toMatchObject({ document: { failureThreshold: 1 } });
    expect(await inside(system, (instance) => instance['runtime'].componentConfigs.pending(0, 9))).toMatchObject([
      { id, type: 'caws_validator', overrides: { failureThreshold: 1 } },
    ]);
    await system.removed(id, again);
    await system.sweep(Date.now() + OLD);
    const rows = await inside(system, (_, sql) => sql.exec('SELECT 1 FROM config_documents').toArray());
    expect(rows).toEqual([]);
    await system.registered(id);
    expect(await system.configAt(componentScope(id))).toMatchObject({ revision: 0 });
    // A revision is not reused although its document was deleted.
    expect(await put(system, componentScope(id), { failureThreshold: 1 })).toMatchObject({ value: { revision: 2 } });
  });

  it('is validated together with the type and global documents, whichever of them changes', async () => {
    const system = freshCoordinator();
    await system.registered('c');
    expect(await put(system, componentScope('c'), { recoveryTimeout: 10_000, healthyThreshold: 6 })).toMatchObject({
      reason: 'invalid-request',
      faults: [{ path: 'recoveryTimeout' }],
    });
    await put(system, componentScope('c'), { recoveryTimeout: 10_000 });
    expect(await put(system, { kind: 'type', type: 'task_router' }, { healthyThreshold: 6 })).toMatchObject({
      reason: 'invalid-request',
      faults: [{ path: 'healthyThreshold', message: expect.stringContaining('(for component c)') }],
    });
    expect(await put(system, { kind: 'type', type: 'caws_validator' }, { healthyThreshold: 6 })).toMatchObject({
      ok: true,
    });
  });

  it('is validated for ten thousand components at once, up to a size limit', async () => {
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
    expect(await put(system, GLOBAL, { valuesSchema: {} })).toMatchObject({ reason: 'too-many-affected' });
    // A change that does not affect components is not validated against them.
    expect(await put(system, GLOBAL, { valuesSchema, slowStartMs: 1 })).toMatchObject({ ok: true });
  });
});
