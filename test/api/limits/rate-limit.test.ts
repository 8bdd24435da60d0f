import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppEnv } from '../../../src/api/http/app-env.ts';
import { tooManyRefusals } from '../../../src/api/middleware/rate-limit.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

/** A limiter that refuses some keys and records all checked keys. */
function fakeLimiter(refuses: (key: string) => boolean = () => false) {
  const checkedKeys: string[] = [];
  const limit = ({ key }: { key: string }): Promise<{ success: boolean }> => {
    checkedKeys.push(key);
    return Promise.resolve({ success: !refuses(key) });
  };
  return { checkedKeys, limit };
}

let counter = 0;
/** A client address that no other test uses. */
const freshAddress = (): string => `203.0.113.${++counter}`;

interface Calls {
  readonly env: Readonly<Record<string, unknown>>;
  readonly from: string;
  readonly times?: number;
  readonly path?: string;
}

async function callFrom({ env, from, times = 1, path = '/v1/components/none' }: Calls): Promise<ApiResponse> {
  let response: ApiResponse | undefined;
  for (let at = 0; at < times; at++) {
    const headers = { 'cf-connecting-ip': from };
    const method = path === '/v1/route' ? 'POST' : 'GET';
    response = await callWithEnv({ env, method, path, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
  }
  return response!;
}

// The middle of a period. Each test starts a minute later, so that no refusal lasts into the next test.
let now = Math.ceil(Date.now() / 60_000) * 60_000 + 15_000;
beforeEach(() => {
  now += 60_000;
  vi.useFakeTimers({ toFake: ['Date'], now });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the rate limit of calls', () => {
  it('checks the address and the key once per batch of calls', async () => {
    const [lookups, traffic, lists] = [fakeLimiter(), fakeLimiter(), fakeLimiter()];
    const env = { RATE_LIMIT_LOOKUP: lookups, RATE_LIMIT_TRAFFIC: traffic, RATE_LIMIT_LIST: lists };
    const from = freshAddress();
    const about = (checkedKeys: string[]) => checkedKeys.filter((key) => key === `address:${from}`).length;
    await callFrom({ env, from });
    expect(lookups.checkedKeys).toEqual([]);
    await callFrom({ env, from, times: 9 });
    expect(lookups.checkedKeys).toEqual(['key:root', 'key:root']);
    await callFrom({ env, from, times: 90 });
    expect(about(lookups.checkedKeys)).toBe(2);
    await callFrom({ env, from, times: 199, path: '/v1/route' });
    expect(traffic.checkedKeys).toEqual(['key:root']);
    expect(lists.checkedKeys).toEqual([]);
  });

  it('refuses an address for ten seconds after a refusal, and no other address', async () => {
    const from = freshAddress();
    const env = { RATE_LIMIT_LOOKUP: fakeLimiter((key) => key === `address:${from}`) };
    expect((await callFrom({ env, from, times: 50 })).status).toBe(404);
    const refused = await callFrom({ env, from });
    expectProblem(refused, 429, 'rate-limited');
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect((await callFrom({ env, from: freshAddress(), times: 5 })).status).toBe(404);

    vi.setSystemTime(now + 9_000);
    expect((await callFrom({ env, from })).headers.get('retry-after')).toBe('1');
    vi.setSystemTime(now + 10_000);
    expect((await callFrom({ env, from })).status).toBe(404);
    expectProblem(await callFrom({ env, from }), 429, 'rate-limited');
  });

  it('refuses one kind of call and no other', async () => {
    const from = freshAddress();
    const env = { RATE_LIMIT_LIST: fakeLimiter((key) => key === `address:${from}`) };
    await callFrom({ env, from, times: 50, path: '/v1/components' });
    expect((await callFrom({ env, from, path: '/v1/components' })).status).toBe(429);
    expect((await callFrom({ env, from, path: '/v1/failures' })).status).toBe(429);
    expect((await callFrom({ env, from, path: '/v1/components/none' })).status).toBe(404);
    expect((await callFrom({ env, from, path: '/v1/route' })).status).toBe(422);
  });

  it('applies to a key from any address', async () => {
    const env = { RATE_LIMIT_LOOKUP: fakeLimiter((key) => key === 'key:root') };
    for (let at = 0; at < 5; at++) await callFrom({ env, from: freshAddress() });
    expectProblem(await callFrom({ env, from: freshAddress() }), 429, 'rate-limited');
  });

  it('counts only permitted calls against an address', async () => {
    const made = await call('POST', '/v1/keys', { name: 'viewer', scopes: ['viewer'] });
    const headers = { authorization: `Bearer ${made.body.key}`, 'cf-connecting-ip': freshAddress() };
    const changes = fakeLimiter();
    const env = { RATE_LIMIT_CHANGE: changes };
    for (let at = 0; at < 60; at++)
      expect((await callWithEnv({ env, method: 'DELETE', path: '/v1/components/none', headers })).status).toBe(403);
    expect(changes.checkedKeys).toEqual(Array.from({ length: 12 }, () => `key:${made.body.id}`));
  });

  it('treats an IPv6 /64 as one address', async () => {
    const lookups = fakeLimiter((key) => key === 'address:2001:db8:0:7::/64');
    const env = { RATE_LIMIT_LOOKUP: lookups };
    for (let at = 1; at <= 50; at++) await callFrom({ env, from: `2001:db8:0:7::${at}` });
    expect((await callFrom({ env, from: '2001:db8:0:7:ffff::1' })).status).toBe(429);
    expect((await callFrom({ env, from: '2001:db8:0:8::1' })).status).toBe(404);
  });

  it('does not apply to liveness and the contract', async () => {
    const everything = fakeLimiter(() => true);
    const env = { RATE_LIMIT_LIST: everything, RATE_LIMIT_LOOKUP: everything };
    const from = freshAddress();
    expect((await callFrom({ env, from, times: 30, path: '/healthz' })).status).toBe(200);
    expect((await callFrom({ env, from, times: 7, path: '/openapi.json' })).status).toBe(200);
    expect(everything.checkedKeys).toEqual([]);
  });

  it.each([
    ['is unavailable', { limit: () => Promise.reject(new Error('away')) }],
    [
      'throws',
      {
        limit: () => {
          throw new Error('broken');
        },
      },
    ],
    ['is missing', undefined],
  ])('refuses no call when the limiter %s, and logs it once', async (_, limiter) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const from = freshAddress();
    expect((await callFrom({ env: { RATE_LIMIT_LOOKUP: limiter }, from, times: 23 })).status).toBe(404);
    expect(log.mock.calls.filter(([line]) => String(line).includes('RATE_LIMIT_LOOKUP'))).toHaveLength(1);
    // The limiter works again, so that its next failure is logged again.
    await callFrom({ env: { RATE_LIMIT_LOOKUP: fakeLimiter() }, from, times: 5 });
  });
});

describe('tooManyRefusals', () => {
  const app = new Hono<AppEnv>().get('/', async (c) => c.json(await tooManyRefusals(c)));
  const isRefused = async (env: Readonly<Record<string, unknown>>, from?: string): Promise<boolean> => {
    const headers: HeadersInit = from === undefined ? {} : { 'cf-connecting-ip': from };
    return (await app.request('/', { headers }, env as unknown as Env)).json();
  };

  it('checks the address, and treats an IPv6 /64 as one', async () => {
    const limiter = fakeLimiter((key) => key === '203.0.113.200');
    const env = { RATE_LIMIT_REFUSED: limiter };
    expect(await isRefused(env, '203.0.113.200')).toBe(true);
    expect(await isRefused(env, '203.0.113.201')).toBe(false);
    expect(await isRefused(env, '2001:db8::1')).toBe(false);
    expect(await isRefused(env)).toBe(false);
    expect(limiter.checkedKeys).toEqual(['203.0.113.200', '203.0.113.201', '2001:db8:0:0::/64', 'unknown']);
  });

  it('returns false while the limiter is unavailable, and logs it once', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(await isRefused({})).toBe(false);
    expect(await isRefused({})).toBe(false);
    expect(log).toHaveBeenCalledTimes(1);
  });

  it('is not checked for a valid key', async () => {
    const limiter = fakeLimiter(() => true);
    expect((await callFrom({ env: { RATE_LIMIT_REFUSED: limiter }, from: freshAddress() })).status).toBe(404);
    expect(limiter.checkedKeys).toEqual([]);
  });
});
