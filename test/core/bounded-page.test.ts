import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedPage, utf8Length } from '../../src/core/bounded-page.ts';

const itself = (bytes: number): number => bytes;

describe('a page', () => {
  it.each([
    { title: 'nothing of nothing', sizes: [], limit: 5, maxBytes: 10, items: [], more: false },
    { title: 'all that fits', sizes: [4, 3, 3], limit: 5, maxBytes: 10, items: [4, 3, 3], more: false },
    { title: 'no more than its limit', sizes: [1, 1, 1], limit: 2, maxBytes: 10, items: [1, 1], more: true },
    { title: 'no more than its bytes', sizes: [4, 3, 4, 1], limit: 5, maxBytes: 10, items: [4, 3], more: true },
    { title: 'one that is too large', sizes: [20, 1], limit: 5, maxBytes: 10, items: [20], more: true },
    { title: 'one without any bytes left', sizes: [1, 1], limit: 5, maxBytes: -5, items: [1], more: true },
    {
      title: 'none when asked for none, but that there are some',
      sizes: [1],
      limit: 0,
      maxBytes: 10,
      items: [],
      more: true,
    },
    {
      title: 'none when asked for none, and that there are none',
      sizes: [],
      limit: 0,
      maxBytes: 10,
      items: [],
      more: false,
    },
  ])('takes $title', ({ sizes, limit, maxBytes, items, more }) => {
    const bytes = items.reduce((sum: number, size) => sum + size, 0);
    expect(boundedPage(sizes, { limit, maxBytes }, itself)).toEqual({ items, bytes, more });
  });

  it('after page shows everything once, in order', () => {
    const room = fc.record({ limit: fc.integer({ min: 1, max: 5 }), maxBytes: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), room, (sizes, { limit, maxBytes }) => {
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

  it('draws no further than it must', () => {
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
