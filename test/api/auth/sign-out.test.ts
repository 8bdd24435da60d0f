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
const away = () => Promise.reject(new Error('away'));

/** In this isolate, where calls to the coordinator can be taken away. */
function here({ cookie, csrfToken }: Opened, method: string): Promise<Response> {
  const headers = { cookie: `${COOKIE}=${cookie}`, 'x-csrf-token': csrfToken };
  const request = new Request(`${ORIGIN}/v1/session`, { method, headers });
  return Promise.resolve(app.fetch(request, env, createExecutionContext()));
}

const statusHere = async (session: Opened): Promise<number> => (await here(session, 'GET')).status;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe.each([
  ['a key', async () => (await make('viewer')).key],
  ['the admin key', async () => 'test-admin-key'],
])('signing out of a session of %s', (_, keyOf) => {
  it('makes every copy of its cookie worthless within 3 s, and no other session', async () => {
    const key = await keyOf();
    const [left, other] = [await opened(key), await opened(key)];
    expect((await browse(left.cookie, 'GET', '/v1/session')).status).toBe(200);
    expect((await signOut(left)).status).toBe(204);
    const refused = await eventually(
      () => browse(left.cookie, 'GET', '/v1/session'),
      ({ status }) => status === 401,
      4_000,
    );
    expect(cleared(refused)).toBe(true);
    await evict(env.SYSTEM_COORDINATOR.getByName('system'));
    expect((await browse(left.cookie, 'GET', '/v1/session')).status).toBe(401);
    expect((await browse(other.cookie, 'GET', '/v1/session')).status).toBe(200);
    expect((await browse((await opened(key)).cookie, 'GET', '/v1/session')).status).toBe(200);
  });

  it('is not said to be done while the coordinator is away', async () => {
    const session = await opened(await keyOf());
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    interceptCoordinator('endSession', () => away);
    const answer = await here(session, 'DELETE');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.headers.get('set-cookie')).toBeNull();
    vi.restoreAllMocks();
    expect(await statusHere(session)).toBe(200);
    expect((await signOut(session)).status).toBe(204);
  });
});

describe('a session', () => {
  it('is told of once by the audit, however often it is ended', async () => {
    const { id, key } = await make('viewer');
    const session = await opened(key);
    const answers = await Promise.all([signOut(session), signOut(session)]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    const { items } = await eventually(
      async () => (await call('GET', `/v1/audit?keyId=${id}`)).body as { items: Record<string, string>[] },
      (page) => page.items.length >= 2,
    );
    expect(items.map(({ action, subject }) => [action, subject])).toEqual([
      ['session.close', id],
      ['session.open', id],
    ]);
  });

  it('of the admin key is good for nothing while nobody can say whether it was ended', async () => {
    const session = await opened('test-admin-key');
    expect(await statusHere(session)).toBe(200);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    interceptCoordinator('syncKeys', () => away);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 4_000);
    expect(await statusHere(session)).toBe(503);
    vi.restoreAllMocks();
    expect(await statusHere(session)).toBe(200);
  });
});
