import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RoomReader } from '../../src/api/reader-room.ts';
import { asWaiter } from '../../src/api/config-waiters.ts';

afterEach(() => {
  vi.useRealTimers();
});

const of = (keyId: string) => ({ keyId, waitUntil: () => undefined });

describe('who waits for its configuration', () => {
  it('has room for two hundred with a key, and those that the platform ended without a word take none', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const ended = new Promise<never>(() => undefined);
    for (let waiters = 0; waiters < 199; waiters++) void asWaiter(of('k'), () => ended);
    const seen: RoomReader[] = [];
    void asWaiter(of('k'), (waiter) => {
      seen.push(waiter);
      return ended;
    });
    expect(await asWaiter(of('k'), async () => 1)).toBe('full');
    expect(await asWaiter(of('other'), async () => 1)).toBe(1);
    vi.setSystemTime(Date.now() + 61_000);
    for (const waiter of seen) waiter.seenAt = Date.now();
    for (let waiters = 0; waiters < 199; waiters++) void asWaiter(of('k'), () => ended);
    // The one that was seen since is still there.
    expect(await asWaiter(of('k'), async () => 1)).toBe('full');
  });
});
