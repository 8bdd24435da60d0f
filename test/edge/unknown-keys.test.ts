/** Well-formed keys that an isolate does not know: invented keys, and keys created a moment ago. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { formatKey, keyIdOf } from '../../src/core/access/key-format.ts';
import { call } from '../support/coordinator-http.ts';
import { interceptCoordinator } from '../support/intercept-coordinator.ts';

const app = createApp();
const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
const inventedKey = (): string => formatKey(keyIdOf(random(6)), random(32));
const newKey = async (): Promise<string> =>
  (await call('POST', '/v1/keys', { name: 'new', scopes: ['viewer'] })).body.key;

async function send(key: string): Promise<number> {
  const request = new Request('https://coordinator.test/v1/health', { headers: { authorization: `Bearer ${key}` } });
  const response = await app.fetch(request, env, createExecutionContext());
  await response.arrayBuffer();
  return response.status;
}

/** Sends requests with invented keys one after the other. */
async function sendInvented(count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let at = 0; at < count; at++) statuses.push(await send(inventedKey()));
  return statuses;
}

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await send(await newKey())).toBe(200);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('unknown keys', () => {
  it('cause a bounded rate of calls, however fast they arrive', async () => {
    const syncKeys = interceptCoordinator('syncKeys', (real) => real);
    const startedAt = Date.now();
    expect(new Set(await sendInvented(20))).toEqual(new Set([401]));
    const seconds = (Date.now() - startedAt) / 1_000;
    // The pace allows the first part; one refresh per second at most keeps the copy fresh.
    expect(syncKeys.mock.calls.length).toBeLessThanOrEqual(8 + 4 * seconds + (seconds + 1));
  });

  it('share one refetch when many arrive at once', async () => {
    await sendInvented(9);
    const syncKeys = interceptCoordinator('syncKeys', (real) => real);
    const statuses = await Promise.all(Array.from({ length: 100 }, () => send(inventedKey())));
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(syncKeys.mock.calls.length).toBeLessThan(10);
  });

  it('do not prevent the lookup of a key created a moment ago', async () => {
    await sendInvented(9);
    const many = Array.from({ length: 20 }, () => send(inventedKey()));
    expect(await send(await newKey())).toBe(200);
    await Promise.all(many);
  });
});

describe('while the coordinator does not respond', () => {
  it('a bounded number of requests wait, and the next gets 503', async () => {
    const release = Promise.withResolvers<void>();
    interceptCoordinator('syncKeys', (real) => async (request) => {
      await release.promise;
      return real(request);
    });
    const waiting = Array.from({ length: 1_024 }, () => send(inventedKey()));
    expect(await send(inventedKey())).toBe(503);
    release.resolve();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([401]));
    expect(await send(inventedKey())).toBe(401);
  });

  it('a key that may have been created since is not refused as unknown', async () => {
    interceptCoordinator('syncKeys', () => () => Promise.reject(new Error('unreachable')));
    expect(await send(await newKey())).toBe(503);
  });
});
