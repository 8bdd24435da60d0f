import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import { openIncident } from '../../../src/history/incident-history.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

async function opened(): Promise<{ id: string; componentId: string }> {
  const [id, componentId] = [`i-${crypto.randomUUID().replaceAll('-', '')}`, freshId()];
  await openIncident(env.HISTORY, {
    id,
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
  return { id, componentId };
}

const acknowledge = (id: string) => call('POST', `/v1/incidents/${id}/acknowledge`);
const resolve = (id: string) => call('POST', `/v1/incidents/${id}/resolve`);

/** Audit rows in D1, without entries still pending in the coordinator. */
const auditRows = async (componentId: string) =>
  (
    await env.HISTORY.prepare('SELECT id, action, before, after FROM audit WHERE subject = ? ORDER BY at, id')
      .bind(componentId)
      .all()
  ).results;

async function eventsOf(componentId: string): Promise<string[]> {
  const events = await coordinator().events({ after: 0, types: null, limit: 1_000, newest: false });
  return events.filter(({ subject }) => subject === componentId).map(({ type }) => type);
}

describe('acknowledging or resolving an incident', () => {
  it('writes the audit entry with the change, and publishes the event when the call is repeated after a failure', async () => {
    const { id, componentId } = await opened();
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    for (const move of [acknowledge, resolve]) {
      const publish = vi.spyOn(SystemCoordinator.prototype, 'publish').mockRejectedValueOnce(new Error('cut off'));
      expect((await move(id)).status).toBeGreaterThanOrEqual(500);
      publish.mockRestore();
      for (let time = 0; time < 2; time++) expect((await move(id)).status).toBe(200);
    }
    const stateJson = (status: string) => JSON.stringify({ incidentId: id, status });
    expect(await auditRows(componentId)).toEqual([
      {
        id: `${id}.acknowledged`,
        action: 'incident.acknowledge',
        before: stateJson('open'),
        after: stateJson('acknowledged'),
      },
      {
        id: `${id}.resolved`,
        action: 'incident.resolve',
        before: stateJson('acknowledged'),
        after: stateJson('resolved'),
      },
    ]);
    expect(await eventsOf(componentId)).toEqual(['incident.acknowledged', 'incident.resolved']);
  });

  it('changes nothing when the audit cannot be written', async () => {
    const { id } = await opened();
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await env.HISTORY.exec('ALTER TABLE audit RENAME TO audit_away');
    const responses = [await acknowledge(id), await resolve(id)];
    await env.HISTORY.exec('ALTER TABLE audit_away RENAME TO audit');
    for (const response of responses) expectProblem(response, 503, 'history-unavailable');
    expect((await call('GET', `/v1/incidents/${id}`)).body).toMatchObject({ status: 'open', acknowledgedAt: null });
  });

  it('takes effect once for simultaneous calls', async () => {
    const { id, componentId } = await opened();
    const responses = await Promise.all(Array.from({ length: 5 }, () => acknowledge(id)));
    expect(new Set(responses.map(({ status, body }) => `${status} ${body.acknowledgedAt}`)).size).toBe(1);
    await Promise.all(Array.from({ length: 5 }, () => resolve(id)));
    expect((await auditRows(componentId)).map(({ action }) => action)).toEqual([
      'incident.acknowledge',
      'incident.resolve',
    ]);
    expect(await eventsOf(componentId)).toEqual(['incident.acknowledged', 'incident.resolved']);
  });

  it('allows resolving without acknowledgement, but no acknowledgement afterwards', async () => {
    const { id, componentId } = await opened();
    expect((await resolve(id)).body).toMatchObject({ status: 'resolved', acknowledgedAt: null });
    expectProblem(await acknowledge(id), 409, 'incident-closed');
    expect(await auditRows(componentId)).toMatchObject([
      { action: 'incident.resolve', before: JSON.stringify({ incidentId: id, status: 'open' }) },
    ]);
    expect(await eventsOf(componentId)).toEqual(['incident.resolved']);
  });

  it('refuses an unknown incident and writes nothing', async () => {
    const id = `i-${'0'.repeat(32)}`;
    expectProblem(await acknowledge(id), 404, 'not-found');
    expectProblem(await resolve(id), 404, 'not-found');
    const { results } = await env.HISTORY.prepare('SELECT id FROM audit WHERE id LIKE ?').bind(`${id}%`).all();
    expect(results).toEqual([]);
  });
});
