import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { fastPath } from '../../../src/api/fast-path/fast-path.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const app = createApp();
const TYPE = 'performance_tracker';
const id = freshId();
const ROUTE = '/v1/route';
const NO_LEASE = `/v1/leases/l-${TYPE}-${'0'.repeat(32)}/complete`;
const DONE = { outcome: 'success', latencyMs: 5 };

interface Sent {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const requestOf = ({ path, body, headers = {} }: Sent): Request => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const length = String(new TextEncoder().encode(text).length);
  return new Request(`https://coordinator.test${path}`, {
    method: 'POST',
    body: text,
    headers: {
      authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef',
      'content-type': 'application/json',
      'content-length': length,
      'x-request-id': 'same-for-both',
      ...headers,
    },
  });
};

async function readResponse(pendingResponse: Response | Promise<Response>): Promise<Record<string, unknown>> {
  const response = await pendingResponse;
  const body = (await response.json()) as { decision?: Record<string, unknown> };
  if (body.decision) body.decision = { ...body.decision, id: '' };
  return { status: response.status, body, headers: Object.fromEntries(response.headers) };
}

const viaFastPath = async (sent: Sent, overrides: Partial<Env> = {}): Promise<Record<string, unknown> | null> => {
  const context = createExecutionContext();
  const pendingResponse = fastPath(requestOf(sent), { ...env, ...overrides }, context);
  if (pendingResponse === null) return null;
  const result = await readResponse(pendingResponse);
  await waitOnExecutionContext(context);
  return result;
};

const viaRoutes = async (sent: Sent): Promise<Record<string, unknown>> => {
  const context = createExecutionContext();
  const result = await readResponse(app.fetch(requestOf(sent), env, context));
  await waitOnExecutionContext(context);
  return result;
};

beforeAll(async () => {
  await call('POST', '/v1/components', { ...silentRegistration(id), type: TYPE });
  await call('POST', `/v1/components/${id}/heartbeat`, {});
});

describe('the fast path', () => {
  it.each<readonly [string, Sent]>([
    ['a wrong key', { path: ROUTE, body: { type: TYPE }, headers: { authorization: 'Bearer wrong' } }],
    ['no key in the header', { path: ROUTE, body: { type: TYPE }, headers: { authorization: 'Basic a' } }],
    ['two words as a key', { path: ROUTE, body: { type: TYPE }, headers: { authorization: 'Bearer a b' } }],
    ['malformed JSON', { path: ROUTE, body: '{' }],
    ['no body', { path: ROUTE, body: '' }],
    ['a body too large', { path: ROUTE, body: { type: TYPE, payload: { text: 'x'.repeat(66_000) } } }],
    ['an unknown field', { path: ROUTE, body: { type: TYPE, colour: 1, preferences: { maxLoad: 101 } } }],
    ['an unknown type', { path: ROUTE, body: { type: 'nobody_knows' } }],
    ['a type without components', { path: ROUTE, body: { type: 'caws_validator' } }],
    ['an unknown lease', { path: NO_LEASE, body: DONE }],
    ['a completion without outcome', { path: NO_LEASE, body: {} }],
    ['a completion of an unknown lease with a negative latency', { path: NO_LEASE, body: { ...DONE, latencyMs: -3 } }],
  ])('returns the same problem for %s as the route', async (_, sent) => {
    const result = await viaFastPath(sent);
    expect(result).toEqual(await viaRoutes(sent));
    expect(result?.['status']).toBeGreaterThanOrEqual(400);
  });

  it.each<readonly [string, Sent]>([
    ['a decision', { path: ROUTE, body: { type: TYPE } }],
    ['an explained decision', { path: ROUTE, body: { type: TYPE, explain: true, dryRun: {} } }],
  ])('returns %s as the route does, with the headers that an API client needs', async (_, sent) => {
    const result = await viaFastPath(sent);
    const { body, status } = await viaRoutes(sent);
    expect(result).toMatchObject({ status, body: { component: { id } } });
    expect(result?.['body']).toMatchObject({ component: (body as { component: unknown }).component });
    expect(result?.['headers']).toEqual({
      'cache-control': 'no-store',
      'content-type': 'application/json',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'x-request-id': 'same-for-both',
    });
  });

  it('grants and ends a lease', async () => {
    const granted = await viaFastPath({ path: ROUTE, body: { type: TYPE, lease: {} } });
    const leaseId = /(?<=")l-[^"]+/.exec(JSON.stringify(granted))?.[0];
    const ended = await viaFastPath({ path: `/v1/leases/${leaseId}/complete`, body: DONE });
    expect(ended).toMatchObject({ status: 200, body: { id: leaseId, componentId: id, outcome: 'success' } });
  });

  it.each<readonly [string, Sent]>([
    ['another path', { path: '/v1/routes', body: {} }],
    ['a query', { path: `${ROUTE}?a=1`, body: {} }],
    ['an invalid lease id', { path: '/v1/leases/none/complete', body: DONE }],
    ['an escaped id', { path: '/v1/leases/l-a%2Fb/complete', body: {} }],
    ['another content type', { path: ROUTE, body: {}, headers: { 'content-type': 'text/plain' } }],
    ['a compressed body', { path: ROUTE, body: {}, headers: { 'content-encoding': 'gzip' } }],
    ['a condition', { path: ROUTE, body: {}, headers: { 'if-match': '"1"' } }],
  ])('leaves %s to the routes', async (_, sent) => {
    expect(await viaFastPath(sent)).toBeNull();
  });

  it('leaves requests of other origins to the routes when CORS is configured', async () => {
    const sent = { path: ROUTE, body: {}, headers: { origin: 'https://a.example.com' } };
    expect(await viaFastPath(sent, { CORS_ORIGINS: 'https://a.example.com' })).toBeNull();
  });

  it('leaves a session to the routes', () => {
    const request = new Request('https://coordinator.test/v1/route', { method: 'POST', body: '{}' });
    expect(fastPath(request, env, createExecutionContext())).toBeNull();
  });
});
