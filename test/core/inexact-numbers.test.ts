import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inexactNumbers } from '../../src/core/inexact-numbers.ts';

describe('inexactNumbers', () => {
  it.each([
    ['{"a":1234567890123456789}', ['a']],
    ['{"a":{"b":[1,-9007199254740993]}}', ['a.b[1]']],
    ['[12345678901234567890]', ['[0]']],
    ['{"a":9007199254740993,"b":1e20,"c":12345678901234567891}', ['a', 'c']],
    ['{"a":9007199254740991,"b":9007199254740992,"c":100000000000000000000}', []],
    ['{"a":"1234567890123456789","1234567890123456789":1}', []],
    ['{"a":0.1234567890123456789,"b":1.5e300}', []],
    ['{"a":1234567890123456789', []],
    ['', []],
  ])('%s: %j', (text, paths) => expect(inexactNumbers(text)).toEqual(paths));

  it('names an integer exactly when parsing changes it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), (integer) => {
        const isExact = BigInt(Number(integer)) === integer;
        expect(inexactNumbers(`{"n":${integer}}`)).toEqual(isExact ? [] : ['n']);
      }),
    );
  });
});
