import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

let [id, own] = ['', bearer('')];

beforeEach(async () => {
  id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  own = bearer((await call('POST', `/v1/components/${id}/key`)).body.key);
  // The clock stands still, so that nothing is filled up meanwhile, however slow the machine is.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
});

async function timesUntilRefused(ask: () => Promise<Answer>): Promise<{ times: number; refused: Answer }> {
  for (let times = 0; times < 40; times++) {
    const answer = await ask();
    if (answer.status >= 300) return { times, refused: answer };
  }
  throw new Error('it was never refused');
}

it('a component changes and registers itself only so often, and reads on', async () => {
  let weight = 2;
  const change = () => call('PATCH', `/v1/components/${id}`, { weight: weight++ }, own);
  const { times, refused } = await timesUntilRefused(change);
  expect(times).toBe(20);
  expectProblem(refused, 429, 'too-many-changes');
  expect(refused.headers.get('retry-after')).toBe('5');
  const again = await call('POST', '/v1/components', silentRegistration(id), own);
  expectProblem(again, 429, 'too-many-changes');
  const read = await call('GET', `/v1/components/${id}`, undefined, own);
  expect(read.body).toMatchObject({ weight: 21 });
});

it('a component makes itself keys only so often, and may still be helped by an operator', async () => {
  let latest = own;
  const { times, refused } = await timesUntilRefused(async () => {
    // The key made last is looked up anew only when time has gone by.
    vi.setSystemTime(Date.now() + 1);
    const answer = await call('POST', `/v1/components/${id}/key`, undefined, latest);
    if (answer.status === 201) latest = bearer(answer.body.key);
    return answer;
  });
  expect(times).toBe(20);
  expectProblem(refused, 429, 'too-many-changes');
  expect(refused.headers.get('retry-after')).toBe('5');
  for (let at = 0; at < 30; at++)
    expect((await call('PATCH', `/v1/components/${id}`, { weight: at + 2 })).status).toBe(200);
  expect((await call('POST', `/v1/components/${id}/key`)).status).toBe(201);
});

it('a registrar pays once for a component and its first key', async () => {
  const made = await call('POST', '/v1/keys', { name: 'r', scopes: ['registrar:agent_registry'] });
  const registrar = bearer(made.body.key);
  const register = (name: string) =>
    call('POST', '/v1/components', silentRegistration(name, { type: 'agent_registry' }), registrar);
  const [first, second] = [freshId(), freshId()];
  expect((await register(first)).body.key).toBeDefined();
  const { id: keyId } = made.body;
  const other = { id: freshId(), type: 'task_router', dependencies: [], owner: null };
  for (let at = 1; at < 1_199; at++)
    expect((await coordinator().claim({ ...other, keyId, changer: 'registrar' })).ok).toBe(true);
  expect((await register(second)).body.key).toBeDefined();
  expectProblem(await register(second), 429, 'too-many-changes');
});
