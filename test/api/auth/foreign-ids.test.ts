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

/** How often the coordinator is asked for the types of ids. */
const lookups = () => vi.spyOn(SystemCoordinator.prototype, 'typesOf');

/** Answers, without what is of the call alone. */
const bodyOf = (answer: { body: Record<string, unknown> }, id: string): string =>
  JSON.stringify({ ...answer.body, requestId: '' }).replaceAll(id, '<id>');

describe("somebody else's component", () => {
  it('is looked up once, however often a registrar sends heartbeats for it', async () => {
    const ids = await Promise.all(['a', 'b', 'c'].map(registered));
    const asked = lookups();
    const heartbeats = ids.map((id) => ({ id }));
    for (let time = 0; time < 3; time++) {
      const { status, body } = await call('POST', '/v1/heartbeats', { heartbeats }, stranger);
      expect(status).toBe(200);
      expect(body.results).toEqual(ids.map((id) => ({ id, ok: false, code: 'unknown-component', expiresAt: null })));
    }
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('is looked up once, however often a registrar asks for it', async () => {
    const id = await registered('asked');
    const asked = lookups();
    for (let time = 0; time < 3; time++)
      expectProblem(await call('GET', `/v1/components/${id}`, undefined, stranger), 404, 'unknown-component');
    expectProblem(await call('POST', `/v1/components/${id}/heartbeat`, {}, stranger), 404, 'unknown-component');
    expect(asked).toHaveBeenCalledTimes(1);
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
  ])('is answered as one that is not there: %s %s', async (method, path, body) => {
    const [theirs, nobodys] = [await registered('theirs'), freshId('nobodys')];
    const answers = [];
    for (const id of [theirs, nobodys]) {
      const answer = await call(method, `/v1/components/${id}${path}`, body, stranger);
      expectProblem(answer, 404, 'unknown-component');
      answers.push(bodyOf(answer, id));
    }
    expect(answers[0]).toBe(answers[1]);
    expect((await call('GET', `/v1/components/${theirs}`)).body.lifecycle).toBe('active');
  });
});

describe('a component that is registered again under another type', () => {
  it('is found there by an isolate that remembers the type before', async () => {
    const id = await registered('moved');
    expect((await call('POST', `/v1/components/${id}/heartbeat`, {})).status).toBe(200);
    // Behind the isolate's back: no call of ours tells it.
    await call('DELETE', `/v1/components/${id}`);
    await call('POST', '/v1/components', silentRegistration(id, { type: 'caws_validator' }));
    expect((await call('POST', `/v1/components/${id}/heartbeat`, {})).status).toBe(200);
    expect((await call('GET', `/v1/components/${id}`)).body.type).toBe('caws_validator');
  });
});
