import { describe, expect, it } from 'vitest';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const TYPE = 'constitutional_runtime';

async function healthy(): Promise<string> {
  const id = freshId();
  const { healthCheck } = registrationFor(id) as { healthCheck: Record<string, unknown> };
  const overrides = { type: TYPE, healthCheck: { ...healthCheck, interval: 1_000 } };
  expect((await call('POST', '/v1/components', registrationFor(id, overrides))).status).toBe(201);
  await call('POST', `/v1/components/${id}/probe`);
  return id;
}

describe('POST /v1/drills', () => {
  it('returns the drill, which is then read by its id, listed, and passes', async () => {
    const [id] = [await healthy(), await healthy()];
    const begun = await call('POST', '/v1/drills', { componentId: id, fault: 'refuse' });
    expect(begun).toMatchObject({
      status: 201,
      body: { componentId: id, fault: 'refuse', execute: false, outcome: 'running', passed: null, actions: [] },
    });
    expectProblem(await call('POST', '/v1/drills', { componentId: id, fault: 'hang' }), 409, 'drill-running');
    const read = async () => (await call('GET', `/v1/drills/${begun.body.id}`)).body;
    const report = await eventually(read, ({ actions }) => actions[0]?.verification === 'proven', 40_000);
    expect(report).toMatchObject({ outcome: 'proven', passed: true });
    expect(report.steps.map(({ step }: { step: string }) => step)).toEqual([
      'suspect',
      'out-of-routing',
      'unhealthy',
      'recovery-started',
      'proven',
    ]);
    // Without a control endpoint a recovery would alert the operator; the drill only records that action.
    expect(report.actions).toMatchObject([{ action: 'alert', status: 'done', verification: 'proven' }]);
    const listed = (await call('GET', `/v1/drills?type=${TYPE}&limit=1`)).body;
    expect(listed.items).toEqual([report]);
    expect((await call('GET', '/v1/drills')).body.items).toContainEqual(listed.items[0]);
  });

  it('refuses an unknown component and an unknown fault', async () => {
    expectProblem(
      await call('POST', '/v1/drills', { componentId: freshId(), fault: 'refuse' }),
      404,
      'unknown-component',
    );
    const response = await call('POST', '/v1/drills', { componentId: freshId(), fault: 'explode' });
    expect(expectProblem(response, 422, 'invalid-request')).toEqual(['fault']);
  });

  it.each([`d-${TYPE}-${'0'.repeat(32)}`, `d-no_such_type-${'0'.repeat(32)}`])('returns 404 for %s', async (id) => {
    expectProblem(await call('GET', `/v1/drills/${id}`), 404, 'not-found');
  });
});
