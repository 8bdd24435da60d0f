import { createExecutionContext } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { contractOperations } from '../../support/contract-operations.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const worker = exports as unknown as { default: Fetcher };
const KEY = 'admin-key-of-the-tests-0123456789abcdef';

const operations = contractOperations().filter(({ path }) => path.startsWith('/v1/'));
const toPath = (path: string): string => path.replaceAll(/\{\w+\}/g, 'any');

async function callAs(authorization: string | null, method: string, path: string): Promise<ApiResponse> {
  const headers: HeadersInit = authorization === null ? {} : { authorization };
  const response = await worker.default.fetch(`https://coordinator.test${path}`, { method, headers });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

const STRANGERS: readonly (readonly [string, string | null])[] = [
  ['no key', null],
  ['an empty header', ''],
  ['a wrong key', 'Bearer wrong'],
  ['a key that only begins right', `Bearer ${KEY.slice(0, -1)}`],
  ['a key with more behind it', `Bearer ${KEY}x`],
  ['the key in another case', `Bearer ${KEY.toUpperCase()}`],
  ['two keys', `Bearer ${KEY} ${KEY}`],
  ['a scheme without a key', 'Bearer'],
  ['the key without a scheme', KEY],
  ['the wrong scheme', `Basic ${btoa(`admin:${KEY}`)}`],
  ['the key under the wrong scheme', `Token ${KEY}`],
];

describe('a call without a valid key', () => {
  it.each(operations)('gets 401 from $method $path', async ({ method, path }) => {
    for (const [who, authorization] of STRANGERS) {
      const refused = await callAs(authorization, method, toPath(path));
      expect({ who, status: refused.status }).toEqual({ who, status: 401 });
      expectProblem(refused, 401, 'unauthorized');
      expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });
});

describe('a key', () => {
  it('is required on unknown paths too', async () => {
    for (const path of ['/v1', '/v1/', '/v1/nothing', '/v1/components/a/b/c'])
      expectProblem(await callAs(null, 'GET', path), 401, 'unauthorized');
  });

  it('is not accepted in the query', async () => {
    expectProblem(await callAs(null, 'GET', `/v1/components?key=${KEY}&access_token=${KEY}`), 401, 'unauthorized');
  });

  it('is checked before the body', async () => {
    const headers = { authorization: 'Bearer wrong' };
    expectProblem(await call('POST', '/v1/components', 'x'.repeat(200_000), headers), 401, 'unauthorized');
    expectProblem(await call('POST', '/v1/components', '{', headers), 401, 'unauthorized');
  });

  it('that is invalid changes nothing', async () => {
    const id = freshId();
    expectProblem(
      await call('POST', '/v1/components', silentRegistration(id), { authorization: 'Bearer wrong' }),
      401,
      'unauthorized',
    );
    expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
    await call('POST', '/v1/components', silentRegistration(id));
    expectProblem(
      await call('DELETE', `/v1/components/${id}`, undefined, { authorization: 'Bearer wrong' }),
      401,
      'unauthorized',
    );
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
  });

  it('is accepted in any case of its scheme', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect((await callAs(`${scheme} ${KEY}`, 'GET', '/v1/components')).status).toBe(200);
  });

  it('is not required for liveness', async () => {
    expect((await callAs(null, 'GET', '/healthz')).status).toBe(200);
    expect((await callAs('Bearer wrong', 'GET', '/healthz')).status).toBe(200);
  });
});

const callWithout = async (key: string | undefined, path: string): Promise<ApiResponse> => {
  const request = new Request(`https://coordinator.test${path}`, {
    headers: { authorization: `Bearer ${key ?? ''}` },
  });
  const response = await createApp().fetch(request, { ...env, COORDINATOR_ADMIN_KEY: key }, createExecutionContext());
  return { status: response.status, body: await response.json(), headers: response.headers };
};

describe('a deployment without a usable admin key', () => {
  it.each([undefined, ''])('(%j) refuses every call with 503 not-configured', async (key) => {
    const refused = await callWithout(key, '/v1/components');
    expectProblem(refused, 503, 'not-configured');
    expect(refused.body.detail).toContain('COORDINATOR_ADMIN_KEY');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it.each(['change-me', 'a'.repeat(64), 'short'])('(%j) is refused in development too', async (key) => {
    const refused = await callWithout(key, '/v1/components');
    expectProblem(refused, 503, 'not-configured');
    expect(refused.body.detail).toContain('COORDINATOR_ADMIN_KEY');
  });

  it('still reports liveness', async () => {
    expect(await callWithout(undefined, '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});
