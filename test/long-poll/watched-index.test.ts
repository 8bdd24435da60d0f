import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reader } from '../../src/long-poll/shared-call.ts';
import type { IndexWaitResult } from '../../src/long-poll/watched-index.ts';
import { WatchedIndex } from '../../src/long-poll/watched-index.ts';

const readerOf = (): Reader => ({ calls: 0, seenAt: 0, waitUntil: () => undefined });

/** An object with an index, which holds calls for 1 s. */
function indexedObject(first: number) {
  let index = first;
  let isUnreachable = false;
  const held = new Set<() => void>();
  const calls: (number | null)[] = [];
  return {
    calls,
    setIndex(to: number): void {
      index = to;
      for (const release of held) release();
    },
    makeUnreachable(): void {
      isUnreachable = true;
    },
    readIndex: async (known: number | null, holdMs: number): Promise<number> => {
      calls.push(known);
      if (isUnreachable) throw new Error('unreachable');
      if (known === index && holdMs > 0) {
        await new Promise<void>((resolve) => {
          held.add(resolve);
          setTimeout(resolve, holdMs);
        });
      }
      return index;
    },
  };
}

const waitFor = async (waiting: Promise<IndexWaitResult>, ms: number): Promise<IndexWaitResult> => {
  await vi.advanceTimersByTimeAsync(ms);
  return waiting;
};

describe('a watched index', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is unmoved at the end of a wait that ends between two ms, though timers fire at whole ms', async () => {
    const watch = new WatchedIndex(indexedObject(5).readIndex);
    const waiting = watch.waitBeyond(5, Date.now() + 2_500.4, readerOf());
    expect(await waitFor(waiting, 2_502)).toEqual({ kind: 'unmoved' });
  });

  it('serves many waiting readers by one call at a time', async () => {
    const object = indexedObject(5);
    const watch = new WatchedIndex(object.readIndex);
    const readers = Array.from({ length: 50 }, readerOf);
    await watch.read(readers[0]!);
    const waiting = readers.map((reader) => watch.waitBeyond(5, Date.now() + 60_000, reader));
    await vi.advanceTimersByTimeAsync(3_500);
    expect(object.calls.length).toBeLessThanOrEqual(5);
    object.setIndex(6);
    expect(
      await waitFor(
        Promise.all(waiting).then((all) => all[49]!),
        0,
      ),
    ).toEqual({ kind: 'moved', index: 6 });
    expect(readers.reduce((sum, { calls }) => sum + calls, 0)).toBe(object.calls.length);
  });

  it('has moved when it decreased, and moves at once for a reader that is behind', async () => {
    const object = indexedObject(9);
    const watch = new WatchedIndex(object.readIndex);
    const waiting = watch.waitBeyond(9, Date.now() + 60_000, readerOf());
    await vi.advanceTimersByTimeAsync(10);
    object.setIndex(3);
    expect(await waitFor(waiting, 0)).toEqual({ kind: 'moved', index: 3 });
    const before = object.calls.length;
    expect(await watch.waitBeyond(1, Date.now() + 60_000, readerOf())).toEqual({ kind: 'moved', index: 3 });
    expect(object.calls.length).toBe(before);
    // The reader's index is higher than the known index, so only the object can decide.
    expect(await watch.waitBeyond(4, Date.now(), readerOf())).toEqual({ kind: 'moved', index: 3 });
    expect(object.calls.length).toBe(before + 1);
  });

  it('is unmoved at the end of the wait, and is read again when the known index is old', async () => {
    const object = indexedObject(5);
    const watch = new WatchedIndex(object.readIndex);
    expect(await waitFor(watch.waitBeyond(5, Date.now() + 2_500, readerOf()), 2_600)).toEqual({ kind: 'unmoved' });
    await vi.advanceTimersByTimeAsync(60_000);
    object.setIndex(7);
    expect(await watch.waitBeyond(5, Date.now(), readerOf())).toEqual({ kind: 'moved', index: 7 });
  });

  it('is unreachable when the object does not respond, and is not read in a tight loop', async () => {
    const object = indexedObject(5);
    const watch = new WatchedIndex(object.readIndex);
    const waiting = watch.waitBeyond(5, Date.now() + 60_000, readerOf());
    await vi.advanceTimersByTimeAsync(500);
    object.makeUnreachable();
    expect(await waitFor(waiting, 20_000)).toEqual({ kind: 'unreachable' });
    expect(object.calls.length).toBeLessThan(8);
  });

  it('is no longer read for a request that has made too many calls', async () => {
    const object = indexedObject(5);
    const watch = new WatchedIndex(object.readIndex);
    const reader = { ...readerOf(), calls: 699 };
    expect(await waitFor(watch.waitBeyond(5, Date.now() + 300_000, reader), 5_000)).toEqual({ kind: 'unmoved' });
  });

  it('is read once a second from an object that holds no calls', async () => {
    let calls = 0;
    const watch = new WatchedIndex(async () => {
      calls++;
      return 5;
    });
    await waitFor(watch.waitBeyond(5, Date.now() + 10_000, readerOf()), 10_100);
    expect(calls).toBeLessThan(14);
  });
});
