import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { SUBJECT_QUOTA } from '../../../src/core/quota/change-quota.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

let [id, own] = ['', bearer('')];

beforeEach(async () => {
  id = freshId();
  await call('POST', '/v1/components', silentRegistration(id));
  own = bearer((await call('POST', `/v1/components/${id}/key`)).body.key);
  // A fixed clock: the token bucket is not refilled during the test, even on a slow machine.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
});

async function timesUntilRefused(send: () => Promise<ApiResponse>): Promise<{ times: number; refused: ApiResponse }> {
  for (let times = 0; times < 40; times++) {
    const response = await send();
    if (response.status >= 300) return { times, refused: response };
  }
  throw new Error('it was never refused');
}

it('limits changes and registrations of a component by its own key, but not its reads', async () => {
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

it('limits the keys that a component issues to itself, but not calls of an operator', async () => {
  let latest = own;
  const { times, refused } = await timesUntilRefused(async () => {
    // The isolate looks up the newest key again only after time has passed.
    vi.setSystemTime(Date.now() + 1);
    const response = await call('POST', `/v1/components/${id}/key`, undefined, latest);
    if (response.status === 201) latest = bearer(response.body.key);
    return response;
  });
  expect(times).toBe(20);
  expectProblem(refused, 429, 'too-many-changes');
  expect(refused.headers.get('retry-after')).toBe('5');
  for (let at = 0; at < 30; at++)
    expect((await call('PATCH', `/v1/components/${id}`, { weight: at + 2 })).status).toBe(200);
  expect((await call('POST', `/v1/components/${id}/key`)).status).toBe(201);
});

it('limits the actions of an operator on one component, each of which is an event and an audit entry', async () => {
  const made = await call('POST', '/v1/keys', { name: 'o', scopes: ['operator'] });
  const operator = bearer(made.body.key);
  const maintain = { action: 'maintenance', durationMs: 60_000 };
  const act = (body: object) => call('POST', `/v1/components/${id}/actions`, body, operator);
  // The isolate looks up a new key only after time has passed.
  vi.setSystemTime(Date.now() + 1_000);
  for (let at = 0; at < SUBJECT_QUOTA.burst / 2; at++)
    for (const body of [maintain, { action: 'restore' }]) expect((await act(body)).status).toBe(200);
  const refused = await act(maintain);
  expectProblem(refused, 429, 'too-many-changes');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await call('GET', `/v1/components/${id}`)).body.lifecycle).toBe('active');
  // Another key is not concerned.
  expect((await call('POST', `/v1/components/${id}/actions`, maintain)).status).toBe(200);
});

it('counts a component and its first key as one change of the registrar', async () => {
  const made = await call('POST', '/v1/keys', { name: 'r', scopes: ['registrar:agent_registry'] });
  const registrar = bearer(made.body.key);
  const register = (name: string) =>
    call('POST', '/v1/components', silentRegistration(name, { type: 'agent_registry' }), registrar);
  const [first, second] = [freshId(), freshId()];
  expect((await register(first)).body.key).toBeDefined();
  const { id: keyId } = made.body;
  const other = { type: 'task_router', dependencies: [], owner: null };
  for (let at = 1; at < 1_199; at++)
    expect((await coordinator().claim({ ...other, id: freshId(), keyId, quotaHolder: 'registrar' })).ok).toBe(true);
  expect((await register(second)).body.key).toBeDefined();
  expectProblem(await register(second), 429, 'too-many-changes');
});
