/** Outcomes of edge-routed work, reported by callers. */
import { describe, expect, it, vi } from 'vitest';
import { OutcomesReceiptSchema } from '../../../src/api/schemas/outcome.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';
import { ChecksOnDemand } from '../../../src/registry/health/checks-on-demand.ts';

async function ready(type: string): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type }));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
  return id;
}

const report = (id: string, outcomes: unknown): Promise<ApiResponse> =>
  call('POST', `/v1/components/${id}/outcomes`, outcomes);

/** The candidate that the registry sends to an edge without a snapshot. */
async function candidateOf(type: string, id: string): Promise<Candidate | undefined> {
  const { changed } = await registryOf(type).sync({ syncedTo: null, assignments: [], outcomes: [] });
  return changed.find(([, candidate]) => candidate?.id === id)?.[1] ?? undefined;
}

describe('outcomes', () => {
  it('are accepted at once and reach the registry without a routing call', async () => {
    const type = 'caws_validator';
    const id = await ready(type);
    const response = await report(id, [
      { outcome: 'success', latencyMs: 100 },
      { outcome: 'success', latencyMs: 300 },
    ]);
    expect([response.status, response.body]).toEqual([202, { accepted: 2 }]);
    expect(OutcomesReceiptSchema.parse(response.body)).toEqual(response.body);
    const updated = await eventually(
      () => candidateOf(type, id),
      (candidate) => candidate?.liveStats.ewmaMs != null,
    );
    expect(updated?.liveStats.ewmaMs).toBe(200);
  });

  it('end work assigned by edges', async () => {
    const type = 'performance_tracker';
    const id = await ready(type);
    // From now on an assignment without an outcome counts as in flight for half a minute.
    await report(id, [{ outcome: 'success', latencyMs: 30_000 }]);
    await eventually(
      () => candidateOf(type, id),
      (candidate) => candidate?.liveStats.ewmaMs === 30_000,
    );
    for (let assigned = 0; assigned < 4; assigned++)
      expect((await call('POST', '/v1/route', { type })).status).toBe(200);
    const inFlight = async (): Promise<number> => {
      await call('POST', '/v1/route', { type, dryRun: {} });
      return (await call('GET', `/v1/components/${id}`)).body.load.activeConnections;
    };
    await eventually(inFlight, (count) => count === 4);
    await report(
      id,
      Array.from({ length: 3 }, () => ({ outcome: 'success', latencyMs: 30_000 })),
    );
    await eventually(inFlight, (count) => count === 1);
  });

  it('that failed trigger a check of the component', async () => {
    const type = 'agent_registry';
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, { type }));
    await call('POST', `/v1/components/${id}/probe`);
    const checked = vi.spyOn(ChecksOnDemand.prototype, 'unlessRecent');
    await report(id, [{ outcome: 'success' }, { outcome: 'timeout', latencyMs: 900 }]);
    await eventually(
      async () => checked.mock.calls.length,
      (calls) => calls === 1,
    );
    expect(checked.mock.calls[0]).toMatchObject([[{ record: { registration: { id } } }], expect.any(Number)]);
    checked.mockRestore();
  });

  it('of a removed component are refused, also where it is cached', async () => {
    const type = 'constitutional_runtime';
    const [gone, stays] = [await ready(type), await ready(type)];
    expect((await report(gone, [{ outcome: 'success' }])).status).toBe(202);
    // Removed directly in the registry, so that the isolate's cache is stale.
    const removed = await registryOf(type).remove(gone, { drainMs: 0, ifGeneration: null });
    if (!removed.ok) throw new Error(removed.message);
    await coordinator().removed(gone, removed.value.claim);
    await eventually(
      async () => {
        await call('POST', '/v1/route', { type, dryRun: {} });
        return (await report(gone, [{ outcome: 'success' }])).status;
      },
      (status) => status === 404,
    );
    expect((await report(stays, [{ outcome: 'success' }])).status).toBe(202);
  });

  it('of an unregistered component are refused', async () => {
    expectProblem(await report(freshId(), [{ outcome: 'success' }]), 404, 'unknown-component');
  });

  it('count although others beside them cannot be read', async () => {
    const id = await ready('task_router');
    const outcomes = [
      { outcome: 'success', latencyMs: -3 },
      { outcome: 'fine' },
      { outcome: 'success', inFlight: 1.5 },
    ];
    const { status, body } = await report(id, outcomes);
    expect({ status, body }).toMatchObject({ status: 202, body: { accepted: 2 } });
    expect(body.warnings.map(({ path }: { path: string }) => path)).toEqual([
      '[0].latencyMs',
      '[1].outcome',
      '[2].inFlight',
    ]);
  });

  it.each([
    [[], ''],
    [Array.from({ length: 501 }, () => ({ outcome: 'success' })), ''],
    [{ outcome: 'success' }, ''],
    [[{ outcome: 'fine' }], '[0].outcome'],
  ])('that are invalid are refused with their path: %j', async (outcomes, path) => {
    const id = await ready('task_router');
    expect(expectProblem(await report(id, outcomes), 422, 'invalid-request')).toEqual([path]);
    const most = Array.from({ length: 500 }, () => ({
      outcome: 'success',
      latencyMs: 86_400_000,
      inFlight: 1_000_000,
    }));
    expect((await report(id, most)).body).toEqual({ accepted: 500 });
  });
});
