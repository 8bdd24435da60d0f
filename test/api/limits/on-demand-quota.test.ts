import { expect, it, onTestFinished, vi } from 'vitest';
import { call, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

it('a component is checked on demand only so often', async () => {
  const id = freshId();
  await call('POST', '/v1/components', registrationFor(id));
  // The clock stands still, so that nothing is filled up meanwhile, however slow the machine is.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const probe = () => call('POST', `/v1/components/${id}/probe`);
  const answers = await Promise.all(Array.from({ length: 30 }, probe));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  const refused = answers.find(({ status }) => status !== 200)!;
  expectProblem(refused, 429, 'too-many-probes');
  expect(Number(refused.headers.get('retry-after'))).toBe(1);
});

it('a component is reported as failed only so often', async () => {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  // On its way out, so that no recovery begins.
  await call('DELETE', `/v1/components/${id}?drain=600000`);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const report = () => call('POST', `/v1/components/${id}/failures`, { error: { message: 'it failed me' } });
  const answers = await Promise.all(Array.from({ length: 70 }, report));
  const refused = answers.filter(({ status }) => status !== 202);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(60);
  for (const answer of refused) {
    expectProblem(answer, 429, 'too-many-reports');
    expect(Number(answer.headers.get('retry-after'))).toBe(1);
  }
});

it('a control secret is rotated only so often', async () => {
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
