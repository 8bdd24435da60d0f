import { runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { IncidentReport } from '../../../src/core/incident/incident-report.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ACTOR = { keyId: 'root', keyName: 'tests', address: null, requestId: 'q' };
const MINUTE = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

const raise = (recovery: number, more: Partial<IncidentReport> = {}): IncidentReport => ({
  componentId: 'a',
  componentType: 'task_router',
  failureType: 'timeout_failure',
  severity: 'critical',
  recoveryId: `r-${String(recovery).padStart(32, '0')}`,
  title: 't',
  summary: `attempt ${recovery}`,
  at: Date.now(),
  ...more,
});

const silence = (id: string, durationMs: number) => ({
  id,
  matchers: { componentId: 'a' },
  comment: 'we know',
  createdBy: 'tests',
  createdAt: Date.now(),
  until: Date.now() + durationMs,
});

const alertsOf = ({ stub }: FreshCoordinator): Promise<string[]> =>
  runInDurableObject(stub, (_, state) =>
    state.storage.sql
      .exec<{ id: string }>(`SELECT id FROM webhook_deliveries WHERE id LIKE 'alert-%' ORDER BY place`)
      .toArray()
      .map(({ id }) => id),
  );

const kindsOf = async (api: FreshCoordinator): Promise<string[]> =>
  (await api.pendingTimelineEntries(100)).map(({ kind }) => kind);

const advanceClock = (ms: number): unknown => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

describe('an incident that recoveries raise', () => {
  it('is one per component, and alerts again only after a growing period', async () => {
    const api = freshCoordinator();
    const first = await api.raiseIncident(raise(1));
    expect(first).toMatchObject({ incidentId: `i-${'1'.padStart(32, '0')}`, repeats: 0 });
    // The same call again has no further effect.
    expect(await api.raiseIncident(raise(1))).toEqual(first);
    expect(await api.raiseIncident(raise(2))).toEqual({ ...first, repeats: 1 });
    expect(await alertsOf(api)).toHaveLength(1);
    await api.evict();
    advanceClock(30 * MINUTE);
    expect(await api.raiseIncident(raise(3))).toEqual({ ...first, repeats: 2 });
    advanceClock(30 * MINUTE);
    await api.raiseIncident(raise(4));
    expect(await alertsOf(api)).toHaveLength(2);
    advanceClock(30 * MINUTE);
    await api.raiseIncident(raise(5));
    expect(await alertsOf(api)).toHaveLength(3);
    expect(await kindsOf(api)).toEqual('opened alerted repeated repeated alerted repeated repeated alerted'.split(' '));
    const types = (await api.events({ after: 0, types: null, limit: 50, newest: false })).map(({ type }) => type);
    expect(types).toEqual(['incident.opened', ...Array.from({ length: 4 }, () => 'incident.repeated')]);
  });

  it('is a new one once the previous is resolved; a repeated old step opens none', async () => {
    const api = freshCoordinator();
    const first = await api.raiseIncident(raise(1));
    const resolution = { key: 'over', subject: 'a', time: Date.now(), data: { incidentId: first.incidentId } };
    await api.publish([{ ...resolution, type: 'incident.resolved' }], null);
    expect(await api.openIncidents('', 10)).toEqual([]);
    expect(await api.raiseIncident(raise(1))).toEqual(first);
    expect(await api.openIncidents('', 10)).toEqual([]);
    expect((await api.raiseIncident(raise(2))).incidentId).not.toBe(first.incidentId);
  });

  it('becomes critical without counting as a repeat, and alerts as critical', async () => {
    const api = freshCoordinator();
    const first = await api.raiseIncident(raise(1, { severity: 'warning' }));
    expect(await api.raiseIncident(raise(1))).toEqual(first);
    const [warning, critical] = await alertsOf(api);
    expect([warning, critical]).toEqual([
      `alert-${first.incidentId}:opened:warning`,
      `alert-${first.incidentId}:opened:critical`,
    ]);
    const sql = 'SELECT payload FROM webhook_deliveries WHERE id = ?';
    const payload = await runInDurableObject(
      api.stub,
      (_, state) => state.storage.sql.exec<{ payload: string }>(sql, critical!).one().payload,
    );
    expect(JSON.parse(payload).data).toMatchObject({
      incidentId: first.incidentId,
      link: expect.stringContaining(first.incidentId),
      failureType: 'timeout_failure',
    });
  });
});

describe('a silence', () => {
  it('delays the alert until it ends, then the sweep sends the alert once', async () => {
    const api = freshCoordinator();
    await api.addSilence(silence('s-1', 10 * MINUTE), ACTOR);
    const { incidentId } = await api.raiseIncident(raise(1));
    await api.sweep(Date.now());
    await api.evict();
    expect(await alertsOf(api)).toEqual([]);
    expect(await kindsOf(api)).toEqual(['opened', 'silenced']);
    advanceClock(10 * MINUTE);
    for (let time = 0; time < 2; time++) await api.sweep(Date.now());
    expect(await alertsOf(api)).toEqual([`alert-${incidentId}:opened:critical`]);
    expect(await kindsOf(api)).toEqual(['opened', 'silenced', 'alerted']);
  });

  it('can be ended by an operator, and an incident resolved by then does not alert', async () => {
    const api = freshCoordinator();
    for (const id of ['s-1', 's-2']) await api.addSilence(silence(id, 10 * MINUTE), ACTOR);
    const { incidentId } = await api.raiseIncident(raise(1));
    await api.endSilence('s-1', ACTOR);
    await api.sweep(Date.now());
    expect(await alertsOf(api)).toEqual([]);
    const resolution = { key: 'over', subject: 'a', time: Date.now(), data: { incidentId } };
    await api.publish([{ ...resolution, type: 'incident.resolved' }], null);
    const ended = await api.endSilence('s-2', ACTOR);
    expect(await api.endSilence('s-2', ACTOR)).toEqual(ended);
    expect(await api.silences()).toEqual([]);
    await api.sweep(Date.now());
    expect(await alertsOf(api)).toEqual([]);
    const audited = (await api.pendingAuditEntries(10)).map(({ action, subject }) => `${action} ${subject}`);
    expect(audited).toEqual(['silence.begin s-1', 'silence.begin s-2', 'silence.end s-1', 'silence.end s-2']);
  });
});
