import { runInDurableObject } from 'cloudflare:test';
import { expect, it } from 'vitest';
import type { CoordinatorApi } from '../../src/coordinator/contract/coordinator-api.ts';
import { freshCoordinator } from './fresh-coordinator.ts';

const ROOT = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r' };
const BROKEN = ['{"half', '7', '{"schema":99}', '[]'];

/** Every column of the coordinator that holds JSON. */
const COLUMNS = [
  ['config_documents', 'document'],
  ['config_documents', 'changed'],
  ['config_documents', 'changed_by'],
  ['component_configs', 'document'],
  ['shadows', 'root_cause'],
  ['events', 'data'],
  ['type_health', 'document'],
  ['access_keys', 'scopes'],
  ['access_keys', 'secrets'],
  ['access_keys', 'quotas'],
  ['audit_owed', 'entry'],
  ['timeline_owed', 'entry'],
  ['open_incidents', 'muted'],
  ['silences', 'matchers'],
  ['webhooks', 'settings'],
  ['webhooks', 'secret'],
  ['webhook_deliveries', 'attempts'],
] as const;

const health = (type: string) => ({
  type,
  revision: 1,
  counts: { total: 1, healthy: 1, degraded: 0, unhealthy: 0, unknown: 0 },
  routable: 1,
  updatedAt: Date.now(),
  selfDoubtSince: null,
  issues: [],
});

/** Fills each table with a row that will be broken and, where order matters, one that stays. */
async function fill(api: CoordinatorApi): Promise<void> {
  for (const id of ['k1', 'k2'])
    await api.createKey(
      { id, name: id, scopes: ['viewer'], digest: 'd'.repeat(64), expiresAt: null, issue: null },
      ROOT,
    );
  const scope = { kind: 'type', type: 'task_router' } as const;
  await api.putConfig({ scope, document: { failureThreshold: 4 }, ifRevision: null, actor: ROOT });
  const event = { key: 'e1', type: 'component.registered', subject: 'a', time: Date.now(), data: {} } as const;
  await api.publish([event], health('task_router'));
  await api.addSilence(
    {
      id: 's1',
      matchers: { componentId: 'a' },
      comment: 'c',
      createdBy: 'x',
      createdAt: 1,
      until: Date.now() + 600_000,
    },
    ROOT,
  );
  const settings = {
    url: 'https://hooks.example.com/a',
    types: ['*'],
    subjects: null,
    componentTypes: null,
    description: '',
  };
  await api.createWebhook(
    { id: 'h1', settings, secret: `whsec_${btoa('y'.repeat(32))}`, isOwnSecret: true } as never,
    ROOT,
  );
  await api.publish([{ ...event, key: 'e2' }], null);
}

it.each(COLUMNS)('%s.%s harms nothing else when it cannot be read', async (table, column) => {
  const system = freshCoordinator();
  await fill(system);
  for (const broken of BROKEN) {
    await runInDurableObject(system.stub, (_, state) => {
      state.storage.sql.exec(`UPDATE ${table} SET ${column} = ?`, broken);
    });
    await system.evict();
    expect((await system.keys('', 10)).map(({ id }) => id)).toEqual(expect.arrayContaining(['k1', 'k2']));
    expect((await system.syncKeys({ since: null, used: {} })).keys.length).toBeGreaterThan(0);
    expect(await system.systemHealth()).toMatchObject({ status: expect.any(String) });
    const events = await system.events({ after: 0, types: null, limit: 100, newest: false });
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
    expect(await system.configDocuments()).toMatchObject({ revision: expect.any(Number) });
    await system.configHistory({ kind: 'type', type: 'task_router' }, 1_000, 10);
    await system.syncConfig(0);
    await system.silences();
    await system.webhooks('', 10);
    await system.webhookDeliveries('h1', { limit: 10 } as never);
    await system.openIncidents('', 10);
    await system.pendingAuditEntries(10);
    await system.pendingTimelineEntries(10);
    await system.sweep(Date.now());
    expect(await system.registered(`c-${broken.length}`)).toBeGreaterThan(0);
  }
});
