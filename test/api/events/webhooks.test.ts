import { afterAll, describe, expect, inject, it } from 'vitest';
import { NewWebhookSchema, WebhookPageSchema, WebhookSchema } from '../../../src/api/schemas/webhook.ts';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const URL = 'http://127.0.0.1:1/services/T0/secret-path';
const quiet = { types: ['drill.ended'], subjects: ['nobody'] };
const made: string[] = [];

const create = async (body: object) => {
  const response = await call('POST', '/v1/webhooks', body);
  if (response.status === 201) made.push(response.body.id);
  return response;
};

afterAll(async () => {
  for (const id of made) await call('DELETE', `/v1/webhooks/${id}`);
});

describe('a webhook', () => {
  it('is created with a secret shown once; creating it again returns the same webhook', async () => {
    const id = freshId('hook');
    const first = await create({ ...quiet, id, url: URL });
    expect(first).toMatchObject({ status: 201, body: { id, state: 'enabled', types: quiet.types, url: URL } });
    expect(NewWebhookSchema.parse(first.body)).toEqual(first.body);
    expect(first.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret: _, ...rest } = first.body;
    expect(await create({ ...quiet, id, url: URL })).toMatchObject({ status: 200, body: rest });
    expectProblem(await create({ ...quiet, id, url: `${URL}/2` }), 409, 'webhook-exists');
    const read = await call('GET', `/v1/webhooks/${id}`);
    expect(WebhookSchema.parse(read.body)).toEqual(read.body);
    expect(read.headers.get('etag')).toMatch(/^"\d+"$/);
    const list = (await call('GET', '/v1/webhooks?limit=500')).body;
    expect(WebhookPageSchema.parse(list)).toEqual(list);
    expect(list.items).toContainEqual(read.body);
  });

  it('has a new ETag when it is created again under a deleted id', async () => {
    const webhook = { ...quiet, id: freshId('w'), url: URL };
    const old = (await create(webhook)).headers.get('etag')!;
    const path = `/v1/webhooks/${webhook.id}`;
    expect((await call('DELETE', path)).status).toBe(204);
    await create(webhook);
    expectProblem(await call('DELETE', path, undefined, { 'if-match': old }), 412, 'precondition-failed');
  });

  it('is changed under If-Match, rotated and deleted', async () => {
    const secret = `whsec_${btoa('x'.repeat(24))}`;
    const { body, headers } = await create({ ...quiet, url: URL, secret });
    expect(body.secret).toBe(secret);
    const path = `/v1/webhooks/${body.id}`;
    const etag = { 'if-match': headers.get('etag')! };
    expect((await call('PATCH', path, { enabled: false }, etag)).body).toMatchObject({
      state: 'disabled',
      disabledReason: 'operator',
      behind: true,
    });
    expectProblem(await call('PATCH', path, { enabled: true }, etag), 412, 'precondition-failed');
    expectProblem(await call('DELETE', path, undefined, etag), 412, 'precondition-failed');
    expectProblem(await call('PATCH', path, {}, { 'if-match': 'x' }), 422, 'precondition-invalid');
    expect((await call('PATCH', path, { enabled: true })).body).toMatchObject({
      state: 'enabled',
      disabledReason: null,
    });
    const rotated = await call('POST', `${path}/rotate-secret`, {});
    expect(rotated).toMatchObject({ status: 200 });
    expect(rotated.body.secret).not.toBe(secret);
    expect(rotated.body.previousSecretUntil).toEqual(expect.any(String));
    expect((await call('DELETE', path)).status).toBe(204);
    expectProblem(await call('GET', path), 404, 'not-found');
  });

  it.each([
    [{}, 'url'],
    [{ url: URL, format: 'soap' }, 'format'],
    [{ url: URL, types: [] }, 'types'],
    [{ url: URL, types: ['nothing.*'] }, 'types[0]'],
    [{ url: URL, types: ['component.fail'] }, 'types[0]'],
    [{ url: URL, subjects: ['A'] }, 'subjects[0]'],
    [{ url: URL, componentTypes: ['-'] }, 'componentTypes[0]'],
    [{ url: URL, description: 'a\nb' }, 'description'],
    [{ url: URL, secret: 'whsec_short' }, 'secret'],
    [{ url: URL, secret: `whsec_${btoa('x'.repeat(65))}` }, 'secret'],
    [{ url: URL, secret: `whsec_${btoa('x'.repeat(25)).replaceAll('=', '')}` }, 'secret'],
    [{ url: URL, id: 'A' }, 'id'],
    [{ url: URL, headers: {} }, 'headers'],
    [{ url: URL, format: 'slack', types: ['component.*'] }, 'types[0]'],
    [{ format: 'pagerduty' }, 'routingKey'],
    [{ url: URL, routingKey: 'k' }, 'routingKey'],
  ])('is refused as %j', async (body, path) => {
    expect(new Set(expectProblem(await create(body), 422, 'invalid-request'))).toEqual(new Set([path]));
  });

  it('is refused with a URL that is not allowed, when created or changed', async () => {
    const bad = 'http://user@127.0.0.1/';
    expect(expectProblem(await create({ url: bad }), 422, 'endpoint-not-allowed')).toEqual(['url']);
    const { body } = await create({ ...quiet, url: URL });
    const changed = await call('PATCH', `/v1/webhooks/${body.id}`, { url: bad });
    expect(expectProblem(changed, 422, 'endpoint-not-allowed')).toEqual(['url']);
    const key = await call('PATCH', `/v1/webhooks/${body.id}`, { routingKey: 'k' });
    expect(expectProblem(key, 422, 'invalid-request')).toEqual(['routingKey']);
  });
});

describe('a secret of a webhook', () => {
  it('is masked: the URL and key of a channel for all, the URL of a webhook for non-admins', async () => {
    const channel = (await create({ url: URL, format: 'slack', subjects: ['nobody'] })).body;
    const pager = (await create({ format: 'pagerduty', routingKey: 'R0', subjects: ['nobody'] })).body;
    const plain = (await create({ ...quiet, url: URL })).body;
    expect([channel.url, pager.url, pager.routingKey]).toEqual([
      'http://127.0.0.1:1/***',
      'https://events.pagerduty.com/***',
      '***',
    ]);
    expect(pager.types).toEqual(['incident.*']);
    const { body: key } = await call('POST', '/v1/keys', { name: 'hooks', scopes: ['operator'] });
    const seen = await call('GET', `/v1/webhooks/${plain.id}`, undefined, { authorization: `Bearer ${key.key}` });
    expect(seen.body.url).toBe('http://127.0.0.1:1/***');
    const { items } = (await call('GET', '/v1/events?types=webhook.created')).body;
    expect(JSON.stringify(items)).not.toMatch(/secret-path|whsec|R0/);
  });

  it('is masked for the webhook of the deployment, which is read-only', async () => {
    const { body } = await call('GET', '/v1/webhooks/alerts');
    expect(body).toMatchObject({ id: 'alerts', configured: true, url: expect.stringMatching(/\/\*\*\*$/) });
    expectProblem(await call('PATCH', '/v1/webhooks/alerts', { enabled: false }), 409, 'webhook-configured');
    expectProblem(await call('DELETE', '/v1/webhooks/alerts'), 409, 'webhook-configured');
    expectProblem(await create({ id: 'alerts', url: URL }), 409, 'webhook-exists');
    expectProblem(await call('POST', '/v1/webhooks/alerts/replay', { after: 0 }), 422, 'invalid-request');
  });
});

describe('GET /v1/webhooks/{id}/deliveries', () => {
  it('returns pages, newest first, also through CoordinatorClient', async () => {
    const { webhooks } = new CoordinatorClient({
      baseUrl: 'http://coordinator',
      fetch: async (url, init) => {
        const response = await call(
          init.method ?? 'GET',
          url.slice('http://coordinator'.length),
          init.body === undefined ? undefined : JSON.parse(init.body as string),
        );
        return new Response(response.status === 204 ? null : JSON.stringify(response.body), {
          status: response.status,
        });
      },
    });
    const receiver = freshId('receiver');
    const url = `${inject('componentUrl')}/${receiver}/hook`;
    const { id } = await webhooks.create({ url, types: ['webhook.*'], subjects: [`${receiver}*`] });
    made.push(id);
    const others = [];
    for (let at = 0; at < 3; at++) others.push((await create({ ...quiet, id: `${receiver}-${at}`, url: URL })).body.id);
    const first = await webhooks.deliveries(id, { limit: 2 });
    const rest = await webhooks.deliveries(id, { limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items].map(({ event }) => event.subject)).toEqual(others.toReversed());
    expect(rest.nextCursor).toBeNull();
    expect(expectProblem(await call('GET', `/v1/webhooks/${id}/deliveries?cursor=x`), 422, 'invalid-request')).toEqual([
      'cursor',
    ]);
    expect(await webhooks.test(id)).toMatchObject({ delivered: true });
    expect((await webhooks.replay(id, { after: 0 })).replayed).toBe(0);
    await webhooks.remove(id);
  });
});
