import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { ORIGIN, browse, opened } from '../../support/browse.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const viewerKey = async (): Promise<{ id: string; key: string }> =>
  (await call('POST', '/v1/keys', { name: 'link', scopes: ['viewer'] })).body;
const createLink = (key: string): Promise<ApiResponse> =>
  browse(null, 'POST', '/v1/session/link', { authorization: `Bearer ${key}` });
const redeem = (token: string): Promise<ApiResponse> =>
  browse(null, 'POST', '/v1/session', { authorization: `SignIn ${token}` });

afterEach(() => void vi.useRealTimers());

it('opens a session with the access of its key', async () => {
  const { id, key } = await viewerKey();
  const link = await createLink(key);
  expect(link.status).toBe(201);
  expect(link.body.url).toBe(`${ORIGIN}/#sign-in=${link.body.token}`);
  const session = await redeem(link.body.token);
  expect(session).toMatchObject({ status: 201, body: { keyId: id, scopes: ['viewer'] } });
  expect(session.headers.get('set-cookie')).toContain('HttpOnly');
});

it('works once, also after an eviction of the coordinator', async () => {
  const { body } = await createLink((await viewerKey()).key);
  const attempts = await Promise.all([redeem(body.token), redeem(body.token), redeem(body.token)]);
  expect(attempts.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401, 401]);
  await evict(env.SYSTEM_COORDINATOR.getByName('system'));
  const late = await redeem(body.token);
  expectProblem(late, 401, 'unauthorized');
  expect(late.headers.get('set-cookie')).toBeNull();
});

it('works for ten minutes', async () => {
  const { body } = await createLink('admin-key-of-the-tests-0123456789abcdef');
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 10 * 60_000 + 1);
  const request = new Request(`${ORIGIN}/v1/session`, {
    method: 'POST',
    headers: { authorization: `SignIn ${body.token}` },
  });
  expect((await createApp().fetch(request, env, createExecutionContext())).status).toBe(401);
});

it('ends with its key', async () => {
  const { id, key } = await viewerKey();
  const { body } = await createLink(key);
  await call('DELETE', `/v1/keys/${id}`);
  await vi.waitFor(async () => expect((await createLink(key)).status).toBe(401), { timeout: 5_000 });
  expectProblem(await redeem(body.token), 401, 'unauthorized');
});

it('authorizes no other call, and stays unused by the attempt', async () => {
  const { token } = (await createLink('admin-key-of-the-tests-0123456789abcdef')).body;
  for (const [method, path] of [
    ['GET', '/v1/components'],
    ['GET', '/v1/session'],
    ['POST', '/v1/session/link'],
  ] as const) {
    expectProblem(await browse(null, method, path, { authorization: `SignIn ${token}` }), 401, 'unauthorized');
  }
  expectProblem(await browse(null, 'GET', '/v1/components', { authorization: `Bearer ${token}` }), 401, 'unauthorized');
  expect((await redeem(token)).status).toBe(201);
});

it('cannot be forged', async () => {
  const { token } = (await createLink((await viewerKey()).key)).body;
  const [, digest, end, nonce, signature] = token.split('.');
  const forged = [
    ['root', digest, end, nonce, signature].join('.'),
    token.replace(end, '9999999999999'),
    token.replace(nonce, '0'.repeat(32)),
    token.slice(0, -1),
    '',
  ];
  for (const value of forged) expect([value, (await redeem(value)).status]).toEqual([value, 401]);
});

it('is not created by a session', async () => {
  const { cookie, csrfToken } = await opened('admin-key-of-the-tests-0123456789abcdef');
  expectProblem(await browse(cookie, 'POST', '/v1/session/link', { 'x-csrf-token': csrfToken }), 401, 'unauthorized');
});
