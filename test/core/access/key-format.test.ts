import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_ID_BYTES, KEY_SECRET_BYTES, formatKey, idOfKey, keyIdOf } from '../../../src/core/access/key-format.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyKey = fc
  .tuple(bytes(KEY_ID_BYTES), bytes(KEY_SECRET_BYTES))
  .map(([id, secret]) => ({ id: keyIdOf(id), key: formatKey(keyIdOf(id), secret) }));

describe('a key', () => {
  it('has the form that secret scanners detect, with a CRC-32 at its end', () => {
    fc.assert(
      fc.property(anyKey, ({ key }) => {
        expect(key).toMatch(/^arb_[0-9a-f]{12}_[0-9a-f]{72}$/);
        expect(key.slice(-8)).toBe(crc32(key.slice(0, -8)).toString(16).padStart(8, '0'));
      }),
    );
  });

  it('contains its id', () => {
    fc.assert(
      fc.property(anyKey, ({ id, key }) => {
        expect(idOfKey(key)).toBe(id);
      }),
    );
  });

  it('with any character changed is invalid', () => {
    const other = fc.constantFrom(...Array.from('0123456789abcdef_gA'));
    fc.assert(
      fc.property(anyKey, fc.nat(88), other, ({ key }, at, character) => {
        fc.pre(key[at] !== character);
        expect(idOfKey(key.slice(0, at) + character + key.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it('is not formatted from parts that are too short', () => {
    expect(() => formatKey('abc', new Uint8Array(KEY_SECRET_BYTES))).toThrow();
    expect(() => formatKey('0123456789ab', new Uint8Array(16))).toThrow();
  });
});

it('idOfKey returns undefined for any other text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(idOfKey(text)).toBeUndefined();
    }),
  );
});
