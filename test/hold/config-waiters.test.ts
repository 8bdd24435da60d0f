import { afterEach, describe, expect, it, vi } from 'vitest';
import { asWaiter } from '../../src/api/config-waiters.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('who waits for its configuration', () => {
  it('has room for two hundred with a key, and those that the platform ended without a word take none', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const ended = new Promise<never>(() => undefined);
    for (let waiters = 0; waiters < 199; waiters++) void asWaiter('k', () => ended);
    const seen: (() => void)[] = [];
    void asWaiter('k', (isSeen) => {
      seen.push(isSeen);
      return ended;
    });
    expect(await asWaiter('k', async () => 1)).toBe('full');
    expect(await asWaiter('other', async () => 1)).toBe(1);
    vi.setSystemTime(Date.now() + 61_000);
    for (const isSeen of seen) isSeen();
    for (let waiters = 0; waiters < 199; waiters++) void asWaiter('k', () => ended);
    // The one that was seen since is still there.
    expect(await asWaiter('k', async () => 1)).toBe('full');
  });
});
