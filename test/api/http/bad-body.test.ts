import { describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const registered = async (): Promise<string> => {
  const id = freshId();
  expect((await call('POST', '/v1/components', silentRegistration(id))).status).toBe(201);
  return id;
};

/** Every call with a request body, for an existing component. */
const withBody = (id: string): readonly (readonly [string, string])[] => [
  ['POST', '/v1/components'],
  ['PUT', `/v1/components/${id}`],
  ['PATCH', `/v1/components/${id}`],
  ['POST', `/v1/components/${id}/heartbeat`],
  ['POST', `/v1/components/${id}/failures`],
  ['POST', '/v1/heartbeats'],
  ['POST', '/v1/route'],
];

describe('a request body', () => {
  it.each(['{', '{"id":}', '{"id":"a",}', 'id=a', "{'id':'a'}", '{"id":"a"} x', '\u0000'])(
    '%j is refused as malformed by every call',
    async (text) => {
      for (const [method, path] of withBody(await registered()))
        expectProblem(await call(method, path, text), 400, 'malformed-json');
    },
  );

  it('is refused when it is missing but required', async () => {
    const id = await registered();
    for (const [method, path] of withBody(id).filter(([, each]) => !each.endsWith('/heartbeat'))) {
      expectProblem(await call(method, path), 400, 'malformed-json');
    }
  });

  it.each(['null', '[]', '"text"', '1', 'true'])('%s is refused: JSON, but not an object', async (text) => {
    for (const [method, path] of withBody(await registered())) {
      expect(expectProblem(await call(method, path, text), 422, 'invalid-request')).toEqual(['']);
    }
  });

  it.each(['', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data'])(
    'with the content type %j is refused',
    async (type) => {
      for (const [method, path] of withBody(await registered())) {
        const body = JSON.stringify(silentRegistration(freshId()));
        expectProblem(await call(method, path, body, { 'content-type': type }), 415, 'unsupported-media-type');
      }
    },
  );

  it('is accepted under other JSON content types', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.arbiter+json']) {
      const id = freshId();
      const response = await call('POST', '/v1/components', silentRegistration(id), { 'content-type': type });
      expect({ type, status: response.status }).toEqual({ type, status: 201 });
    }
    const patched = await call(
      'PATCH',
      `/v1/components/${await registered()}`,
      { weight: 2 },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(patched.status).toBe(200);
  });

  it('beyond the size limit is refused, valid or not', async () => {
    for (const [method, path] of withBody(await registered())) {
      expectProblem(
        await call(method, path, JSON.stringify({ filler: 'x'.repeat(400_000) })),
        413,
        'payload-too-large',
      );
      expectProblem(await call(method, path, 'x'.repeat(400_000)), 413, 'payload-too-large');
    }
  });

  it('that is refused stores nothing', async () => {
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

  it('that is refused leaves the component unchanged', async () => {
    const id = await registered();
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
