import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import type { HealthDetails } from '../../../../src/core/component/health-check.ts';
import { utf8Length } from '../../../../src/core/bounded-page.ts';
import { cutJson } from '../../../../src/core/health/response/cut-json.ts';
import { MAX_KEPT_BYTES, keepResponse, toResponseView } from '../../../../src/core/health/response/kept-response.ts';
import { bodyOf } from '../../../support/health-answers/body-of.ts';

function shown(text: string, details: HealthDetails, headers: Record<string, string> = {}) {
  const kept = keepResponse({ status: 200, body: bodyOf(text) }, { details, headers })!;
  expect(utf8Length(kept.json)).toBeLessThanOrEqual(MAX_KEPT_BYTES);
  const { body, pointers, truncated } = toResponseView({ ...kept, at: 0 });
  return { ...(body === undefined ? {} : { body }), ...(pointers === undefined ? {} : { pointers }), truncated };
}

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const DOCUMENT = '{ "status": "UP", "checks": [{ "db": null }, { "a/b": 1, "m~n": [2] }] }\n';
const LONG = 'x'.repeat(5_000);

describe('keepResponse', () => {
  it('keeps nothing unless the registration asks for it', () => {
    expect(keepResponse({ status: 200, body: bodyOf(DOCUMENT) }, {})).toBeUndefined();
  });

  it('keeps the time and the status', () => {
    const kept = keepResponse({ status: 503, body: bodyOf('') }, { details: true })!;
    expect(toResponseView({ ...kept, at: 1_000 })).toEqual({
      at: '1970-01-01T00:00:01.000Z',
      status: 503,
      body: null,
      truncated: false,
    });
  });

  it.each<[string, string, HealthDetails, object]>([
    ['JSON as data', DOCUMENT, true, { body: JSON.parse(DOCUMENT), truncated: false }],
    ['a JSON text', '"up"', true, { body: 'up', truncated: false }],
    ['text as text', '  up\n since 3 h \n', true, { body: 'up\n since 3 h', truncated: false }],
    ['malformed JSON as text', '{"a":', true, { body: '{"a":', truncated: false }],
    ['an empty body', '', true, { body: null, truncated: false }],
    ['the name __proto__', '{"__proto__":1}', true, { body: JSON.parse('{"__proto__":1}'), truncated: false }],
    ['a pointer', DOCUMENT, ['/status'], { pointers: { '/status': 'UP' }, truncated: false }],
    [
      'several pointers',
      DOCUMENT,
      ['/checks/0/db', '/checks/1/a~1b', '/checks/1/m~0n', '/nothing', '/status/0'],
      { pointers: { '/checks/0/db': null, '/checks/1/a~1b': 1, '/checks/1/m~0n': [2] }, truncated: false },
    ],
    ['the empty pointer', DOCUMENT, [''], { pointers: { '': JSON.parse(DOCUMENT) }, truncated: false }],
    ['a pointer into text', 'up', ['/status'], { pointers: {}, truncated: false }],
    ['a pointer into nothing', '', ['/status'], { pointers: {}, truncated: false }],
  ])('shows %s', (_, text, details, expected) => {
    expect(shown(text, details)).toEqual(expected);
  });

  it.each<[string, string, HealthDetails, object]>([
    ['long text', LONG, true, { body: 'x'.repeat(4_094) }],
    ['text of characters with many bytes', 'é😀'.repeat(2_000), true, { body: `${'é😀'.repeat(682)}é` }],
    ['text with many escapes', '\u0001'.repeat(5_000), true, { body: '\u0001'.repeat(682) }],
    ['a long member', JSON.stringify({ a: 1, b: LONG, c: 2 }), true, { body: { a: 1, b: 'x'.repeat(4_082) } }],
    ['a long name', JSON.stringify({ a: 1, [LONG]: 2, c: 2 }), true, { body: { a: 1 } }],
    ['a long list', JSON.stringify(Array.from({ length: 3_000 }, () => 7)), true, { body: Array(2_047).fill(7) }],
    [
      'a long value',
      JSON.stringify({ a: LONG, b: 1 }),
      ['/b', '/a'],
      { pointers: { '/b': 1, '/a': 'x'.repeat(4_080) } },
    ],
    [
      'what does not fit behind another',
      JSON.stringify({ a: LONG, b: 1 }),
      ['/a', '/b'],
      { pointers: { '/a': 'x'.repeat(4_087) } },
    ],
  ])('cuts %s', (_, text, details, expected) => {
    expect(shown(text, details)).toEqual({ ...expected, truncated: true });
  });

  it('empties what is nested deeper than 32 levels', () => {
    expect(shown(nested(33), true)).toEqual({ body: JSON.parse(nested(33)), truncated: false });
    expect(shown(nested(30_000), true)).toEqual({ body: JSON.parse(nested(33)), truncated: true });
  });

  it('finds values in the outline of a body that is too long to keep', () => {
    const text = JSON.stringify({ filler: Array.from({ length: 20_000 }, () => 'word'), status: 'DOWN' });
    expect(shown(text, ['/status', '/filler/1'])).toEqual({
      pointers: { '/status': 'DOWN', '/filler/1': 'word' },
      truncated: true,
    });
  });

  it('shows no body that cannot be read', () => {
    const body = bodyOf('');
    body.fault = 'body in an encoding that is not supported';
    expect(keepResponse({ status: 200, body }, { details: true })).toMatchObject({ json: 'null', isCut: true });
  });

  it('masks the header values of the request where the component repeats them', () => {
    const headers = { authorization: 'Bearer s3cret-s3cret', 'x-short': 'abc' };
    const echo = JSON.stringify({
      token: 's3cret-s3cret',
      all: 'Bearer s3cret-s3cret!',
      's3cret-s3cret': 1,
      x: 'abc',
      y: 'abcd',
    });
    expect(shown(echo, true, headers).body).toEqual({ token: '***', all: '***!', '***': 1, x: '***', y: 'abcd' });
    const before = `${'x'.repeat(4_090)}s3cret-s3cret`;
    expect(shown(before, true, headers).body).toBe(`${'x'.repeat(4_090)}***`);
  });
});

describe('cutJson', () => {
  const bytes = fc.integer({ min: 4, max: 200 });

  it('writes JSON within its bound, and the whole value exactly if it fits', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), bytes, (value, maxBytes) => {
        const { json, isCut } = cutJson(value, maxBytes, (text) => text);
        const whole = JSON.stringify(value);
        expect(() => JSON.parse(json) as unknown).not.toThrow();
        expect(isCut).toBe(utf8Length(whole) > maxBytes);
        if (isCut) expect(utf8Length(json)).toBeLessThanOrEqual(maxBytes);
        else expect(json).toBe(whole);
      }),
    );
  });
});
