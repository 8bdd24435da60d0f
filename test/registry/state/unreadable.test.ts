import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';
import { freshRegistry } from '../fresh-registry.ts';

const SILENT = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
/** No JSON at all, JSON of another kind, and an object of a version that this one does not know. */
const BROKEN = ['{"half', '7', '{"schema":99}'];

describe('a component whose stored row cannot be read', () => {
  const type = 'performance_tracker';

  async function breakRow(id: string): Promise<void> {
    const stub = env.COMPONENT_REGISTRY.getByName(type);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec(`UPDATE components SET registration = '{"schema":99}' WHERE id = ?`, id);
    });
    await evict(stub);
  }

  it('is shown as unreadable, harms no other, and is healed by a registration', async () => {
    const [id, neighbour] = [freshId(), freshId()];
    for (const each of [id, neighbour]) await call('POST', '/v1/components', silentRegistration(each, { type }));
    await breakRow(id);
    const read = await call('GET', `/v1/components/${id}`);
    expectProblem(read, 409, 'component-unreadable');
    expect(read.body.detail).toContain('register it again');
    expectProblem(await call('GET', `/v1/components/${id}/health`), 409, 'component-unreadable');
    expect((await call('GET', `/v1/components/${neighbour}`)).status).toBe(200);
    const list = (await call('GET', `/v1/components?type=${type}`)).body;
    expect(list.unreadable).toEqual([id]);
    expect(list.items.map((item: { id: string }) => item.id)).toContain(neighbour);
    const { body } = await eventually(
      () => call('GET', '/v1/health'),
      (shown) => shown.body.issues.some((issue: { code: string }) => issue.code === 'component-unreadable'),
    );
    expect(body.issues.find((issue: { code: string }) => issue.code === 'component-unreadable')).toMatchObject({
      componentId: id,
      type,
      severity: 'critical',
    });
    expect((await call('PUT', `/v1/components/${id}`, silentRegistration(id, { type }))).status).toBe(200);
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
    expect((await call('GET', `/v1/components?type=${type}`)).body.unreadable).toBeUndefined();
  });

  it('can be removed', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id, { type }));
    await breakRow(id);
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
  });

  it('is unknown to keys that may not see it', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.registerOwned([id], 'owner', SILENT);
    await registry.rows("UPDATE components SET health = '7' WHERE id = ?", id);
    await registry.evict();
    expect(await registry.api.component(id, 'owner')).toMatchObject({ reason: 'component-unreadable' });
    expect(await registry.api.component(id, 'another')).toMatchObject({ reason: 'unknown-component' });
    expect(await registry.api.claimOf(id)).toMatchObject({ owner: 'owner' });
  });
});

describe('every stored shape of a registry', () => {
  const columns = [
    ...['registration', 'lifecycle', 'health', 'recovery', 'shadow'].map((column) => ['components', column] as const),
    ['heartbeat_rows', 'heartbeats'],
    ['drills', 'document'],
    ['component_config', 'overrides'],
    ['asked_actions', 'recovery_order'],
    ['sample_minutes', 'samples'],
    ['scalars', 'value'],
  ] as const;

  /** A row of each table that a plain component does not fill. */
  const ROWS = [
    "INSERT INTO drills (id, began_at, document) VALUES ('d', 1, '{}')",
    "INSERT INTO component_config (component_id, revision, overrides, gone_at) VALUES ('x', 1, '{}', NULL)",
    "INSERT INTO asked_actions (component_id, key, recovery_order, at) VALUES ('x', 'restart k', '{}', 1)",
  ];

  it.each(columns)('%s.%s harms no other component when it cannot be read', async (table, column) => {
    const registry = freshRegistry();
    const [id, neighbour] = [freshId(), freshId()];
    for (const each of [id, neighbour]) {
      await registry.register(each, SILENT);
      await registry.beat(each);
    }
    for (const sql of ROWS)
      await registry.rows(sql).catch((error: unknown) => expect(String(error)).toContain('no column'));
    for (const broken of BROKEN) {
      const [where, ...values] =
        table === 'components'
          ? [' WHERE id = ?', id]
          : table === 'scalars'
            ? [" WHERE name IN ('doubt', 'config')"]
            : [''];
      await registry.rows(`UPDATE ${table} SET ${column} = ?${where}`, broken, ...values);
      await registry.evict();
      expect((await registry.read(neighbour)).id).toBe(neighbour);
      expect((await registry.beat(neighbour)).ok).toBe(true);
      expect((await registry.api.listDrills()).length).toBeLessThanOrEqual(1);
      await registry.api.sweep();
      expect((await registry.api.components({ after: null, limit: 10, metadata: {} })).items.length).toBeGreaterThan(0);
    }
    // Registering again heals the component, whatever was broken.
    expect((await registry.register(id, SILENT)).id).toBe(id);
    expect((await registry.read(id)).id).toBe(id);
  });
});
