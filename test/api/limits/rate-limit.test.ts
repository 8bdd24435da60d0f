import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppEnv } from '../../../src/api/http/app-env.ts';
import { tooManyRefusals } from '../../../src/api/middleware/rate-limit.ts';
import { callWithEnv } from '../../support/call-with-env.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

/** A limiter that says no to some keys, and remembers who was asked about. */
function fakeLimiter(refuses: (key: string) => boolean = () => false) {
  const asked: string[] = [];
  const limit = ({ key }: { key: string }): Promise<{ success: boolean }> => {
    asked.push(key);
    return Promise.resolve({ success: !refuses(key) });
  };
  return { asked, limit };
}

let counter = 0;
/** An address no other test calls from. */
const freshAddress = (): string => `203.0.113.${++counter}`;

interface Calls {
  readonly env: Readonly<Record<string, unknown>>;
  readonly from: string;
  readonly times?: number;
  readonly path?: string;
}

async function callFrom({ env, from, times = 1, path = '/v1/components/none' }: Calls): Promise<Answer> {
  let answer: Answer | undefined;
  for (let at = 0; at < times; at++) {
    const headers = { 'cf-connecting-ip': from };
    const method = path === '/v1/route' ? 'POST' : 'GET';
    answer = await callWithEnv({ env, method, path, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
  }
  return answer!;
}

// In the middle of a period; a minute later for each test, so that no refusal outlives its test.
let now = Math.ceil(Date.now() / 60_000) * 60_000 + 15_000;
beforeEach(() => {
  now += 60_000;
  vi.useFakeTimers({ toFake: ['Date'], now });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the limit of calls', () => {
  it('asks the limiter once for a batch, about the address and the key', async () => {
    const [lookups, traffic, lists] = [fakeLimiter(), fakeLimiter(), fakeLimiter()];
    const env = { RATE_LIMIT_LOOKUP: lookups, RATE_LIMIT_TRAFFIC: traffic, RATE_LIMIT_LIST: lists };
    const from = freshAddress();
    const about = (asked: string[]) => asked.filter((key) => key === `address:${from}`).length;
    await callFrom({ env, from });
    expect(lookups.asked).toEqual([]);
    await callFrom({ env, from, times: 9 });
    expect(lookups.asked).toEqual(['key:root', 'key:root']);
    await callFrom({ env, from, times: 90 });
    expect(about(lookups.asked)).toBe(2);
    await callFrom({ env, from, times: 199, path: '/v1/route' });
    expect(traffic.asked).toEqual(['key:root']);
    expect(lists.asked).toEqual([]);
  });

  it('refuses the address for ten seconds after a no, and no other address', async () => {
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

  it('refuses one kind of call and leaves the others', async () => {
    const from = freshAddress();
    const env = { RATE_LIMIT_LIST: fakeLimiter((key) => key === `address:${from}`) };
    await callFrom({ env, from, times: 50, path: '/v1/components' });
    expect((await callFrom({ env, from, path: '/v1/components' })).status).toBe(429);
    expect((await callFrom({ env, from, path: '/v1/failures' })).status).toBe(429);
    expect((await callFrom({ env, from, path: '/v1/components/none' })).status).toBe(404);
    expect((await callFrom({ env, from, path: '/v1/route' })).status).toBe(422);
  });

  it('holds a key wherever it calls from', async () => {
    const env = { RATE_LIMIT_LOOKUP: fakeLimiter((key) => key === 'key:root') };
    for (let at = 0; at < 5; at++) await callFrom({ env, from: freshAddress() });
    expectProblem(await callFrom({ env, from: freshAddress() }), 429, 'rate-limited');
  });

  it('counts against an address only what its key allows', async () => {
    const made = await call('POST', '/v1/keys', { name: 'viewer', scopes: ['viewer'] });
    const headers = { authorization: `Bearer ${made.body.key}`, 'cf-connecting-ip': freshAddress() };
    const changes = fakeLimiter();
    const env = { RATE_LIMIT_CHANGE: changes };
    for (let at = 0; at < 60; at++)
      expect((await callWithEnv({ env, method: 'DELETE', path: '/v1/components/none', headers })).status).toBe(403);
    expect(changes.asked).toEqual(Array.from({ length: 12 }, () => `key:${made.body.id}`));
  });

  it('takes all of an IPv6 /64 for one address', async () => {
    const lookups = fakeLimiter((key) => key === 'address:2001:db8:0:7::/64');
    const env = { RATE_LIMIT_LOOKUP: lookups };
    for (let at = 1; at <= 50; at++) await callFrom({ env, from: `2001:db8:0:7::${at}` });
    expect((await callFrom({ env, from: '2001:db8:0:7:ffff::1' })).status).toBe(429);
    expect((await callFrom({ env, from: '2001:db8:0:8::1' })).status).toBe(404);
  });

  it('does not hold liveness and the contract', async () => {
    const everything = fakeLimiter(() => true);
    const env = { RATE_LIMIT_LIST: everything, RATE_LIMIT_LOOKUP: everything };
    const from = freshAddress();
    expect((await callFrom({ env, from, times: 30, path: '/healthz' })).status).toBe(200);
    expect((await callFrom({ env, from, times: 7, path: '/openapi.json' })).status).toBe(200);
    expect(everything.asked).toEqual([]);
  });

  it.each([
    ['is away', { limit: () => Promise.reject(new Error('away')) }],
    [
      'breaks',
      {
        limit: () => {
          throw new Error('broken');
        },
      },
    ],
    ['is not there', undefined],
  ])('stops nothing when the limiter %s, and says so once', async (_, limiter) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const from = freshAddress();
    expect((await callFrom({ env: { RATE_LIMIT_LOOKUP: limiter }, from, times: 23 })).status).toBe(404);
    expect(log.mock.calls.filter(([line]) => String(line).includes('RATE_LIMIT_LOOKUP'))).toHaveLength(1);
    // It answers again, so that the next time is said again.
    await callFrom({ env: { RATE_LIMIT_LOOKUP: fakeLimiter() }, from, times: 5 });
  });
});

describe('tooManyRefusals', () => {
  const asks = new Hono<AppEnv>().get('/', async (c) => c.json(await tooManyRefusals(c)));
  const ask = async (env: Readonly<Record<string, unknown>>, from?: string): Promise<boolean> => {
    const headers: HeadersInit = from === undefined ? {} : { 'cf-connecting-ip': from };
    return (await asks.request('/', { headers }, env as unknown as Env)).json();
  };

  it('asks for the address, with all of an IPv6 /64 for one', async () => {
    const limiter = fakeLimiter((key) => key === '203.0.113.200');
    const env = { RATE_LIMIT_REFUSED: limiter };
    expect(await ask(env, '203.0.113.200')).toBe(true);
    expect(await ask(env, '203.0.113.201')).toBe(false);
    expect(await ask(env, '2001:db8::1')).toBe(false);
    expect(await ask(env)).toBe(false);
    expect(limiter.asked).toEqual(['203.0.113.200', '203.0.113.201', '2001:db8:0:0::/64', 'unknown']);
  });

  it('is false while the limiter is away, and the log says so', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(await ask({})).toBe(false);
    expect(await ask({})).toBe(false);
    expect(log).toHaveBeenCalledTimes(1);
  });

  it('is not asked for a key that is good', async () => {
    const limiter = fakeLimiter(() => true);
    expect((await callFrom({ env: { RATE_LIMIT_REFUSED: limiter }, from: freshAddress() })).status).toBe(404);
    expect(limiter.asked).toEqual([]);
  });
});
