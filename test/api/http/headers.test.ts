import { describe, expect, it, vi } from 'vitest';
import headersFile from '../../../src/dashboard/public/_headers?raw';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { Answer } from '../../support/coordinator-http.ts';
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

function expectClosed({ headers }: Answer): void {
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

/** A fault of ours, brought about by a setting that breaks whoever reads it. */
const brokenCall = (): Promise<Answer> => callWithEnv({ path: '/v1/health', env: { CORS_ORIGINS: { split: fail } } });

describe('the headers of an answer', () => {
  it.each([
    ['a list', 'GET', '/v1/components', 200],
    ['a problem', 'GET', '/v1/components/none', 404],
    ['a path that is none', 'GET', '/v1/nothing', 404],
    ['a path outside the API', 'GET', '/healthz/nothing', 404],
    ['a wrong method', 'PUT', '/v1/route', 405],
    ['liveness', 'GET', '/healthz', 200],
    ['HEAD', 'HEAD', '/v1/components', 200],
  ])('close %s', async (_, method, path, status) => {
    const answer = await callWithEnv({ method, path });
    expect(answer.status).toBe(status);
    expectClosed(answer);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('close what is refused for want of a key, and what has no body', async () => {
    const refused = await call('GET', '/v1/components', undefined, { authorization: 'Bearer wrong' });
    expect(refused.status).toBe(401);
    expectClosed(refused);
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    const removed = await call('DELETE', `/v1/components/${id}`);
    expect(removed.status).toBe(204);
    expectClosed(removed);
  });

  it('close a fault of ours, which names its request in the log', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await brokenCall();
    expect(answer.status).toBe(500);
    expectClosed(answer);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines).toMatchObject([{ requestId: answer.body.requestId, error: expect.stringContaining('broken') }]);
    log.mockRestore();
  });

  it('close the contract, which may be kept for five minutes', async () => {
    const answer = await call('GET', '/openapi.json');
    expectClosed(answer);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
  });
});

async function idOf(given?: string): Promise<string | null> {
  const headers: Record<string, string> = given === undefined ? {} : { 'x-request-id': given };
  return (await call('GET', '/healthz', undefined, headers)).headers.get('x-request-id');
}

describe('the id of a request', () => {
  it.each(['12345678', 'a_B-0123', 'x'.repeat(64)])('is the caller’s own: %s', async (given) => {
    expect(await idOf(given)).toBe(given);
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
  ])('is a new one instead of %j', async (given) => {
    expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('differs from call to call and stands in problems', async () => {
    expect(await idOf()).not.toBe(await idOf());
    const problem = await call('GET', '/v1/components/none', undefined, { 'x-request-id': 'my-own-request' });
    expect(problem.body.requestId).toBe('my-own-request');
    expect(problem.headers.get('x-request-id')).toBe('my-own-request');
  });
});

describe('the headers of the page and its files', () => {
  const rules = readHeadersFile(headersFile);
  const everything = rules.get('/*')!;

  it('are as strict as those of the API', async () => {
    expect(Object.fromEntries(everything)).toMatchObject(SAME_FOR_PAGE_AND_API);
    const api = await call('GET', '/healthz');
    expect(everything.get('permissions-policy')).toBe(api.headers.get('permissions-policy'));
  });

  it('let the page load only what is its own, and nothing inline', () => {
    const policy = everything.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none';/);
    for (const directive of ['object-src', 'base-uri', 'form-action', 'frame-ancestors'])
      expect(policy).toContain(`${directive} 'none'`);
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('let only files with a hash in their names be kept', () => {
    expect(everything.get('cache-control')).toBeNull();
    expect(rules.get('/assets/*')?.get('cache-control')).toContain('immutable');
  });
});
