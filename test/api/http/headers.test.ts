import { describe, expect, it, vi } from 'vitest';
import headersFile from '../../../src/dashboard/public/_headers?raw';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { readHeadersFile } from '../../support/read-headers-file.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const SAME_FOR_PAGE_AND_API = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

function expectClosed({ headers }: ApiResponse): void {
  expect(Object.fromEntries(headers)).toMatchObject(SAME_FOR_PAGE_AND_API);
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  );
  expect(headers.get('permissions-policy')).toMatch(/^([a-z-]+=\(\)(, |$))+$/);
  expect(headers.get('x-request-id')).toMatch(/^[\w-]{8,64}$/);
  for (const name of ['server', 'x-powered-by', 'access-control-allow-origin', 'vary'])
    expect({ name, value: headers.get(name) }).toEqual({ name, value: null });
}

const fail = (): never => {
  throw new Error('broken on purpose');
};

/** An internal error, caused by a setting that throws when read. */
const brokenCall = (): Promise<ApiResponse> =>
  callWithEnv({ path: '/v1/health', env: { CORS_ORIGINS: { split: fail } } });

describe('response headers', () => {
  it.each([
    ['a list', 'GET', '/v1/components', 200],
    ['a problem', 'GET', '/v1/components/none', 404],
    ['an unknown path', 'GET', '/v1/nothing', 404],
    ['a path outside the API', 'GET', '/healthz/nothing', 404],
    ['a wrong method', 'PUT', '/v1/route', 405],
    ['liveness', 'GET', '/healthz', 200],
    ['HEAD', 'HEAD', '/v1/components', 200],
  ])('of %s are strict', async (_, method, path, status) => {
    const response = await callWithEnv({ method, path });
    expect(response.status).toBe(status);
    expectClosed(response);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('of a 401 and of an empty response are strict', async () => {
    const refused = await call('GET', '/v1/components', undefined, { authorization: 'Bearer wrong' });
    expect(refused.status).toBe(401);
    expectClosed(refused);
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    const removed = await call('DELETE', `/v1/components/${id}`);
    expect(removed.status).toBe(204);
    expectClosed(removed);
  });

  it('of an internal error are strict, and the log names its request id', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const response = await brokenCall();
    expect(response.status).toBe(500);
    expectClosed(response);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.body.requestId).toBe(response.headers.get('x-request-id'));
    const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines).toMatchObject([{ requestId: response.body.requestId, error: expect.stringContaining('broken') }]);
    log.mockRestore();
  });

  it('of the contract are strict and allow caching for five minutes', async () => {
    const response = await call('GET', '/openapi.json');
    expectClosed(response);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
  });
});

async function idOf(requestId?: string): Promise<string | null> {
  const headers: Record<string, string> = requestId === undefined ? {} : { 'x-request-id': requestId };
  return (await call('GET', '/healthz', undefined, headers)).headers.get('x-request-id');
}

describe('x-request-id', () => {
  it.each(['12345678', 'a_B-0123', 'x'.repeat(64)])('is taken from the caller: %s', async (requestId) => {
    expect(await idOf(requestId)).toBe(requestId);
  });

  it.each([
    '',
    '1234567',
    'x'.repeat(65),
    'with space',
    'with=equals',
    'with.dots.',
    '<script>alert',
    'a, b, c, d',
    'ünïcödés',
  ])('is generated instead of %j', async (requestId) => {
    expect(await idOf(requestId)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('differs for every call and is part of problems', async () => {
    expect(await idOf()).not.toBe(await idOf());
    const problem = await call('GET', '/v1/components/none', undefined, { 'x-request-id': 'my-own-request' });
    expect(problem.body.requestId).toBe('my-own-request');
    expect(problem.headers.get('x-request-id')).toBe('my-own-request');
  });
});

describe('headers of the dashboard files', () => {
  const rules = readHeadersFile(headersFile);
  const everything = rules.get('/*')!;

  it('are as strict as those of the API', async () => {
    expect(Object.fromEntries(everything)).toMatchObject(SAME_FOR_PAGE_AND_API);
    const api = await call('GET', '/healthz');
    expect(everything.get('permissions-policy')).toBe(api.headers.get('permissions-policy'));
  });

  it('let the page load only its own files, and nothing inline', () => {
    const policy = everything.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none';/);
    for (const directive of ['object-src', 'base-uri', 'form-action', 'frame-ancestors'])
      expect(policy).toContain(`${directive} 'none'`);
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('allow caching only for files with a hash in their names', () => {
    expect(everything.get('cache-control')).toBeNull();
    expect(rules.get('/assets/*')?.get('cache-control')).toContain('immutable');
  });
});
