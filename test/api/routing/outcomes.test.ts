/** Results of edge-routed work, as callers report them. */
import { describe, expect, it, vi } from 'vitest';
import { OutcomesReceiptSchema } from '../../../src/api/schemas/outcome.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

async function ready(type: string): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type }));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
  return id;
}

const report = (id: string, outcomes: unknown): Promise<Answer> =>
  call('POST', `/v1/components/${id}/outcomes`, outcomes);

/** A component as its registry would tell an edge that knows nothing. */
async function toldOf(type: string, id: string): Promise<Candidate | undefined> {
  const { changed } = await registryOf(type).sync({ place: null, given: [], reported: [] });
  return changed.find(([, candidate]) => candidate?.id === id)?.[1] ?? undefined;
}

describe('outcomes', () => {
  it('are taken at once and reach the registry, though nobody routes', async () => {
    const type = 'caws_validator';
    const id = await ready(type);
    const answer = await report(id, [
      { outcome: 'success', latencyMs: 100 },
      { outcome: 'success', latencyMs: 300 },
    ]);
    expect([answer.status, answer.body]).toEqual([202, { taken: 2 }]);
    expect(OutcomesReceiptSchema.parse(answer.body)).toEqual(answer.body);
    const told = await eventually(
      () => toldOf(type, id),
      (candidate) => candidate?.vitals.usualMs != null,
    );
    expect(told?.vitals.usualMs).toBe(200);
  });

  it('end work that edges gave', async () => {
    const type = 'performance_tracker';
    const id = await ready(type);
    // From now on what nobody reports counts for half a minute.
    await report(id, [{ outcome: 'success', latencyMs: 30_000 }]);
    await eventually(
      () => toldOf(type, id),
      (candidate) => candidate?.vitals.usualMs === 30_000,
    );
    for (let given = 0; given < 4; given++) expect((await call('POST', '/v1/route', { type })).status).toBe(200);
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

  it('that failed have the component checked', async () => {
    const type = 'agent_registry';
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, { type }));
    await call('POST', `/v1/components/${id}/probe`);
    const checked = vi.spyOn(
      ComponentRegistry.prototype as unknown as { checkIfDoubted: () => void },
      'checkIfDoubted',
    );
    await report(id, [{ outcome: 'success' }, { outcome: 'timeout', latencyMs: 900 }]);
    await eventually(
      async () => checked.mock.calls.length,
      (calls) => calls === 1,
    );
    expect(checked.mock.calls[0]).toMatchObject([[{ record: { registration: { id } } }], expect.any(Number)]);
    checked.mockRestore();
  });

  it('of one that is gone are refused, also where it is remembered', async () => {
    const type = 'constitutional_runtime';
    const [gone, stays] = [await ready(type), await ready(type)];
    expect((await report(gone, [{ outcome: 'success' }])).status).toBe(202);
    // Behind the isolate's back: no call of ours tells it.
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

  it('of a component that nobody registered are refused', async () => {
    expectProblem(await report(freshId(), [{ outcome: 'success' }]), 404, 'unknown-component');
  });

  it.each([
    [[], ''],
    [Array.from({ length: 501 }, () => ({ outcome: 'success' })), ''],
    [{ outcome: 'success' }, ''],
    [[{ outcome: 'fine' }], '[0].outcome'],
    [[{ outcome: 'success' }, { outcome: 'success', latencyMs: -1 }], '[1].latencyMs'],
    [[{ outcome: 'success', inFlight: 1.5 }], '[0].inFlight'],
    [[{ outcome: 'success', error: 'x' }], '[0].error'],
  ])('that cannot be read name what is wrong: %j', async (outcomes, path) => {
    const id = await ready('task_router');
    expect(expectProblem(await report(id, outcomes), 422, 'invalid-request')).toEqual([path]);
    const most = Array.from({ length: 500 }, () => ({
      outcome: 'success',
      latencyMs: 86_400_000,
      inFlight: 1_000_000,
    }));
    expect((await report(id, most)).body).toEqual({ taken: 500 });
  });
});
