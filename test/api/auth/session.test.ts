import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { COOKIE as NAME, ORIGIN, browse, cleared, opened, signOut } from '../../support/browse.ts';
import { call, eventually } from '../../support/coordinator-http.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const make = async (...scopes: string[]): Promise<{ id: string; key: string }> =>
  (await call('POST', '/v1/keys', { name: 'page', scopes })).body;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a session', () => {
  it('is kept in a cookie that scripts and other sites cannot use', async () => {
    const { id, key } = await make('viewer');
    const { response, cookie } = await opened(key);
    const attributes = response.headers.get('set-cookie')!.split('; ').slice(1);
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(response.body).toMatchObject({ keyId: id, keyName: 'page', scopes: ['viewer'] });
    expect(decodeURIComponent(cookie)).not.toContain(key.slice(17, 81));
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('is not opened when its audit entry cannot be written', async () => {
    interceptCoordinator('audit', () => () => Promise.reject(Object.assign(new Error('away'), { retryable: true })));
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const request = new Request(`${ORIGIN}/v1/session`, {
      method: 'POST',
      headers: bearer('admin-key-of-the-tests-0123456789abcdef'),
    });
    const response = await createApp().fetch(request, env, createExecutionContext());
    expect({ status: response.status, cookie: response.headers.get('set-cookie') }).toEqual({
      status: 503,
      cookie: null,
    });
  });

  it('has the access of its key and no more', async () => {
    const { cookie, csrfToken } = await opened((await make('viewer')).key);
    expect((await browse(cookie, 'GET', '/v1/components')).status).toBe(200);
    expect((await browse(cookie, 'GET', '/v1/session')).body.csrfToken).toBe(csrfToken);
    expectProblem(await browse(cookie, 'GET', '/v1/keys'), 403, 'forbidden');
    const change = await browse(cookie, 'DELETE', '/v1/components/any', { 'x-csrf-token': csrfToken });
    expectProblem(change, 403, 'forbidden');
  });

  it('ends when it is closed', async () => {
    const closed = await signOut(await opened('admin-key-of-the-tests-0123456789abcdef'));
    expect(closed.status).toBe(204);
    expect(cleared(closed)).toBe(true);
  });

  it('ends when its key is revoked', async () => {
    const { id, key } = await make('viewer');
    const { cookie } = await opened(key);
    expect((await browse(cookie, 'GET', '/v1/health')).status).toBe(200);
    await call('DELETE', `/v1/keys/${id}`);
    const refused = await eventually(
      () => browse(cookie, 'GET', '/v1/health'),
      ({ status }) => status === 401,
      4_000,
    );
    expect(cleared(refused)).toBe(true);
  });

  it('ends when the secret that opened it is rotated', async () => {
    const { id, key } = await make('viewer');
    const { cookie } = await opened(key);
    await call('POST', `/v1/keys/${id}/rotate`, { overlapMs: 0 });
    await eventually(
      () => browse(cookie, 'GET', '/v1/health'),
      ({ status }) => status === 401,
      4_000,
    );
  });

  it('ends after twelve hours', async () => {
    const { cookie } = await opened('admin-key-of-the-tests-0123456789abcdef');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 12 * 3_600_000 + 1);
    const request = new Request(`${ORIGIN}/v1/session`, { headers: { cookie: `${NAME}=${cookie}` } });
    const response = await createApp().fetch(request, env, createExecutionContext());
    expect(response.status).toBe(401);
  });

  it('ends when the admin key changes, whichever key opened it', async () => {
    const { cookie } = await opened((await make('viewer')).key);
    const request = new Request(`${ORIGIN}/v1/session`, { headers: { cookie: `${NAME}=${cookie}` } });
    const other = { ...env, COORDINATOR_ADMIN_KEY: 'another-admin-key-0123456789abcdef' };
    expect((await createApp().fetch(request, other, createExecutionContext())).status).toBe(401);
  });

  it('cannot be forged', async () => {
    const { cookie } = await opened((await make('viewer')).key);
    const plain = decodeURIComponent(cookie);
    const [keyId = '', ...rest] = plain.split('.');
    const forged = [
      ['root', ...rest].join('.'),
      [keyId, rest[0], '9999999999999', ...rest.slice(2)].join('.'),
      plain.slice(0, -2),
      `${plain}x`,
      plain.replace(/\.[^.]*$/, ''),
      '',
      'root',
    ];
    for (const value of forged) {
      const refused = await browse(encodeURIComponent(value), 'GET', '/v1/health');
      expect({ value, status: refused.status }).toEqual({ value, status: 401 });
    }
  });

  it('cannot open another session', async () => {
    const { cookie, csrfToken } = await opened('admin-key-of-the-tests-0123456789abcdef');
    const again = await browse(cookie, 'POST', '/v1/session', { 'x-csrf-token': csrfToken });
    expectProblem(again, 401, 'unauthorized');
    expect(again.headers.get('set-cookie')).toBeNull();
  });

  it('does not authorize a call with an invalid key', async () => {
    const { cookie } = await opened('admin-key-of-the-tests-0123456789abcdef');
    expectProblem(await browse(cookie, 'GET', '/v1/health', bearer('wrong')), 401, 'unauthorized');
    expectProblem(await browse(cookie, 'GET', '/v1/health', { authorization: 'Basic eDp5' }), 401, 'unauthorized');
  });

  it('is not found for a call with a key', async () => {
    expectProblem(
      await browse(null, 'GET', '/v1/session', bearer('admin-key-of-the-tests-0123456789abcdef')),
      404,
      'not-found',
    );
    expectProblem(await browse(null, 'GET', '/v1/session'), 401, 'unauthorized');
  });
});

describe('a change under a session', () => {
  const CHANGE = ['DELETE', '/v1/components/nobody-by-that-id'] as const;

  it.each([
    ['without its token', () => ({})],
    ['with a wrong token', () => ({ 'x-csrf-token': '0'.repeat(32) })],
    ['with an empty token', () => ({ 'x-csrf-token': '' })],
    ['from another origin', (token: string) => ({ 'x-csrf-token': token, origin: 'https://evil.example' })],
    ['from no origin', (token: string) => ({ 'x-csrf-token': token, origin: 'null' })],
    ['from another scheme', (token: string) => ({ 'x-csrf-token': token, origin: 'http://coordinator.test' })],
    ['across sites', (token: string) => ({ 'x-csrf-token': token, 'sec-fetch-site': 'cross-site' })],
    ['from a sibling host', (token: string) => ({ 'x-csrf-token': token, 'sec-fetch-site': 'same-site' })],
  ] as const)('is refused %s', async (_, headersOf) => {
    const { cookie, csrfToken } = await opened('admin-key-of-the-tests-0123456789abcdef');
    const headers = headersOf(csrfToken) as Record<string, string>;
    expectProblem(await browse(cookie, ...CHANGE, headers), 403, 'csrf-token-required');
  });

  it('is accepted from the dashboard with its token', async () => {
    const { cookie, csrfToken } = await opened('admin-key-of-the-tests-0123456789abcdef');
    const headers = { 'x-csrf-token': csrfToken, origin: ORIGIN, 'sec-fetch-site': 'same-origin' };
    expectProblem(await browse(cookie, ...CHANGE, headers), 404, 'unknown-component');
  });

  it('requires the token of its own session', async () => {
    const [one, other] = [
      await opened('admin-key-of-the-tests-0123456789abcdef'),
      await opened('admin-key-of-the-tests-0123456789abcdef'),
    ];
    const headers = { 'x-csrf-token': other.csrfToken };
    expectProblem(await browse(one.cookie, ...CHANGE, headers), 403, 'csrf-token-required');
  });
});
