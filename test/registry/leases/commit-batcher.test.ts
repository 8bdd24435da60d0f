/** Calls that share a batch, and what is stored before they return. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { CommitBatcher } from '../../../src/registry/leases/commit-batcher.ts';
import { freshRegistry } from '../fresh-registry.ts';
import { leaseRequest, completionOf, listedLeases, inFlightOf, registerHealthy } from './leasing.ts';

const times = <T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)));

/** A batcher with one batch of a single call, which is not committed before the test calls `commit`. */
async function busyBatcher(): Promise<{ batcher: CommitBatcher; commit: () => void }> {
  let commit!: () => void;
  const committed = new Promise<void>((resolve) => (commit = resolve));
  const batcher = new CommitBatcher(() => committed);
  await batcher.next();
  return { batcher, commit };
}

const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('CommitBatcher', () => {
  it('begins a batch at once for a single call, and for the next call after the commit', async () => {
    const { batcher, commit } = await busyBatcher();
    const seen: string[] = [];
    const second = batcher.next().then(() => seen.push('second'));
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual([]);
    await second;
    commit();
    await timer();
    const third = batcher.next().then(() => seen.push('third'));
    seen.push('before a timer');
    setTimeout(() => seen.push('timer'), 0);
    await third;
    expect(seen).toEqual(['second', 'before a timer', 'third']);
  });

  it('puts all calls that arrive before a batch begins into that batch, in order of arrival', async () => {
    const { batcher } = await busyBatcher();
    const seen: (number | string)[] = [];
    await times(5, async (at) => {
      await batcher.next();
      seen.push(at);
      // A timer that is set in a batch fires in a later task.
      if (at === 0) setTimeout(() => seen.push('over'), 0);
    });
    await timer();
    expect(seen).toEqual([0, 1, 2, 3, 4, 'over']);
  });

  it('puts a call that arrives during a batch into the next one', async () => {
    const { batcher } = await busyBatcher();
    const seen: string[] = [];
    let waiting: Promise<unknown> | undefined;
    await times(2, async (at) => {
      await batcher.next();
      waiting ??= batcher.next().then(() => seen.push('late'));
      seen.push(`early ${at}`);
    });
    await waiting;
    expect(seen).toEqual(['early 0', 'early 1', 'late']);
  });

  it('continues after a failed commit', async () => {
    const batcher = new CommitBatcher(() => Promise.reject(new Error('no disk')));
    for (let at = 0; at < 3; at++) await batcher.next();
    await Promise.all([batcher.next(), batcher.next()]);
  });
});

describe('leases that are requested together', () => {
  it('are stored before the calls return, and so are their ends', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 40 });
    const granted = await times(30, () => registry.api.acquire(leaseRequest()));
    const ids = granted.map((acquisition) => (acquisition.ok ? acquisition.lease!.id : ''));
    await registry.evict();
    expect((await listedLeases(registry)).map((lease) => lease.id)).toEqual(ids.toSorted());
    // Completions among grants, with one lease that is completed twice at once.
    const ended = await times(20, (at) => registry.api.completeLease(ids[Math.max(1, at)]!, completionOf()));
    expect(ended.every(({ ok }) => ok)).toBe(true);
    expect(ended[0]).toEqual(ended[1]);
    await registry.evict();
    expect(await inFlightOf(registry, id)).toBe(11);
    expect(await registry.api.completeLease(ids[1]!, completionOf('failure'))).toEqual(ended[1]);
  });

  it('never exceed the capacity, and are granted in order of arrival', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry, { maxConcurrentTasks: 8 });
    const acquisitions = await times(20, () => registry.api.acquire(leaseRequest()));
    expect(acquisitions.map(({ ok }) => ok)).toEqual(acquisitions.map((_, at) => at < 8));
    expect(await inFlightOf(registry, id)).toBe(8);
  });

  it('do not fail because one of them cannot be stored', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 3 });
    await runInDurableObject(registry.stub, (_, { storage }) => {
      storage.sql.exec(
        `CREATE TRIGGER refuse BEFORE INSERT ON leases WHEN NEW.slots = 2 BEGIN SELECT RAISE(ABORT, 'no'); END`,
      );
    });
    const acquisitions = await Promise.allSettled(
      [1, 2, 1].map((slots) => registry.api.acquire(leaseRequest({ slots }))),
    );
    expect(acquisitions.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await registry.evict();
    expect((await listedLeases(registry)).map(({ slots }) => slots)).toEqual([1, 1]);
  });
});
