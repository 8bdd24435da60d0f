import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FOREIGN_CHARACTERS, printable } from '../../src/core/printable.ts';

describe('printable', () => {
  it.each([
    ['plain', 'plain'],
    ['größe ✓ 状态', 'größe ✓ 状态'],
    ['a\r\n\tb', 'a b'],
    ['a\u0000\u0007\u009Bb', 'a b'],
    ['a\u2028b\u2029c', 'a b c'],
    ['a\u200B\u200D\uFE0F\u00ADb', 'ab'],
    ['a\u202Eb\u202C\u2066c\u2069', 'abc'],
    ['a\uD800b\uDC00c', 'abc'],
    ['a\u{E0041}\u{E007F}b', 'ab'],
    ['a\uFEFFb', 'ab'],
    ['\u001B[31mred', ' [31mred'],
  ])('%j becomes %j', (text, expected) => expect(printable(text)).toBe(expected));

  it('truncates, but never within a character', () => {
    expect(printable('x'.repeat(300))).toHaveLength(256);
    expect(printable('x'.repeat(255) + '😀')).toBe('x'.repeat(255));
    expect(printable('abc', 2)).toBe('ab');
  });

  it('removes everything unprintable from any text, and is idempotent', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 600 }).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(text, (text) => {
        const clean = printable(text);
        expect(clean.length).toBeLessThanOrEqual(MAX_FOREIGN_CHARACTERS);
        expect(clean).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{DI}]/u);
        expect(printable(clean)).toBe(clean);
      }),
    );
  });
});
