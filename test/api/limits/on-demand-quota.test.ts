import { expect, it, onTestFinished, vi } from 'vitest';
import { call, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

it('limits probes on demand of a component', async () => {
  const id = freshId();
  await call('POST', '/v1/components', registrationFor(id));
  // A fixed clock: the token bucket is not refilled during the test, even on a slow machine.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const probe = () => call('POST', `/v1/components/${id}/probe`);
  const responses = await Promise.all(Array.from({ length: 30 }, probe));
  expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  const refused = responses.find(({ status }) => status !== 200)!;
  expectProblem(refused, 429, 'too-many-probes');
  expect(Number(refused.headers.get('retry-after'))).toBe(1);
});

it('limits failure reports about a component', async () => {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  // Draining, so that no recovery begins.
  await call('DELETE', `/v1/components/${id}?drain=600000`);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const report = () => call('POST', `/v1/components/${id}/failures`, { error: { message: 'it failed me' } });
  const responses = await Promise.all(Array.from({ length: 70 }, report));
  const refused = responses.filter(({ status }) => status !== 202);
  expect(refused.length).toBeGreaterThan(0);
  expect(responses.length - refused.length).toBeGreaterThanOrEqual(60);
  for (const response of refused) {
    expectProblem(response, 429, 'too-many-reports');
    expect(Number(response.headers.get('retry-after'))).toBe(1);
  }
});

it('limits rotations of a control secret', async () => {
  const id = freshId();
  const control = { endpoint: '/control', actions: ['restart'] };
  await call('POST', '/v1/components', silentRegistration(id, { control }));
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const rotate = () => call('POST', `/v1/components/${id}/control-secret/rotate`);
  for (let time = 0; time < 10; time++) expect((await rotate()).status).toBe(200);
  const refused = await rotate();
  expectProblem(refused, 429, 'too-many-rotations');
  expect(Number(refused.headers.get('retry-after'))).toBe(6);
});
