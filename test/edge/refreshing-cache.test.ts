import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RefreshAttempt } from '../../src/edge/refreshing-cache.ts';
import { RefreshingCache } from '../../src/edge/refreshing-cache.ts';

const START = 1_000_000;
const [BACKGROUND_MS, FOREGROUND_MS, GIVE_UP_MS] = [1_000, 2_000, 5_000];

interface Call {
  readonly attempt: RefreshAttempt<string>;
  respond(value: string, asOf?: number): Promise<void>;
  fail(): Promise<void>;
}

const flushed = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(0));

/** A cache whose calls the test settles one by one, and the background work that the cache registered. */
function setUp(onBegin?: () => void) {
  const calls: Call[] = [];
  const background: Promise<unknown>[] = [];
  const onError = vi.fn();
  const cache = new RefreshingCache<string>({
    initial: 'initial',
    backgroundAfterMs: BACKGROUND_MS,
    foregroundAfterMs: FOREGROUND_MS,
    giveUpAfterMs: GIVE_UP_MS,
    onError,
    async refresh(attempt) {
      onBegin?.();
      const response = Promise.withResolvers<{ readonly value: string; readonly asOf: number }>();
      calls.push({
        attempt,
        respond: (value, asOf = attempt.startedAt) => (response.resolve({ value, asOf }), flushed()),
        fail: () => (response.reject(new Error('unreachable')), flushed()),
      });
      const { value, asOf } = await response.promise;
      attempt.store(value, asOf);
    },
  });
  const waitUntil = (work: Promise<unknown>): void => void background.push(work);
  return { cache, calls, background, waitUntil, onError };
}

/** The same cache with a value as of `START`. */
async function setUpFilled() {
  const all = setUp();
  all.cache.refresh(START, all.waitUntil);
  await all.calls[0]!.respond('first');
  all.calls.length = 0;
  all.background.length = 0;
  return all;
}

const settlement = async (work: Promise<unknown>): Promise<'settled' | 'pending'> => {
  let state: 'settled' | 'pending' = 'pending';
  void work.then(() => (state = 'settled'));
  await flushed();
  return state;
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a value', () => {
  it.each([
    ['is served without a call', 0, 'first', 0],
    ['is served without a call until the background age', BACKGROUND_MS - 1, 'first', 0],
    ['is served and refreshed in the background', BACKGROUND_MS, 'first', 1],
    ['is served and refreshed in the background until the foreground age', FOREGROUND_MS - 1, 'first', 1],
    ['is not served from the foreground age on', FOREGROUND_MS, null, 0],
    ['has no known age when the clock went back', -1, null, 0],
  ])('%s: %i ms old', async (_, ageMs, served, begun) => {
    const { cache, calls, background, waitUntil } = await setUpFilled();
    for (let times = 0; times < 3; times++) expect(cache.read(START + ageMs, waitUntil)).toBe(served);
    expect([calls.length, background.length]).toEqual([begun, begun]);
  });

  it('is not served before the first refresh, but readable', () => {
    const { cache, waitUntil } = setUp();
    expect(cache.read(START, waitUntil)).toBeNull();
    expect(cache).toMatchObject({ value: 'initial', asOf: 0 });
    expect(cache.ageAt(START)).toBe(Infinity);
  });

  it('ages from the time that the refresh names, not from its start', async () => {
    const { cache, calls, waitUntil } = setUp();
    cache.refresh(START, waitUntil);
    await calls[0]!.respond('first', START + 400);
    expect(cache.asOf).toBe(START + 400);
    expect(cache.ageAt(START + 500)).toBe(100);
  });

  it('keeps its age when the caller replaces it', async () => {
    const { cache, waitUntil } = await setUpFilled();
    cache.replace('changed here');
    expect(cache.read(START + 500, waitUntil)).toBe('changed here');
    expect(cache.ageAt(START + 500)).toBe(500);
  });

  it('follows a foreground age that changes', async () => {
    let foregroundAfterMs = FOREGROUND_MS;
    const cache = new RefreshingCache<string>({
      initial: 'initial',
      backgroundAfterMs: BACKGROUND_MS,
      get foregroundAfterMs() {
        return foregroundAfterMs;
      },
      giveUpAfterMs: GIVE_UP_MS,
      onError: () => undefined,
      refresh: async ({ store }) => store('first', START),
    });
    await cache.refresh(START, () => undefined).done;
    expect(cache.read(START + 1_500, () => undefined)).toBe('first');
    foregroundAfterMs = 1_200;
    expect(cache.read(START + 1_500, () => undefined)).toBeNull();
  });
});

describe('a refresh', () => {
  it('begins synchronously, and is shared by all callers', () => {
    const begun = vi.fn();
    const { cache, calls, background, waitUntil } = setUp(begun);
    const flight = cache.refresh(START, waitUntil);
    expect(begun).toHaveBeenCalledTimes(1);
    expect(cache.refresh(START + 10, waitUntil)).toBe(flight);
    expect(cache.inFlight(START + 10)).toBe(flight);
    expect([calls.length, background.length]).toEqual([1, 1]);
  });

  it('may begin with a delay, which counts towards the give-up time', async () => {
    const begun = vi.fn();
    const { cache, calls, waitUntil } = setUp(begun);
    const ready = Promise.withResolvers<void>();
    const flight = cache.refresh(START, waitUntil, () => ready.promise);
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).not.toHaveBeenCalled();
    expect(cache.inFlight(START + GIVE_UP_MS - 1)).toBe(flight);
    expect(cache.inFlight(START + GIVE_UP_MS)).toBeNull();
    ready.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(1);
  });

  it('that fails keeps the value and its age, reports the error, and is repeated for the next reader', async () => {
    const { cache, calls, background, waitUntil, onError } = await setUpFilled();
    cache.read(START + BACKGROUND_MS, waitUntil);
    await calls[0]!.fail();
    expect(onError).toHaveBeenCalledWith(new Error('unreachable'));
    expect(cache).toMatchObject({ value: 'first', asOf: START });
    cache.read(START + BACKGROUND_MS, waitUntil);
    expect(calls).toHaveLength(2);
    await calls[1]!.respond('second');
    await Promise.all(background);
    expect(cache.value).toBe('second');
  });

  it('that hangs is replaced, and its late response changes nothing', async () => {
    const { cache, calls, waitUntil } = await setUpFilled();
    cache.refresh(START + 1_000, waitUntil);
    cache.refresh(START + 1_000 + GIVE_UP_MS - 1, waitUntil);
    expect(calls).toHaveLength(1);
    cache.refresh(START + 1_000 + GIVE_UP_MS, waitUntil);
    expect(calls.map(({ attempt }) => attempt.isCurrent())).toEqual([false, true]);
    await calls[0]!.respond('late');
    expect(cache).toMatchObject({ value: 'first', asOf: START });
    await calls[1]!.respond('second');
    expect(cache.value).toBe('second');
  });

  it('that is late but was not replaced still stores its value', async () => {
    const { cache, calls, waitUntil } = await setUpFilled();
    cache.refresh(START + 1_000, waitUntil);
    await vi.advanceTimersByTimeAsync(2 * GIVE_UP_MS);
    await calls[0]!.respond('late');
    expect(cache.value).toBe('late');
  });
});

describe('a wait for a refresh', () => {
  it('ends with the refresh and resolves to whether that succeeded', async () => {
    const { cache, calls, waitUntil } = await setUpFilled();
    const waiting = cache.waitForRefresh(START + 100, waitUntil, 1_000);
    expect(await settlement(waiting)).toBe('pending');
    await calls[0]!.respond('second');
    expect(await waiting).toBe(true);
    expect(cache.value).toBe('second');
    const failing = cache.waitForRefresh(START + 200, waitUntil, 1_000);
    await calls[1]!.fail();
    expect(await failing).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['up to the limit for the caller that began the refresh', 0, 1_000],
    ['only for the rest of the limit for a caller that joins later', 700, 300],
    ['no time once the limit has passed', 1_500, 0],
  ])('lasts %s', async (_, laterMs, waitMs) => {
    const { cache, calls, waitUntil } = await setUpFilled();
    cache.refresh(START + 100, waitUntil);
    const waiting = cache.waitForRefresh(START + 100 + laterMs, waitUntil, 1_000);
    if (waitMs > 0) {
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(await settlement(waiting)).toBe('pending');
    }
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toBe(false);
    expect(calls).toHaveLength(1);
    expect(cache.value).toBe('first');
  });

  it('recognises a refresh within the same millisecond', async () => {
    const { cache, calls, waitUntil } = await setUpFilled();
    const waiting = cache.waitForRefresh(START, waitUntil, 1_000);
    await calls[0]!.respond('first', START);
    expect(await waiting).toBe(true);
  });
});
