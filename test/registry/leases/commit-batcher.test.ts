/** Calls that are worked on together: which of them share a turn, and what is stored once they are answered. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { CommitBatcher } from '../../../src/registry/leases/commit-batcher.ts';
import { freshRegistry } from '../fresh-registry.ts';
import { asked, done, held, inFlightOf, ready } from './leasing.ts';

const times = <T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)));

/** One that somebody is in who came alone, and is not committed before `commit` is called. */
async function busyTurn(): Promise<{ turn: CommitBatcher; commit: () => void }> {
  let commit!: () => void;
  const committed = new Promise<void>((resolve) => (commit = resolve));
  const turn = new CommitBatcher(() => committed);
  await turn.next();
  return { turn, commit };
}

const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('a turn', () => {
  it('begins at once for who comes alone, and for the next once that is committed', async () => {
    const { turn, commit } = await busyTurn();
    const seen: string[] = [];
    const second = turn.next().then(() => seen.push('second'));
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual([]);
    await second;
    commit();
    await timer();
    const third = turn.next().then(() => seen.push('third'));
    seen.push('before a timer');
    setTimeout(() => seen.push('timer'), 0);
    await third;
    expect(seen).toEqual(['second', 'before a timer', 'third']);
  });

  it('is one for all who came before it began, in the order they came', async () => {
    const { turn } = await busyTurn();
    const seen: (number | string)[] = [];
    await times(5, async (at) => {
      await turn.next();
      seen.push(at);
      // A timer that is set in a turn goes off in another.
      if (at === 0) setTimeout(() => seen.push('over'), 0);
    });
    await timer();
    expect(seen).toEqual([0, 1, 2, 3, 4, 'over']);
  });

  it('is another for who comes while it goes on', async () => {
    const { turn } = await busyTurn();
    const seen: string[] = [];
    let waiting: Promise<unknown> | undefined;
    await times(2, async (at) => {
      await turn.next();
      waiting ??= turn.next().then(() => seen.push('late'));
      seen.push(`early ${at}`);
    });
    await waiting;
    expect(seen).toEqual(['early 0', 'early 1', 'late']);
  });

  it('comes also after a commit that failed', async () => {
    const turn = new CommitBatcher(() => Promise.reject(new Error('no disk')));
    for (let at = 0; at < 3; at++) await turn.next();
    await Promise.all([turn.next(), turn.next()]);
  });
});

describe('leases that are asked for together', () => {
  it('are each stored before they are answered, and their ends as well', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 40 });
    const granted = await times(30, () => registry.api.acquire(asked()));
    const ids = granted.map((answer) => (answer.ok ? answer.lease!.id : ''));
    await registry.evict();
    expect((await held(registry)).map((lease) => lease.id)).toEqual(ids.toSorted());
    // Ends and grants between each other, and one that is ended twice at once.
    const ended = await times(20, (at) => registry.api.completeLease(ids[Math.max(1, at)]!, done()));
    expect(ended.every(({ ok }) => ok)).toBe(true);
    expect(ended[0]).toEqual(ended[1]);
    await registry.evict();
    expect(await inFlightOf(registry, id)).toBe(11);
    expect(await registry.api.completeLease(ids[1]!, done('failure'))).toEqual(ended[1]);
  });

  it('never take more than there is, the first of them first', async () => {
    const registry = freshRegistry();
    const id = await ready(registry, { maxConcurrentTasks: 8 });
    const answers = await times(20, () => registry.api.acquire(asked()));
    expect(answers.map(({ ok }) => ok)).toEqual(answers.map((_, at) => at < 8));
    expect(await inFlightOf(registry, id)).toBe(8);
  });

  it('do not fall with one that cannot be stored', async () => {
    const registry = freshRegistry();
    await ready(registry, { maxConcurrentTasks: 3 });
    await runInDurableObject(registry.stub, (_, { storage }) => {
      storage.sql.exec(
        `CREATE TRIGGER refuse BEFORE INSERT ON leases WHEN NEW.slots = 2 BEGIN SELECT RAISE(ABORT, 'no'); END`,
      );
    });
    const answers = await Promise.allSettled([1, 2, 1].map((slots) => registry.api.acquire(asked({ slots }))));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await registry.evict();
    expect((await held(registry)).map(({ slots }) => slots)).toEqual([1, 1]);
  });
});
