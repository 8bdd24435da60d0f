import { describe, expect, it } from 'vitest';
import { mapConcurrently } from '../../src/core/map-concurrently.ts';

describe('mapConcurrently', () => {
  it.each([
    [1, 5, 1],
    [6, 20, 6],
    [6, 3, 3],
    [6, 0, 0],
  ])('limit %i, %i items: at most %i run at once, and the results keep the order', async (limit, count, most) => {
    let [running, highest] = [0, 0];
    const items = Array.from({ length: count }, (_, at) => at);
    const results = await mapConcurrently(limit, items, async (item) => {
      highest = Math.max(highest, ++running);
      // The first items take the most turns, so that they end last.
      for (let turn = item; turn < count; turn++) await Promise.resolve();
      running--;
      return item * 2;
    });
    expect(results).toEqual(items.map((item) => item * 2));
    expect(highest).toBe(most);
  });

  it('rejects with the first error, and starts no further item', async () => {
    const started: number[] = [];
    const mapped = mapConcurrently(2, [0, 1, 2, 3, 4], async (item) => {
      started.push(item);
      await Promise.resolve();
      if (item === 1) throw new Error('item 1');
    });
    await expect(mapped).rejects.toThrow('item 1');
    expect(started).not.toContain(4);
  });
});
