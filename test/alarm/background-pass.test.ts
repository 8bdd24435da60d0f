import { describe, expect, it } from 'vitest';
import { BackgroundPass } from '../../src/alarm/background-pass.ts';

/** Lets `count` microtasks run. */
async function microtasks(count: number): Promise<void> {
  for (let each = 0; each < count; each++) await Promise.resolve();
}

describe('a background pass', () => {
  it.each(Array.from({ length: 12 }, (_, at) => at))(
    'sees what was stored %d microtasks after it ended',
    async (at) => {
      const pending = ['first'];
      const delivered: string[] = [];
      const work = new BackgroundPass(async () => {
        delivered.push(...pending.splice(0));
        await Promise.resolve();
        return true;
      });
      const first = work.run();
      await microtasks(at);
      pending.push('second');
      await Promise.all([first, work.run()]);
      expect(delivered).toEqual(['first', 'second']);
      expect(work.isRunning).toBe(false);
    },
  );

  it('combines all calls during a pass into one more pass', async () => {
    let passes = 0;
    const work = new BackgroundPass(async () => {
      passes++;
      if (passes === 1) for (let each = 0; each < 3; each++) void work.run();
      await microtasks(3);
      return true;
    });
    await work.run();
    expect(passes).toBe(2);
  });

  it('leaves the rest to a retry when a pass is incomplete', async () => {
    let passes = 0;
    const work = new BackgroundPass(async () => {
      passes++;
      void work.run();
      return passes > 1;
    });
    await work.run();
    expect(passes).toBe(1);
  });
});
