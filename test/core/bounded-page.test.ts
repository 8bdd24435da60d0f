import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedPage, utf8Length } from '../../src/core/bounded-page.ts';

const itself = (bytes: number): number => bytes;

describe('a bounded page', () => {
  it.each([
    { title: 'nothing of an empty list', sizes: [], limit: 5, maxBytes: 10, items: [], more: false },
    { title: 'all that fits', sizes: [4, 3, 3], limit: 5, maxBytes: 10, items: [4, 3, 3], more: false },
    { title: 'no more than its limit', sizes: [1, 1, 1], limit: 2, maxBytes: 10, items: [1, 1], more: true },
    { title: 'no more than its bytes', sizes: [4, 3, 4, 1], limit: 5, maxBytes: 10, items: [4, 3], more: true },
    { title: 'one oversized item', sizes: [20, 1], limit: 5, maxBytes: 10, items: [20], more: true },
    { title: 'one item without any bytes left', sizes: [1, 1], limit: 5, maxBytes: -5, items: [1], more: true },
    {
      title: 'no item at limit 0, and reports that there are more',
      sizes: [1],
      limit: 0,
      maxBytes: 10,
      items: [],
      more: true,
    },
    {
      title: 'no item at limit 0, and reports that there are none',
      sizes: [],
      limit: 0,
      maxBytes: 10,
      items: [],
      more: false,
    },
  ])('contains $title', ({ sizes, limit, maxBytes, items, more }) => {
    const bytes = items.reduce((sum: number, size) => sum + size, 0);
    expect(boundedPage(sizes, { limit, maxBytes }, itself)).toEqual({ items, bytes, more });
  });

  it('lists, with its successors, every item once and in order', () => {
    const bounds = fc.record({ limit: fc.integer({ min: 1, max: 5 }), maxBytes: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), bounds, (sizes, { limit, maxBytes }) => {
        const seen: number[] = [];
        for (let more = true; more;) {
          const page = boundedPage(sizes.slice(seen.length), { limit, maxBytes }, itself);
          seen.push(...page.items);
          more = page.more;
        }
        expect(seen).toEqual(sizes);
      }),
    );
  });

  it('reads no more items than needed', () => {
    let drawn = 0;
    function* endless() {
      for (;;) yield ++drawn;
    }
    boundedPage(endless(), { limit: 3, maxBytes: 1_000 }, itself);
    expect(drawn).toBe(4);
  });
});

it.each([
  ['', 0],
  ['abc', 3],
  ['é', 2],
  ['😀', 4],
])('%j takes %i bytes', (text, bytes) => {
  expect(utf8Length(text)).toBe(bytes);
});
