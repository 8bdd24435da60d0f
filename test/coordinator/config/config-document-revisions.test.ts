import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import type { Actor } from '../../../src/core/access/actor.ts';
import type { VersionCondition } from '../../../src/core/version-condition.ts';
import type { ConfigScope } from '../../../src/core/config/config-documents.ts';
import { GLOBAL } from '../../../src/core/config/config-documents.ts';
import type { TypeConfig } from '../../../src/core/config/settings.ts';
import type { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ACTOR: Actor = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r-1' };
const ROUTER: ConfigScope = { kind: 'type', type: 'task_router' };

const put = (system: FreshCoordinator, scope: ConfigScope, document: TypeConfig, ifRevision: VersionCondition = null) =>
  system.putConfig({ scope, document, ifRevision, actor: ACTOR });

const eventsOf = (system: FreshCoordinator) =>
  system.events({ after: 0, types: ['config.changed'], limit: 100, newest: false });

describe('a configuration document', () => {
  it('is stored under the next revision, with its event and its audit entry', async () => {
    const system = freshCoordinator();
    const first = await put(system, GLOBAL, { failureThreshold: 5 });
    expect(first).toMatchObject({
      ok: true,
      value: { revision: 1, document: { failureThreshold: 5 }, created: false },
    });
    const second = await put(system, ROUTER, { slowStartMs: 0, trafficSplit: [] });
    expect(second).toMatchObject({ ok: true, value: { revision: 2 } });
    expect(await put(system, GLOBAL, { failureThreshold: 7 })).toMatchObject({ ok: true, value: { revision: 3 } });
    const documents = await system.configDocuments();
    expect(documents).toMatchObject({ revision: 3, global: { revision: 3, document: { failureThreshold: 7 } } });
    expect(documents.types.get('task_router')).toMatchObject({ revision: 2 });
    expect(await eventsOf(system)).toMatchObject([
      { subject: 'global', data: { scope: 'global', revision: 1, changed: ['failureThreshold'] } },
      { subject: 'task_router', data: { scope: 'type', revision: 2, changed: ['slowStartMs', 'trafficSplit'] } },
      { subject: 'global', data: { scope: 'global', revision: 3, changed: ['failureThreshold'] } },
    ]);
    expect((await system.pendingAuditEntries(10)).slice(1)).toMatchObject([
      { action: 'config.change', subject: 'task_router', actor: ACTOR, before: {}, after: { slowStartMs: 0 } },
      { subject: 'global', before: { failureThreshold: 5 }, after: { failureThreshold: 7 } },
    ]);
  });

  it('survives an eviction', async () => {
    const system = freshCoordinator();
    await put(system, GLOBAL, { failureThreshold: 5 });
    await put(system, { kind: 'type', type: 'constructor' }, { requestTypes: ['building'] });
    const before = await system.configDocuments();
    await system.evict();
    expect(await system.configDocuments()).toEqual(before);
    expect(await put(system, GLOBAL, {})).toMatchObject({ value: { revision: 3 } });
  });

  it('has no effect when it is put again unchanged', async () => {
    const system = freshCoordinator();
    expect(await put(system, ROUTER, {})).toMatchObject({ ok: true, value: { revision: 0, created: false } });
    for (let time = 0; time < 2; time++)
      expect(await put(system, ROUTER, { slowStartMs: 0, panicThreshold: 50 })).toMatchObject({
        value: { revision: 1 },
      });
    expect(await put(system, ROUTER, { panicThreshold: 50, slowStartMs: 0 }, 1)).toMatchObject({
      value: { revision: 1 },
    });
    expect(await eventsOf(system)).toHaveLength(1);
    expect(await system.pendingAuditEntries(10)).toHaveLength(1);
  });

  it('replaces only the revision that the caller names', async () => {
    const system = freshCoordinator();
    expect(await put(system, ROUTER, { slowStartMs: 1 }, 0)).toMatchObject({ ok: true });
    const stale = await put(system, ROUTER, { slowStartMs: 2 }, 0);
    expect(stale).toMatchObject({ reason: 'precondition-failed', message: expect.stringContaining('revision 1') });
    // A change of another document does not matter.
    await put(system, GLOBAL, { slowStartMs: 9 });
    expect(await put(system, ROUTER, { slowStartMs: 2 }, 1)).toMatchObject({ ok: true, value: { revision: 3 } });
  });

  it('accepts one of several concurrent changes of the same revision', async () => {
    const system = freshCoordinator();
    const puts = await Promise.all([1, 2, 3].map((slowStartMs) => put(system, ROUTER, { slowStartMs }, 0)));
    expect(puts.map(({ ok }) => ok)).toEqual([true, false, false]);
  });

  it('adds a new component type to the system', async () => {
    const system = freshCoordinator();
    const scope: ConfigScope = { kind: 'type', type: 'tea_maker' };
    for (const condition of [0, 'present'] as const)
      expect(await put(system, scope, {}, condition)).toMatchObject({ reason: 'precondition-failed' });
    expect(await put(system, scope, {}, 'absent')).toMatchObject({ ok: true, value: { revision: 1, created: true } });
    expect(await put(system, scope, {}, 1)).toMatchObject({ ok: true, value: { revision: 1, created: false } });
    expect((await system.systemHealth()).byType).toHaveProperty('tea_maker');
    await system.evict();
    expect((await system.systemHealth()).byType).toHaveProperty('tea_maker');
  });

  it('leaves no trace when it is refused', async () => {
    const system = freshCoordinator();
    const refused = await put(system, { kind: 'type', type: 'tea_maker' }, { requestTypes: ['task_routing'] });
    expect(refused).toMatchObject({ reason: 'request-type-conflict', faults: [{ path: 'requestTypes[0]' }] });
    expect(await put(system, GLOBAL, { maxDetectionMs: 1 })).toMatchObject({ reason: 'invalid-request' });
    const revoked = { ...ACTOR, keyId: '0123456789ab' };
    expect(await system.putConfig({ scope: GLOBAL, document: {}, ifRevision: null, actor: revoked })).toMatchObject({
      reason: 'unauthorized',
    });
    expect(await system.configDocuments()).toEqual({
      revision: 0,
      global: { revision: 0, document: {} },
      types: new Map(),
    });
    expect(await eventsOf(system)).toEqual([]);
    expect(await system.pendingAuditEntries(10)).toEqual([]);
  });

  it('is rolled back when its event cannot be logged', async () => {
    const stub = env.SYSTEM_COORDINATOR.getByName(crypto.randomUUID());
    await runInDurableObject(stub, async (instance: SystemCoordinator) => {
      const request = { scope: GLOBAL, document: { failureThreshold: 9 }, ifRevision: null, actor: ACTOR };
      vi.spyOn(instance['runtime'].eventStore, 'append').mockImplementationOnce(() => {
        throw new Error('full');
      });
      await expect(instance.putConfig(request)).rejects.toThrow('full');
      expect(await instance.configDocuments()).toMatchObject({ revision: 0, global: { document: {} } });
      expect(await instance.putConfig(request)).toMatchObject({ ok: true, value: { revision: 1 } });
    });
  });

  it('keeps its last hundred revisions', async () => {
    const name = crypto.randomUUID();
    const stub = env.SYSTEM_COORDINATOR.getByName(name);
    const kept = await runInDurableObject(stub, async (instance: SystemCoordinator, state) => {
      const change = (scope: ConfigScope, failureWindow: number) =>
        instance.putConfig({ scope, document: { failureWindow }, ifRevision: null, actor: ACTOR });
      await change(ROUTER, 5_000);
      for (let time = 0; time < 105; time++) await change(GLOBAL, 1_000 + time);
      return state.storage.sql
        .exec<{ scope: string; n: number; last: number }>(
          'SELECT scope, COUNT(*) AS n, MAX(revision) AS last FROM config_documents GROUP BY scope ORDER BY scope',
        )
        .toArray();
    });
    expect(kept).toEqual([
      { scope: 'global', n: 101, last: 106 },
      { scope: 'type:task_router', n: 1, last: 1 },
    ]);
  });
});

describe('syncConfig', () => {
  it('returns all documents, or null when the edge has the current revision', async () => {
    const system = freshCoordinator();
    expect(await system.syncConfig(-1)).toMatchObject({ revision: 0 });
    expect(await system.syncConfig(0)).toBeNull();
    await put(system, ROUTER, { slowStartMs: 0 });
    const sync = await system.syncConfig(0);
    expect(sync?.types.get('task_router')).toEqual({ revision: 1, document: { slowStartMs: 0 } });
    expect(await system.syncConfig(1)).toBeNull();
    // The coordinator's storage was restored: the edge must not keep documents that no longer exist.
    expect(await system.syncConfig(7)).toMatchObject({ revision: 1 });
  });
});
