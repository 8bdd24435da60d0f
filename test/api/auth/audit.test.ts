import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { flushAudit } from '../../../src/audit/flush-audit.ts';
import { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { openIncident } from '../../../src/history/incident-history.ts';
import { beginWithoutWorkflow } from '../../recovery/failing-component.ts';
import { freshRegistry } from '../../registry/fresh-registry.ts';
import { cronSweep } from '../../../src/sweep/cron-sweep.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly actor: { keyId: string; keyName: string; address: string | null; requestId: string };
  readonly action: string;
  readonly subject: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- JSON whose shape the test asserts
  readonly before: any;
  // oxlint-disable-next-line typescript/no-explicit-any -- JSON whose shape the test asserts
  readonly after: any;
}

const FROM = { 'cf-connecting-ip': '192.0.2.7', 'x-request-id': 'request-of-the-test' };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Audit entries of a subject, oldest first. */
const entriesOf = async (subject: string): Promise<Entry[]> =>
  (await call('GET', `/v1/audit?subject=${subject}`)).body.items.toReversed();

const awaitEntries = (count: number, subject: string): Promise<Entry[]> =>
  eventually(
    () => entriesOf(subject),
    (entries) => entries.length >= count,
  );

async function whileAuditIsUnavailable<T>(work: () => Promise<T>): Promise<T> {
  await env.HISTORY.exec('ALTER TABLE audit RENAME TO audit_away');
  try {
    return await work();
  } finally {
    await env.HISTORY.exec('ALTER TABLE audit_away RENAME TO audit');
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('audit', () => {
  it('records each change of a component with actor, action, time, address, before and after', async () => {
    const id = freshId();
    const startedAt = Date.now();
    await call('POST', '/v1/components', silentRegistration(id), FROM);
    await call('POST', '/v1/components', silentRegistration(id), FROM);
    await call('PATCH', `/v1/components/${id}`, { weight: 3 }, FROM);
    await call('DELETE', `/v1/components/${id}?drain=60000`, undefined, FROM);
    await call('DELETE', `/v1/components/${id}`, undefined, FROM);
    const entries = await awaitEntries(4, id);
    expect(entries.map(({ action }) => action)).toEqual([
      'component.register',
      'component.update',
      'component.drain',
      'component.remove',
    ]);
    expect(entries.map(({ before, after }) => [before?.weight ?? null, after?.weight ?? null])).toEqual([
      [null, 1],
      [1, 3],
      [3, 3],
      [3, null],
    ]);
    for (const { actor, at } of entries) {
      expect(actor).toMatchObject({ keyId: 'root', address: '192.0.2.7', requestId: 'request-of-the-test' });
      expect(Date.parse(at)).toBeGreaterThanOrEqual(startedAt);
    }
  });

  it('records a key by its id and name', async () => {
    const { id, key } = (await call('POST', '/v1/keys', { name: 'night shift', scopes: ['operator'] }, FROM)).body;
    const component = freshId();
    await call('POST', '/v1/components', silentRegistration(component), bearer(key));
    await call('POST', `/v1/keys/${id}/rotate`, {}, FROM);
    await call('DELETE', `/v1/keys/${id}`, undefined, FROM);
    const entries = await awaitEntries(3, id);
    expect(entries.map(({ action }) => action)).toEqual(['key.create', 'key.rotate', 'key.revoke']);
    expect(entries[0]).toMatchObject({ before: null, after: { name: 'night shift', scopes: ['operator'] } });
    expect((await awaitEntries(1, component))[0]!.actor).toMatchObject({ keyId: id, keyName: 'night shift' });
    expect((await call('GET', `/v1/audit?keyId=${id}`)).body.items).toHaveLength(1);
  });

  it('returns pages, filtered by action', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at++)
      ids.push((await call('POST', '/v1/keys', { name: 'paged', scopes: ['viewer'] })).body.id as string);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await call('GET', `/v1/audit?action=key.create&limit=2${cursor}`);
      expect(body.items.every(({ action }: Entry) => action === 'key.create')).toBe(true);
      seen.push(...body.items.map(({ subject }: Entry) => subject));
      cursor = body.nextCursor === null ? '' : `&cursor=${encodeURIComponent(body.nextCursor)}`;
    } while (cursor !== '');
    expect(seen.filter((id) => ids.includes(id)).toSorted()).toEqual(ids.toSorted());
    expect(new Set(seen).size).toBe(seen.length);
    expectProblem(await call('GET', '/v1/audit?action=nonsense'), 422, 'invalid-request');
  });

  it('returns entries of a time range', async () => {
    const { id } = (await call('POST', '/v1/keys', { name: 'timed', scopes: ['viewer'] })).body;
    const [{ at } = { at: '' }] = await awaitEntries(1, id);
    const after = new Date(Date.parse(at) + 1).toISOString();
    const counted = async (query: string) =>
      (await call('GET', `/v1/audit?subject=${id}&${query}`)).body.items.length as number;
    expect(await counted(`since=${at}`)).toBe(1);
    expect(await counted(`since=${after}`)).toBe(0);
    expect(await counted(`until=${at}`)).toBe(0);
    expect(await counted(`since=${at}&until=${after}`)).toBe(1);
    expectProblem(await call('GET', '/v1/audit?since=yesterday'), 422, 'invalid-request');
  });

  it('records acknowledging and resolving an incident once each', async () => {
    const componentId = freshId();
    const incidentId = `i-${crypto.randomUUID().replaceAll('-', '')}`;
    await openIncident(env.HISTORY, {
      id: incidentId,
      status: 'open',
      severity: 'critical',
      priority: null,
      title: 't',
      summary: 's',
      componentId,
      componentType: 'task_router',
      recoveryId: null,
      failureType: null,
      repeats: 0,
      openedAt: Date.now(),
      acknowledgedAt: null,
      resolvedAt: null,
    });
    for (const move of ['acknowledge', 'acknowledge', 'resolve', 'resolve', 'acknowledge'])
      await call('POST', `/v1/incidents/${incidentId}/${move}`, undefined, FROM);
    const entries = await awaitEntries(2, componentId);
    expect(entries).toMatchObject([
      {
        action: 'incident.acknowledge',
        actor: { keyId: 'root', address: '192.0.2.7', requestId: 'request-of-the-test' },
        before: { incidentId, status: 'open' },
        after: { incidentId, status: 'acknowledged' },
      },
      {
        action: 'incident.resolve',
        before: { incidentId, status: 'acknowledged' },
        after: { incidentId, status: 'resolved' },
      },
    ]);
    expect(entries).toHaveLength(2);
    const first = await call('GET', `/v1/audit?subject=${componentId}&limit=1`);
    const second = await call('GET', `/v1/audit?subject=${componentId}&limit=1&cursor=${first.body.nextCursor}`);
    expect([first, second].map(({ body }) => body.items[0].action)).toEqual([
      'incident.resolve',
      'incident.acknowledge',
    ]);
  });

  it('records the cancellation of a recovery once', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    const cancel = () => call('POST', `/v1/recoveries/${recoveryId}/cancel`, undefined, FROM);
    expect((await cancel()).status).toBe(404);
    await env.HISTORY.prepare(
      `INSERT INTO recoveries (id, component_id, component_type, failure_type, failure_id, status, reason, started_at, deadline, actions)
       VALUES (?, ?, ?, 'internal_error', 'f', 'running', 'r', ?, ?, '[]')`,
    )
      .bind(recoveryId, id, registry.type, Date.now(), Date.now() + 60_000)
      .run();
    for (let time = 0; time < 2; time++) expect((await cancel()).status).toBe(202);
    expect(await awaitEntries(1, recoveryId)).toMatchObject([
      { action: 'recovery.cancel', actor: { keyId: 'root' }, before: { componentId: id, status: 'running' } },
    ]);
  });

  it('is written after the response, without a read of the audit', async () => {
    const { id } = (await call('POST', '/v1/keys', { name: 'unseen', scopes: ['viewer'] })).body;
    const select = env.HISTORY.prepare('SELECT id FROM audit WHERE subject = ?').bind(id);
    await eventually(
      async () => {
        // A flush runs at most once a second: a later change flushes the entries that an earlier one left.
        await call('POST', '/v1/keys', { name: 'unseen too', scopes: ['viewer'] });
        return (await select.all()).results;
      },
      (rows) => rows.length === 1,
      5_000,
    );
  });

  it('is not flushed by calls that are never audited', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    const pendingReads = vi.spyOn(SystemCoordinator.prototype, 'pendingAuditEntries');
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
    expect((await call('POST', `/v1/components/${id}/heartbeat`, {})).status).toBe(200);
    expect((await call('POST', '/v1/route', { type: 'task_router' })).status).toBe(200);
    const failed = await call('POST', `/v1/components/${id}/failures`, { error: { message: 'it failed me' } });
    expect(failed.status).toBe(202);
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
    await coordinator().pendingAuditEntries(1);
    expect(pendingReads).toHaveBeenCalledTimes(1);
    await call('PATCH', `/v1/components/${id}`, { weight: 2 });
    await eventually(
      async () => pendingReads.mock.calls.length,
      (calls) => calls > 1,
      5_000,
    );
  });

  it('rejects updates, and deletes of recent entries', async () => {
    const { id } = (await call('POST', '/v1/keys', { name: 'kept', scopes: ['viewer'] })).body;
    await awaitEntries(1, id);
    const run = (sql: string) => env.HISTORY.prepare(sql).bind(id).run();
    await expect(run("UPDATE audit SET key_name = 'somebody else' WHERE subject = ?")).rejects.toThrow('append-only');
    await expect(run('DELETE FROM audit WHERE subject = ?')).rejects.toThrow('append-only');
    await env.HISTORY.prepare(
      `INSERT INTO audit (id, at, key_id, key_name, request_id, action, subject) VALUES ('old', 1, 'k', 'k', '', 'key.create', 's')`,
    ).run();
    await cronSweep(env, Date.now());
    expect((await entriesOf('s')).length).toBe(0);
    expect((await entriesOf(id)).length).toBe(1);
  });

  it('keeps entries through an eviction while D1 is unavailable, then writes each once', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const component = freshId();
    const id = await whileAuditIsUnavailable(async () => {
      const made = await call('POST', '/v1/keys', { name: 'made meanwhile', scopes: ['viewer'] });
      expect(made.status).toBe(201);
      expect((await call('GET', '/v1/health', undefined, bearer(made.body.key))).status).toBe(200);
      expect((await call('POST', '/v1/components', silentRegistration(component))).status).toBe(201);
      expectProblem(await call('GET', '/v1/audit'), 503, 'history-unavailable');
      await evict(env.SYSTEM_COORDINATOR.getByName('system'));
      await cronSweep(env, Date.now());
      return made.body.id as string;
    });
    await Promise.all([flushAudit(env.HISTORY), flushAudit(env.HISTORY)]);
    expect((await awaitEntries(1, id)).length).toBe(1);
    expect((await awaitEntries(1, component)).length).toBe(1);
    await flushAudit(env.HISTORY);
    expect((await entriesOf(id)).length).toBe(1);
    await eventually(
      () => coordinator().pendingAuditEntries(10),
      (pending) => pending.length === 0,
    );
  });
});

/** Every value of every table of an object, as text. */
const dumpOf = (stub: DurableObjectStub): Promise<string> =>
  runInDurableObject(stub, (_, state) => {
    const { sql } = state.storage;
    const tables = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
      )
      .toArray()
      .filter(({ name }) => name !== 'sqlite_sequence');
    return JSON.stringify(tables.map(({ name }) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()]));
  });

async function dumpOfHistory(): Promise<string> {
  const { results } = await env.HISTORY.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  ).all<{ name: string }>();
  const dumps = [];
  for (const { name } of results)
    dumps.push([name, (await env.HISTORY.prepare(`SELECT * FROM "${name}"`).all()).results]);
  return JSON.stringify(dumps);
}

const asText = (value: unknown): string =>
  value instanceof Error ? `${value.stack} ${String(value.cause)}` : (JSON.stringify(value) ?? String(value));

describe('secrets', () => {
  it('appear in no table, event, audit entry or log line', async () => {
    const logged: string[] = [];
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
      vi.spyOn(console, method).mockImplementation(
        (...values: unknown[]) => void logged.push(values.map(asText).join(' ')),
      );
    const keys: string[] = [];
    const make = async (...scopes: string[]) => {
      const { body } = await call('POST', '/v1/keys', { name: 'a secret', scopes });
      keys.push(body.key);
      return body as { id: string; key: string };
    };
    const registrar = await make('registrar:task_router');
    const viewer = await make('viewer', 'router');
    keys.push((await call('POST', `/v1/keys/${viewer.id}/rotate`, {})).body.key);
    const id = freshId();
    const control = { control: { endpoint: '/control', actions: ['restart'] } };
    const registered = await call('POST', '/v1/components', silentRegistration(id, control), bearer(registrar.key));
    keys.push(registered.body.key.key);
    keys.push((await call('POST', `/v1/components/${id}/key`, undefined, bearer(keys.at(-1)!))).body.key);
    const own = bearer(keys.at(-1)!);
    for (const key of keys) await call('GET', '/v1/health', undefined, bearer(key));
    const { secret } = (await call('GET', `/v1/components/${id}/control-secret`, undefined, own)).body;
    const fresh = (await call('POST', `/v1/components/${id}/control-secret/rotate`, undefined, own)).body.secret;
    expect(fresh).toMatch(/^whsec_/);
    await call('POST', `/v1/components/${id}/failures`, { error: { message: 'it failed me' } }, own);
    await call('POST', '/v1/components', '{', bearer(registrar.key));
    expect(secret).toMatch(/^whsec_/);
    await awaitEntries(1, registrar.id);
    await flushAudit(env.HISTORY);

    const registry = await dumpOf(env.COMPONENT_REGISTRY.getByName('task_router'));
    const system = await dumpOf(env.SYSTEM_COORDINATOR.getByName('system'));
    const history = await dumpOfHistory();
    for (const table of ['failures', 'recoveries', 'incidents', 'audit']) expect(history).toContain(`["${table}",[`);
    expect(history).toContain(registrar.id);
    const published = JSON.stringify((await call('GET', '/v1/events?limit=1000')).body);
    expect(published).toContain(id);
    // Proves that the spies capture log lines.
    console.error('heard');
    expect(logged.join()).toContain('heard');
    const everywhere = [registry, system, history, published, logged.join('\n')];
    expect(system).toContain(registrar.id);
    expect(registry).toContain(id);
    for (const key of keys) {
      const bytes = key.slice(17, 17 + 64);
      expect(bytes).toMatch(/^[0-9a-f]{64}$/);
      for (const text of everywhere) {
        expect(text).not.toContain(bytes);
        expect(text).not.toContain(bytes.slice(0, 24));
      }
    }
    // The registry stores the control secret for signing; every other place must not contain it.
    for (const text of everywhere.slice(1)) for (const each of [secret, fresh]) expect(text).not.toContain(each);
  });
});
