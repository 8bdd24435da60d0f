/** Issues of the system itself, apart from its components. Each is reported only as long as it lasts. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { emptyType } from '../../../src/core/health/system-health.ts';
import { reportHistoryHealth } from '../../../src/edge/report-history-health.ts';
import { cronSweep } from '../../../src/sweep/cron-sweep.ts';
import { call } from '../../support/coordinator-http.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ROOT = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r' };

const pushed = (age: number) => ({
  ...emptyType('task_router'),
  counts: { total: 1, healthy: 1, degraded: 0, unhealthy: 0, unknown: 0 },
  routable: 1,
  updatedAt: Date.now() - age,
});

const codes = async (system: FreshCoordinator): Promise<string[]> =>
  (await system.systemHealth()).issues.map(({ code, type }) => (type === null ? code : `${code} ${type}`));

afterEach(() => vi.restoreAllMocks());

describe('the health of the system', () => {
  it('reports a silent registry until that registry publishes again', async () => {
    const system = freshCoordinator();
    await system.publish([], pushed(200_000));
    expect(await codes(system)).toEqual(['registry-silent task_router']);
    expect((await system.systemHealth()).status).toBe('degraded');
    await system.publish([], pushed(0));
    expect(await codes(system)).toEqual([]);
  });

  it('reports since when the history is unavailable, over an eviction, until it is available', async () => {
    const system = freshCoordinator();
    for (let twice = 0; twice < 2; twice++) await system.reportHistoryWrite(false);
    const [issue] = (await system.systemHealth()).issues;
    expect(issue).toMatchObject({ severity: 'warning', code: 'history-unavailable', type: null, componentId: null });
    await system.evict();
    await system.reportHistoryWrite(false);
    expect((await system.systemHealth()).issues).toEqual([issue]);
    await system.reportHistoryWrite(true);
    expect(await codes(system)).toEqual([]);
  });

  it('reports the history unavailable when entries have been pending for long', async () => {
    const system = freshCoordinator();
    const entry = { action: 'key.create', subject: 'k', actor: ROOT, before: null, after: null } as const;
    await system.audit([{ ...entry, id: 'late', at: Date.now() - 180_000 }]);
    expect(await codes(system)).toEqual(['history-unavailable']);
    await system.settleAuditEntries(['late']);
    expect(await codes(system)).toEqual([]);
  });

  it('reports where and since when recoveries are frozen, without becoming degraded', async () => {
    const system = freshCoordinator();
    const put = (type: string | null, recoveryFrozen: boolean) =>
      system.putConfig({
        scope: type === null ? { kind: 'global' } : { kind: 'type', type },
        document: { recoveryFrozen },
        ifRevision: null,
        actor: ROOT,
      });
    await put('task_router', true);
    expect(await codes(system)).toEqual(['recovery-frozen task_router']);
    expect((await system.systemHealth()).status).toBe('unknown');
    await put(null, true);
    expect(await codes(system)).toEqual(['recovery-frozen']);
    const [{ since } = { since: 0 }] = (await system.systemHealth()).issues;
    await system.evict();
    expect((await system.systemHealth()).issues).toMatchObject([{ since }]);
    await put(null, false);
    await put('task_router', false);
    expect(await codes(system)).toEqual([]);
    expect(
      await runInDurableObject(system.stub, (_, state) => state.storage.sql.exec('SELECT * FROM troubles').toArray()),
    ).toEqual([]);
  });
});

const read = async () => (await call('GET', '/v1/health')).body;

const shown = async () => (await read()).issues.map(({ code }: { code: string }) => code);

describe('GET /v1/health', () => {
  it('reports the history unavailable after a writer or the sweep failed to use it', async () => {
    await reportHistoryHealth(false);
    expect(await shown()).toEqual(['history-unavailable']);
    await reportHistoryHealth(true);
    expect(await shown()).toEqual([]);
    await env.HISTORY.exec('ALTER TABLE failures RENAME TO failures_away');
    try {
      await cronSweep(env, Date.now());
      expect(await shown()).toEqual(['history-unavailable']);
    } finally {
      await env.HISTORY.exec('ALTER TABLE failures_away RENAME TO failures');
    }
    await cronSweep(env, Date.now());
    expect(await shown()).toEqual([]);
  });

  it('returns the last known health with its age while the coordinator is unavailable', async () => {
    const before = await read();
    expect(before).toMatchObject({ stale: false, ageMs: 0 });
    interceptCoordinator('systemHealth', () => () => Promise.reject(new Error('unavailable')));
    const response = await call('GET', '/v1/health');
    expect(response).toMatchObject({ status: 200, body: { stale: true, components: before.components } });
    expect(response.body.ageMs).toBeGreaterThanOrEqual(0);
    expect(response.body.issues.map(({ code }: { code: string }) => code)).toContain('coordinator-unreachable');
    vi.restoreAllMocks();
    expect(await read()).toMatchObject({ stale: false, issues: before.issues });
  });
});
