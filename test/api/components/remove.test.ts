import { beforeEach, describe, expect, it } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { listIds } from '../../support/list-ids.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

let id = '';
let etag = '';

beforeEach(async () => {
  id = freshId();
  etag = (await call('POST', '/v1/components', silentRegistration(id))).headers.get('etag')!;
});

const expectGone = async (): Promise<void> => {
  expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
  expect(await coordinator().typeOf(id)).toBeNull();
  expect(await listIds()).not.toContain(id);
};

describe('DELETE /v1/components/{id}', () => {
  it('returns 204 and removes the component; a repeated one returns 404', async () => {
    const response = await call('DELETE', `/v1/components/${id}`);
    expect(response).toMatchObject({ status: 204, body: '' });
    await expectGone();
    expectProblem(await call('DELETE', `/v1/components/${id}`), 404, 'unknown-component');
  });

  it.each(['task_router', 'caws_validator'])('frees the id at once, for %s', async (type) => {
    await call('DELETE', `/v1/components/${id}`);
    const again = await call('POST', '/v1/components', silentRegistration(id, { type }));
    expect(again).toMatchObject({ status: 201, body: { type } });
    expect((await call('GET', `/v1/components/${id}`)).body.type).toBe(type);
  });

  it('frees the id after repeated registrations too', async () => {
    for (const weight of [1, 2, 2, 3]) await call('POST', '/v1/components', silentRegistration(id, { weight }));
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    await expectGone();
    expect((await call('POST', '/v1/components', silentRegistration(id, { type: 'caws_validator' }))).status).toBe(201);
  });

  it('honours If-Match', async () => {
    await call('PATCH', `/v1/components/${id}`, { weight: 2 });
    expectProblem(
      await call('DELETE', `/v1/components/${id}`, undefined, { 'if-match': etag }),
      412,
      'precondition-failed',
    );
    const { headers } = await call('GET', `/v1/components/${id}`);
    expect((await call('DELETE', `/v1/components/${id}`, undefined, { 'if-match': headers.get('etag')! })).status).toBe(
      204,
    );
  });

  it('removes once when sent twice at the same time', async () => {
    const responses = await Promise.all([
      call('DELETE', `/v1/components/${id}`),
      call('DELETE', `/v1/components/${id}`),
    ]);
    expect(responses.map((response) => response.status).toSorted((a, b) => a - b)).toEqual([204, 404]);
  });

  it('also removes a component that others depend on', async () => {
    const dependant = freshId();
    await call('POST', '/v1/components', silentRegistration(dependant, { dependencies: [id] }));
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    expect((await call('GET', `/v1/components/${dependant}`)).body.dependencies).toEqual([id]);
  });
});

describe('DELETE /v1/components/{id} with drain', () => {
  it('returns 202 with the end of the drain, then removes the component', async () => {
    const before = Date.now();
    const response = await call('DELETE', `/v1/components/${id}?drain=1500`);
    expect(response).toMatchObject({ status: 202, body: { id } });
    const end = Date.parse(response.body.drainsUntil);
    expect(end).toBeGreaterThanOrEqual(before + 1_500);
    const { body } = await call('GET', `/v1/components/${id}`);
    expect(body).toMatchObject({ lifecycle: 'draining', lifecycleUntil: response.body.drainsUntil });
    await eventually(
      () => call('GET', `/v1/components/${id}`),
      ({ status }) => status === 404,
      5_000,
    );
    expect(Date.now()).toBeGreaterThanOrEqual(end);
    await eventually(
      () => coordinator().typeOf(id),
      (type) => type === null,
      3_000,
    );
    await expectGone();
    expect((await call('POST', '/v1/components', silentRegistration(id, { type: 'caws_validator' }))).status).toBe(201);
  });

  it('stops routing to the component at once, and routes to the others', async () => {
    const [leaving, staying] = [freshId('leaving'), freshId('staying')];
    const type = 'performance_tracker';
    for (const each of [leaving, staying]) {
      await call('POST', '/v1/components', silentRegistration(each, { type }));
      await call('POST', `/v1/components/${each}/heartbeat`, {});
    }
    const route = async (): Promise<string> =>
      (await call('POST', '/v1/route', { type, preferences: { preferredComponent: leaving } })).body.component?.id;
    await eventually(route, (chosen) => chosen === leaving, 5_000);
    expect((await call('DELETE', `/v1/components/${leaving}?drain=60000`)).status).toBe(202);
    // The edge may serve from a snapshot up to 2 s old.
    await eventually(route, (chosen) => chosen === staying, 2_500);
    for (let time = 0; time < 20; time++) expect(await route()).toBe(staying);
  });

  it('can be ended early by a plain DELETE', async () => {
    await call('DELETE', `/v1/components/${id}?drain=60000`);
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    await expectGone();
  });

  it('of 0 ms removes at once', async () => {
    expect((await call('DELETE', `/v1/components/${id}?drain=0`)).status).toBe(204);
    await expectGone();
  });

  it.each(['-1', 'soon', '1.5', '99999999999'])('refuses %s ms and removes nothing', async (drain) => {
    const response = await call('DELETE', `/v1/components/${id}?drain=${drain}`);
    expect(expectProblem(response, 422, 'invalid-request')).toEqual(['drain']);
    expect((await call('GET', `/v1/components/${id}`)).body.lifecycle).toBe('active');
  });
});
