import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { COOKIE, ORIGIN, browse, cleared, opened, signOut } from '../../support/browse.ts';
import type { Opened } from '../../support/browse.ts';
import { call, eventually } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { interceptCoordinator } from '../../support/intercept-coordinator.ts';

const app = createApp();
const make = async (...scopes: string[]): Promise<{ id: string; key: string }> =>
  (await call('POST', '/v1/keys', { name: 'page', scopes })).body;
const rejectUnavailable = () => Promise.reject(new Error('away'));

/** Calls the app in this isolate, where the test can make coordinator calls fail. */
function fetchInIsolate({ cookie, csrfToken }: Opened, method: string): Promise<Response> {
  const headers = { cookie: `${COOKIE}=${cookie}`, 'x-csrf-token': csrfToken };
  const request = new Request(`${ORIGIN}/v1/session`, { method, headers });
  return Promise.resolve(app.fetch(request, env, createExecutionContext()));
}

const statusInIsolate = async (session: Opened): Promise<number> => (await fetchInIsolate(session, 'GET')).status;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe.each([
  ['a key', async () => (await make('viewer')).key],
  ['the admin key', async () => 'admin-key-of-the-tests-0123456789abcdef'],
])('sign-out of a session of %s', (_, keyOf) => {
  it('invalidates every copy of its cookie within 3 s, and no other session', async () => {
    const key = await keyOf();
    const [signedOut, other] = [await opened(key), await opened(key)];
    expect((await browse(signedOut.cookie, 'GET', '/v1/session')).status).toBe(200);
    expect((await signOut(signedOut)).status).toBe(204);
    const refused = await eventually(
      () => browse(signedOut.cookie, 'GET', '/v1/session'),
      ({ status }) => status === 401,
      4_000,
    );
    expect(cleared(refused)).toBe(true);
    await evict(env.SYSTEM_COORDINATOR.getByName('system'));
    expect((await browse(signedOut.cookie, 'GET', '/v1/session')).status).toBe(401);
    expect((await browse(other.cookie, 'GET', '/v1/session')).status).toBe(200);
    expect((await browse((await opened(key)).cookie, 'GET', '/v1/session')).status).toBe(200);
  });

  it('gets 503 while the coordinator is unavailable', async () => {
    const session = await opened(await keyOf());
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    interceptCoordinator('endSession', () => rejectUnavailable);
    const response = await fetchInIsolate(session, 'DELETE');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(response.headers.get('set-cookie')).toBeNull();
    vi.restoreAllMocks();
    expect(await statusInIsolate(session)).toBe(200);
    expect((await signOut(session)).status).toBe(204);
  });
});

describe('a session', () => {
  it('has one audit entry for its end, even after two sign-outs', async () => {
    const { id, key } = await make('viewer');
    const session = await opened(key);
    const responses = await Promise.all([signOut(session), signOut(session)]);
    expect(responses.map(({ status }) => status)).toEqual([204, 204]);
    const { items } = await eventually(
      async () => (await call('GET', `/v1/audit?keyId=${id}`)).body as { items: Record<string, string>[] },
      (page) => page.items.length >= 2,
    );
    expect(items.map(({ action, subject }) => [action, subject])).toEqual([
      ['session.close', id],
      ['session.open', id],
    ]);
  });

  it('of the admin key gets 503 while the list of ended sessions cannot be read', async () => {
    const session = await opened('admin-key-of-the-tests-0123456789abcdef');
    expect(await statusInIsolate(session)).toBe(200);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    interceptCoordinator('syncKeys', () => rejectUnavailable);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 4_000);
    expect(await statusInIsolate(session)).toBe(503);
    vi.restoreAllMocks();
    expect(await statusInIsolate(session)).toBe(200);
  });
});
