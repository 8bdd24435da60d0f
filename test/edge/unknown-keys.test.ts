/** Keys in valid form that an isolate does not know: a stranger's, or made a moment ago. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { formatKey, keyIdOf } from '../../src/core/access/key-format.ts';
import { call } from '../support/coordinator-http.ts';
import { interceptCoordinator } from '../support/intercept-coordinator.ts';

const app = createApp();
const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
const strange = (): string => formatKey(keyIdOf(random(6)), random(32));
const made = async (): Promise<string> =>
  (await call('POST', '/v1/keys', { name: 'new', scopes: ['viewer'] })).body.key;

async function ask(key: string): Promise<number> {
  const request = new Request('https://coordinator.test/v1/health', { headers: { authorization: `Bearer ${key}` } });
  const response = await app.fetch(request, env, createExecutionContext());
  await response.arrayBuffer();
  return response.status;
}

/** One stranger after the other. */
async function strangers(count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let at = 0; at < count; at++) statuses.push(await ask(strange()));
  return statuses;
}

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(await ask(await made())).toBe(200);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('unknown keys', () => {
  it('have the coordinator asked so often at most, however fast they come', async () => {
    const syncKeys = interceptCoordinator('syncKeys', (real) => real);
    const startedAt = Date.now();
    expect(new Set(await strangers(20))).toEqual(new Set([401]));
    const seconds = (Date.now() - startedAt) / 1_000;
    // Those of the pace, and one a second at most to keep the copy fresh.
    expect(syncKeys.mock.calls.length).toBeLessThanOrEqual(8 + 4 * seconds + (seconds + 1));
  });

  it('share what is asked when there are many at once', async () => {
    await strangers(9);
    const syncKeys = interceptCoordinator('syncKeys', (real) => real);
    const statuses = await Promise.all(Array.from({ length: 100 }, () => ask(strange())));
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(syncKeys.mock.calls.length).toBeLessThan(10);
  });

  it('do not keep a key from being found that was made a moment ago', async () => {
    await strangers(9);
    const many = Array.from({ length: 20 }, () => ask(strange()));
    expect(await ask(await made())).toBe(200);
    await Promise.all(many);
  });
});

describe('while the coordinator does not answer', () => {
  it('only so many wait for it, and the next is told to come back', async () => {
    const release = Promise.withResolvers<void>();
    interceptCoordinator('syncKeys', (real) => async (request) => {
      await release.promise;
      return real(request);
    });
    const waiting = Array.from({ length: 1_024 }, () => ask(strange()));
    expect(await ask(strange())).toBe(503);
    release.resolve();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([401]));
    expect(await ask(strange())).toBe(401);
  });

  it('nobody is told that a key does not exist that may have been made since', async () => {
    interceptCoordinator('syncKeys', () => () => Promise.reject(new Error('away')));
    expect(await ask(await made())).toBe(503);
  });
});
