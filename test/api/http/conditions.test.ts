/** A condition that a call cannot evaluate is refused, never passed by. */
import { describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const registered = async (overrides: Record<string, unknown> = {}) => {
  const id = freshId();
  const { headers } = await call('POST', '/v1/components', silentRegistration(id, overrides));
  return { id, path: `/v1/components/${id}`, etag: headers.get('etag')! };
};

const register = (id: string, headers: Record<string, string>, overrides: Record<string, unknown> = {}) =>
  call('POST', '/v1/components', silentRegistration(id, overrides), headers);

const newWebhook = async () => {
  const id = `w-${freshId()}`;
  const body = { id, url: 'https://hooks.example.com/a', types: ['component.registered'] };
  const made = await call('POST', '/v1/webhooks', body);
  expect(made.status).toBe(201);
  return { id, body, path: `/v1/webhooks/${id}`, etag: made.headers.get('etag')! };
};

describe('POST /v1/components with If-Match', () => {
  it('updates the version that it names, and no other', async () => {
    const { id, path, etag } = await registered();
    const updated = await register(id, { 'if-match': etag }, { weight: 2 });
    expect(updated.status).toBe(200);
    expectProblem(await register(id, { 'if-match': etag }, { weight: 3 }), 412, 'precondition-failed');
    expect((await call('GET', path)).body.weight).toBe(2);
    expect((await register(id, { 'if-match': '*' }, { weight: 4 })).status).toBe(200);
    expectProblem(await register(id, { 'if-match': '"a"' }), 422, 'precondition-invalid');
  });

  it('registers nothing new', async () => {
    const id = freshId();
    for (const condition of ['*', '"1"']) {
      expectProblem(await register(id, { 'if-match': condition }), 412, 'precondition-failed');
      await expectNothingStored(id);
    }
  });

  it('succeeds once when sent several times at once', async () => {
    const { id, etag } = await registered();
    const weights = [2, 3, 4, 5];
    const responses = await Promise.all(weights.map((weight) => register(id, { 'if-match': etag }, { weight })));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412]);
  });
});

describe('If-None-Match: *', () => {
  const absent = { 'if-none-match': '*' };

  it('registers a component once, also at once', async () => {
    const id = freshId();
    const responses = await Promise.all([2, 3, 4].map((weight) => register(id, absent, { weight })));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 412, 412]);
  });

  it('replaces no component', async () => {
    const { id, path } = await registered();
    const put = await call('PUT', path, silentRegistration(id, { weight: 2 }), absent);
    expectProblem(put, 412, 'precondition-failed');
    expect((await call('GET', path)).body.weight).toBe(1);
  });

  it('adds a type once, and replaces no document', async () => {
    const path = `/v1/config/types/${freshId('t').replaceAll('-', '_')}`;
    expect((await call('PUT', path, {}, absent)).status).toBe(201);
    expectProblem(await call('PUT', path, { failureWindow: 200_000 }, absent), 412, 'precondition-failed');
    expectProblem(await call('PUT', '/v1/config', { failureWindow: 200_000 }, absent), 412, 'precondition-failed');
    expect((await call('GET', path)).body).toEqual({});
  });

  it('creates a webhook once', async () => {
    const { body } = await newWebhook();
    expectProblem(await call('POST', '/v1/webhooks', body, absent), 412, 'precondition-failed');
  });

  it.each(['"1"', 'x'])('with %j instead of * is refused', async (value) => {
    const id = freshId();
    expectProblem(await register(id, { 'if-none-match': value }), 422, 'precondition-invalid');
    await expectNothingStored(id);
  });

  it('together with If-Match is refused', async () => {
    expectProblem(await register(freshId(), { ...absent, 'if-match': '*' }), 422, 'precondition-invalid');
  });
});

it('a webhook secret is rotated under If-Match', async () => {
  const { path, etag } = await newWebhook();
  expectProblem(await call('POST', `${path}/rotate-secret`, {}, { 'if-match': '"0"' }), 412, 'precondition-failed');
  expect((await call('POST', `${path}/rotate-secret`, {}, { 'if-match': etag })).status).toBe(200);
});

describe('a condition that the call does not support', () => {
  it.each<readonly [string, string, unknown, Record<string, string>]>([
    ['POST', '/actions', { action: 'drain' }, { 'if-match': '"1"' }],
    ['POST', '/heartbeat', {}, { 'if-match': '*' }],
    ['POST', '/key', undefined, { 'if-none-match': '*' }],
    ['PATCH', '', { weight: 2 }, { 'if-none-match': '*' }],
    ['PATCH', '', { weight: 2 }, { 'if-unmodified-since': 'Mon, 30 Nov 2026 00:00:00 GMT' }],
    ['DELETE', '', undefined, { 'if-none-match': '*' }],
    ['DELETE', '', undefined, { 'if-unmodified-since': 'Mon, 30 Nov 2026 00:00:00 GMT' }],
  ])('%s …%s is refused and does nothing', async (method, suffix, body, headers) => {
    const { path } = await registered();
    const before = await call('GET', path);
    expectProblem(await call(method, path + suffix, body, headers), 422, 'precondition-unsupported');
    expect((await call('GET', path)).body).toEqual(before.body);
  });

  it('refuses a routing decision and a completion, which the fast path would serve', async () => {
    for (const path of ['/v1/route', `/v1/leases/l-task_router-${'0'.repeat(32)}/complete`]) {
      const response = await call('POST', path, { outcome: 'success' }, { 'if-match': '"1"' });
      expectProblem(response, 422, 'precondition-unsupported');
    }
  });

  it('refuses no read', async () => {
    const { path } = await registered();
    expect((await call('GET', path, undefined, { 'if-match': '"0"' })).status).toBe(200);
  });
});

describe('an unknown query parameter', () => {
  it.each<readonly [string, string, unknown]>([
    ['DELETE', '', undefined],
    ['PUT', '', { weight: 2 }],
    ['POST', '/actions', { action: 'drain' }],
    ['POST', '/heartbeat', {}],
    ['POST', '/failures', { error: { message: 'it failed' } }],
  ])('of %s …%s is refused by name, and nothing happens', async (method, suffix, body) => {
    const { id, path } = await registered();
    const before = await call('GET', path);
    const sent = method === 'PUT' ? silentRegistration(id, { weight: 2 }) : body;
    const response = await call(method, `${path}${suffix}?drian=5000&force=true`, sent);
    expect(expectProblem(response, 422, 'invalid-request')).toEqual(['drian', 'force']);
    expect((await call('GET', path)).body).toEqual(before.body);
  });

  it('of a list is refused too: it would show what the caller did not ask for', async () => {
    for (const path of ['/v1/failures?component=a', '/v1/components?typ=a', '/v1/health?since=1'])
      expectProblem(await call('GET', path), 422, 'invalid-request');
    expect((await call('GET', '/v1/failures?componentId=a&limit=1')).status).toBe(200);
    expect((await call('GET', '/v1/components?metadata.version=1')).status).toBe(200);
  });
});

describe('a number in the query', () => {
  it.each(['', ' ', '1e3', '0x10', '1.0', '+5', '٣'])('%j is no number of ms: nothing is removed', async (drain) => {
    const { path } = await registered();
    const response = await call('DELETE', `${path}?drain=${encodeURIComponent(drain)}`);
    expect(expectProblem(response, 422, 'invalid-request')).toEqual(['drain']);
    expect((await call('GET', path)).status).toBe(200);
  });

  it.each([
    '/v1/keys?limit=',
    '/v1/events?after=',
    '/v1/snapshot?index=&wait=0',
    '/v1/config/diff?from=',
    '/v1/keys?cursor=',
  ])('is not read from the empty text: %s', async (path) => {
    expectProblem(await call('GET', path), 422, 'invalid-request');
  });
});

describe('a body', () => {
  it('of a call without one is refused, and nothing happens', async () => {
    const { path } = await registered();
    const response = await call('DELETE', path, { drain: 60_000 });
    expect(expectProblem(response, 422, 'invalid-request')).toEqual(['']);
    expect((await call('GET', path)).status).toBe(200);
    for (const body of [undefined, '', '{}', 'null', ' \n']) {
      const probed = await call('POST', `${path}/probe`, body);
      expectProblem(probed, 409, 'no-health-check');
    }
  });

  it.each(['application/json', 'application/x-www-form-urlencoded', ''])(
    'that is optional may be empty under the content type %j',
    async (type) => {
      const headers = { 'content-type': type };
      const { path } = await newWebhook();
      expect((await call('POST', `${path}/replay`, '', headers)).status).toBe(202);
      expect((await call('POST', `${path}/rotate-secret`, '', headers)).status).toBe(200);
      const { body: key } = await call('POST', '/v1/keys', { name: 'n', scopes: ['viewer'] });
      expect((await call('POST', `/v1/keys/${key.id}/rotate`, '', headers)).status).toBe(200);
      expect((await call('POST', '/v1/load/redistribute', '', headers)).status).toBe(200);
    },
  );
});
