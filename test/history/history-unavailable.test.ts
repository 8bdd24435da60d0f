import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { deliverNow, freshRegistry } from '../registry/fresh-registry.ts';
import { call, componentLog, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const TABLES = ['failures', 'recoveries', 'incidents'] as const;

type Table = (typeof TABLES)[number];

async function renameTables(tables: readonly Table[], from: string, to: string): Promise<void> {
  for (const table of tables) await env.HISTORY.exec(`ALTER TABLE ${table}${from} RENAME TO ${table}${to}`);
}

/** Runs `work` while these tables of the history are unavailable. */
async function whileUnavailable<T>(tables: readonly Table[], work: () => Promise<T>): Promise<T> {
  await renameTables(tables, '', '_away');
  try {
    return await work();
  } finally {
    await renameTables(tables, '_away', '');
  }
}

const writtenOf = async (id: string): Promise<string[]> => {
  const { results } = await env.HISTORY.prepare('SELECT id FROM failures WHERE component_id = ?')
    .bind(id)
    .all<{ id: string }>();
  return results.map((row) => row.id).toSorted();
};

describe('a registry while the history is unavailable', () => {
  it('counts pending failures, starts the recovery, and writes each failure once afterwards', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const waiting = () => registry.rows<{ key: string }>(`SELECT key FROM outbox WHERE kind = 'failure' ORDER BY seq`);
    const ids = await whileUnavailable(TABLES, async () => {
      const seen = [];
      for (let reported = 0; reported < 3; reported++) {
        const accepted = await registry.api.reportFailure(id, { message: 'it failed me' }, null);
        if (!accepted.ok) throw new Error(accepted.message);
        seen.push(accepted.value);
      }
      expect(seen.map((each) => each.recentFailures)).toEqual([1, 2, 3]);
      expect(seen.map((each) => each.recoveryId !== null)).toEqual([false, false, true]);
      expect((await registry.read(id)).recoveryId).toBe(seen[2]!.recoveryId);
      await registry.api.sweep();
      expect((await waiting()).map((row) => row.key)).toEqual(seen.map((each) => each.failureId));
      return seen.map((each) => each.failureId).toSorted();
    });
    await registry.api.sweep();
    await eventually(waiting, (rows) => rows.length === 0);
    expect(await writtenOf(id)).toEqual(ids);
    await registry.api.sweep();
    expect(await writtenOf(id)).toEqual(ids);
  });

  it('does not recover a second time from a heartbeat that expired before the first recovery', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const waiting = () => registry.rows(`SELECT key FROM outbox WHERE kind = 'failure'`);
    await whileUnavailable(['failures'], async () => {
      const control = { endpoint: '/control', actions: ['restart'] };
      await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 1_500 }, control });
      await eventually(
        () => registry.read(id),
        (component) => component.recoveryId !== null,
      );
      await eventually(
        async () => {
          await registry.beat(id);
          return registry.read(id);
        },
        (component) => component.recoveryId === null,
      );
      expect(await waiting()).toHaveLength(1);
      await deliverNow(registry);
      expect((await registry.read(id)).recoveryId).toBeNull();
    });
    await registry.beat(id);
    await deliverNow(registry);
    expect(await waiting()).toEqual([]);
    expect((await registry.read(id)).recoveryId).toBeNull();
    expect((await componentLog(id)).control).toHaveLength(1);
    expect(await writtenOf(id)).toHaveLength(1);
  });

  it('counts recorded and pending failures together', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const report = () => registry.api.reportFailure(id, { message: 'it failed me' }, null);
    await report();
    await report();
    const third = await whileUnavailable(TABLES, report);
    expect(third).toMatchObject({ value: { recentFailures: 3, recoveryId: expect.any(String), recorded: false } });
  });

  it('keeps many large reports, and writes them all when the history is available', async () => {
    const registry = freshRegistry();
    // Three components, because the budget of one is thirty rows at once.
    const components = [freshId(), freshId(), freshId()];
    for (const id of components) await registry.register(id, beats);
    const dump = 'x'.repeat(8_000);
    const ids = await whileUnavailable(['failures'], async () => {
      const accepted: string[] = [];
      for (let reported = 0; reported < 90; reported++) {
        const result = await registry.api.reportFailure(
          components[reported % 3]!,
          { message: 'm'.repeat(2_000) },
          { dump },
        );
        if (result.ok) accepted.push(result.value.failureId);
      }
      return accepted;
    });
    expect(ids).toHaveLength(90);
    await deliverNow(registry);
    const written = await Promise.all(components.map(writtenOf));
    expect(written.flat().toSorted()).toEqual(ids.toSorted());
    expect(await registry.rows(`SELECT key FROM outbox WHERE kind = 'failure'`)).toEqual([]);
  });

  it('restarts and proves a component, and writes the recovery when the history is available', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'heals-on-restart');
    const recoveryId = await whileUnavailable(['recoveries', 'incidents'], async () => {
      await registry.register(id, { control: { endpoint: '/control', actions: ['restart'] } });
      for (let check = 0; check < 3; check++) await registry.api.probe(id);
      const begun = await eventually(
        () => registry.read(id),
        (component) => component.recoveryId !== null,
      );
      await eventually(
        () => registry.read(id),
        (component) => component.recoveryId === null && component.health.status === 'healthy',
      );
      return begun.recoveryId!;
    });
    expect((await componentLog(id)).control).toHaveLength(1);
    const { body } = await eventually(
      () => call('GET', `/v1/recoveries/${recoveryId}`),
      (result) => result.body.status === 'successful',
    );
    expect(body.actions).toMatchObject([{ action: 'restart', status: 'done', verification: 'proven' }]);
  });

  it('responds 503 to reads of the history, and still serves components', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, beats));
    await whileUnavailable(TABLES, async () => {
      const reading = await call('GET', '/v1/failures');
      expect(reading).toMatchObject({ status: 503, body: { code: 'history-unavailable' } });
      expect(reading.headers.get('retry-after')).not.toBeNull();
      expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
    });
    expect((await call('GET', '/v1/failures')).status).toBe(200);
  });
});
