import { describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const held = async (): Promise<string> => {
  const id = freshId();
  expect((await call('POST', '/v1/components', silentRegistration(id))).status).toBe(201);
  return id;
};

/** Every call that takes a body, for a component that exists. */
const withBody = (id: string): readonly (readonly [string, string])[] => [
  ['POST', '/v1/components'],
  ['PUT', `/v1/components/${id}`],
  ['PATCH', `/v1/components/${id}`],
  ['POST', `/v1/components/${id}/heartbeat`],
  ['POST', `/v1/components/${id}/failures`],
  ['POST', '/v1/heartbeats'],
  ['POST', '/v1/route'],
];

describe('a body that cannot be read', () => {
  it.each(['{', '{"id":}', '{"id":"a",}', 'id=a', "{'id':'a'}", '{"id":"a"} x', '\u0000'])(
    'refuses %j as malformed, whatever the call',
    async (text) => {
      for (const [method, path] of withBody(await held()))
        expectProblem(await call(method, path, text), 400, 'malformed-json');
    },
  );

  it('refuses no body where one is needed', async () => {
    const id = await held();
    for (const [method, path] of withBody(id).filter(([, each]) => !each.endsWith('/heartbeat'))) {
      expectProblem(await call(method, path), 400, 'malformed-json');
    }
  });

  it.each(['null', '[]', '"text"', '1', 'true'])('refuses %s: JSON, but not an object', async (text) => {
    for (const [method, path] of withBody(await held())) {
      expect(expectProblem(await call(method, path, text), 422, 'invalid-request')).toEqual(['']);
    }
  });

  it.each(['', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data'])(
    'refuses the content type %j',
    async (type) => {
      for (const [method, path] of withBody(await held())) {
        const body = JSON.stringify(silentRegistration(freshId()));
        expectProblem(await call(method, path, body, { 'content-type': type }), 415, 'unsupported-media-type');
      }
    },
  );

  it('takes JSON by its other names', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.arbiter+json']) {
      const id = freshId();
      const answer = await call('POST', '/v1/components', silentRegistration(id), { 'content-type': type });
      expect({ type, status: answer.status }).toEqual({ type, status: 201 });
    }
    const patched = await call(
      'PATCH',
      `/v1/components/${await held()}`,
      { weight: 2 },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(patched.status).toBe(200);
  });

  it('refuses a body beyond the limit, valid or not, and reads no further', async () => {
    for (const [method, path] of withBody(await held())) {
      expectProblem(
        await call(method, path, JSON.stringify({ filler: 'x'.repeat(400_000) })),
        413,
        'payload-too-large',
      );
      expectProblem(await call(method, path, 'x'.repeat(400_000)), 413, 'payload-too-large');
    }
  });

  it('stores nothing of what it refused', async () => {
    const id = freshId();
    const good = JSON.stringify(silentRegistration(id));
    await call('POST', '/v1/components', good.slice(0, -1));
    await call('POST', '/v1/components', good, { 'content-type': 'text/plain' });
    await call(
      'POST',
      '/v1/components',
      JSON.stringify(silentRegistration(id, { metadata: { filler: 'x'.repeat(400_000) } })),
    );
    await expectNothingStored(id);
  });

  it('leaves a component as it was when a change of it cannot be read', async () => {
    const id = await held();
    const before = await call('GET', `/v1/components/${id}`);
    for (const method of ['PUT', 'PATCH']) {
      await call(method, `/v1/components/${id}`, '{"weight":');
      await call(method, `/v1/components/${id}`, '{"weight":5}', { 'content-type': 'text/plain' });
    }
    const after = await call('GET', `/v1/components/${id}`);
    expect(after.body).toEqual(before.body);
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
  });
});
