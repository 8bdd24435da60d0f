import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IndexedHeap } from '../../src/core/indexed-heap.ts';

const step = fc.record({
  item: fc.nat(12),
  key: fc.oneof(fc.nat(8), fc.constant(Infinity), fc.constant(null)),
});

describe('IndexedHeap', () => {
  it('returns the same as a sorted list, whatever was set, moved and deleted before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(14), fc.nat(8), (steps, limit, maxKey) => {
        const heap = new IndexedHeap<number>();
        const model = new Map<number, number>();
        for (const { item, key } of steps) {
          if (key === null) heap.delete(item);
          else heap.set(item, key);
          if (key === null || key === Infinity) model.delete(item);
          else model.set(item, key);
          expect(heap.size).toBe(model.size);
          expect(heap.minKey).toBe(Math.min(...model.values()));
        }
        const found = heap.first(limit, maxKey);
        const expected = [...model.values()].filter((key) => key <= maxKey).toSorted((a, b) => a - b);
        expect(found.map((item) => model.get(item))).toEqual(expected.slice(0, limit));
        expect(new Set(found).size).toBe(found.length);
      }),
    );
  });
});
