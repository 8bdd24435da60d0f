import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

let stranger: Record<string, string>;

beforeEach(async () => {
  const { key } = (await call('POST', '/v1/keys', { name: 'stranger', scopes: ['registrar:task_router'] })).body;
  stranger = { authorization: `Bearer ${key}` };
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function registered(prefix: string): Promise<string> {
  const id = freshId(prefix);
  await call('POST', '/v1/components', silentRegistration(id));
  return id;
}

/** Counts the coordinator's lookups of component types. */
const spyOnLookups = () => vi.spyOn(SystemCoordinator.prototype, 'typesOf');

/** A response body without the parts that differ for every call. */
const bodyOf = (response: { body: Record<string, unknown> }, id: string): string =>
  JSON.stringify({ ...response.body, requestId: '' }).replaceAll(id, '<id>');

describe("another registrar's component", () => {
  it('is looked up once for repeated heartbeats of a registrar', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map(registered));
    const lookups = spyOnLookups();
    const heartbeats = ids.map((id) => ({ id }));
    for (let time = 0; time < 3; time++) {
      const { status, body } = await call('POST', '/v1/heartbeats', { heartbeats }, stranger);
      expect(status).toBe(200);
      const error = { code: 'unknown-component', message: expect.any(String) };
      expect(body.results).toEqual(ids.map((id) => ({ id, ok: false, expiresAt: null, error })));
    }
    expect(lookups).toHaveBeenCalledTimes(1);
  });

  it('is looked up once for repeated reads of a registrar', async () => {
    const id = await registered('asked');
    const lookups = spyOnLookups();
    for (let time = 0; time < 3; time++)
      expectProblem(await call('GET', `/v1/components/${id}`, undefined, stranger), 404, 'unknown-component');
    expectProblem(await call('POST', `/v1/components/${id}/heartbeat`, {}, stranger), 404, 'unknown-component');
    expect(lookups).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['GET', '', undefined],
    ['DELETE', '', undefined],
    ['DELETE', '?drain=60000', undefined],
    ['PATCH', '', { weight: 2 }],
    ['GET', '/health', undefined],
    ['POST', '/heartbeat', {}],
    ['POST', '/probe', undefined],
    ['POST', '/failures', { error: { message: 'it failed me' } }],
    ['POST', '/key', undefined],
    ['GET', '/control-secret', undefined],
    ['POST', '/control-secret/rotate', undefined],
  ])('gets the same response as an unregistered one: %s %s', async (method, path, body) => {
    const [foreign, unregistered] = [await registered('theirs'), freshId('nobodys')];
    const bodies = [];
    for (const id of [foreign, unregistered]) {
      const response = await call(method, `/v1/components/${id}${path}`, body, stranger);
      expectProblem(response, 404, 'unknown-component');
      bodies.push(bodyOf(response, id));
    }
    expect(bodies[0]).toBe(bodies[1]);
    expect((await call('GET', `/v1/components/${foreign}`)).body.lifecycle).toBe('active');
  });
});

describe('a component registered again under another type', () => {
  it('is found there by an isolate that has cached the former type', async () => {
    const id = await registered('moved');
    expect((await call('POST', `/v1/components/${id}/heartbeat`, {})).status).toBe(200);
    // The isolate's type cache is stale now: these calls do not update it.
    await call('DELETE', `/v1/components/${id}`);
    await call('POST', '/v1/components', silentRegistration(id, { type: 'caws_validator' }));
    expect((await call('POST', `/v1/components/${id}/heartbeat`, {})).status).toBe(200);
    expect((await call('GET', `/v1/components/${id}`)).body.type).toBe('caws_validator');
  });
});
