/** What a response contained may be sent back: read-only fields are ignored, and only the changed ones count. */
import { describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const registered = async () => {
  const path = `/v1/components/${freshId()}`;
  const { body } = await call('POST', '/v1/components', silentRegistration(path.split('/').at(-1)!));
  return { path, body };
};

const created = async (settings: object) => {
  const id = `w-${freshId()}`;
  expect((await call('POST', '/v1/webhooks', { id, ...settings })).status).toBe(201);
  return `/v1/webhooks/${id}`;
};

describe('a component as it was read, with one field changed', () => {
  it.each(['PUT', 'PATCH'])('is stored by %s', async (method) => {
    const { path } = await registered();
    const { body, headers } = await call('GET', path);
    const sent = { ...body, weight: 7, generation: 0, health: { status: 'healthy' } };
    const stored = await call(method, path, sent, { 'if-match': headers.get('etag')! });
    expect(stored).toMatchObject({ status: 200, body: { weight: 7, health: { status: 'unknown' } } });
    const again = await call(method, path, stored.body);
    expect(again.headers.get('etag')).toBe(stored.headers.get('etag'));
  });

  it('is stored by POST, with the key of the first response too', async () => {
    const { body } = await registered();
    const sent = { ...body, weight: 3, key: { id: 'x' } };
    expect(await call('POST', '/v1/components', sent)).toMatchObject({ status: 200, body: { weight: 3 } });
  });

  it('is refused with a field that no component has', async () => {
    const { path, body } = await registered();
    expect(expectProblem(await call('PUT', path, { ...body, colour: 'red' }), 422, 'invalid-request')).toEqual([
      'colour',
    ]);
  });

  it('is refused if nothing but read-only fields would change', async () => {
    const { path } = await registered();
    const response = await call('PATCH', path, { lifecycle: 'draining', health: null });
    expect(expectProblem(response, 422, 'invalid-request')).toEqual(['lifecycle', 'health']);
  });
});

describe('a webhook as it was read, with one field changed', () => {
  it.each([
    [{ url: 'https://hooks.example.com/events', types: ['config.changed'] }],
    [{ url: 'https://hooks.example.com/secret/path', format: 'slack' }],
    [{ format: 'pagerduty', routingKey: 'abc123' }],
  ])('is stored, and masked values stay: %j', async (settings) => {
    const path = await created(settings);
    const { body } = await call('GET', path);
    const changed = await call('PATCH', path, { ...body, description: 'renamed', pending: 99 });
    expect(changed).toMatchObject({
      status: 200,
      body: { description: 'renamed', url: body.url, pending: body.pending },
    });
    const { items } = (await call('GET', `/v1/events?types=webhook.changed&subject=${path.split('/').at(-1)}`)).body;
    expect(items).toMatchObject([{ data: { changed: ['description'] } }]);
  });

  it.each([
    [{ format: 'slack' }, 'format'],
    [{ id: 'another' }, 'id'],
    [{ url: 'https://elsewhere.example.com/***' }, 'url'],
    [{ state: 'disabled' }, 'state'],
    [{ secret: 'whsec_x' }, 'secret'],
  ])('is refused with %j', async (change, path) => {
    const hook = await created({ url: 'https://hooks.example.com/events' });
    expect(expectProblem(await call('PATCH', hook, change), 422, 'invalid-request')).toEqual([path]);
  });
});

describe('a key as it was read, with one quota changed', () => {
  it('is stored; its name and scopes cannot be changed', async () => {
    const { body: key } = await call('POST', '/v1/keys', { name: 'caller', scopes: ['router'] });
    const path = `/v1/keys/${key.id}`;
    const { body } = await call('GET', path);
    const changed = await call('PATCH', path, { ...body, quotas: { leaseSlots: 3 } });
    expect(changed).toMatchObject({ status: 200, body: { quotas: { leaseSlots: 3 } } });
    const promoted = await call('PATCH', path, { quotas: {}, scopes: ['admin'], name: 'other' });
    expect(expectProblem(promoted, 422, 'invalid-request').toSorted()).toEqual(['name', 'scopes']);
  });
});
