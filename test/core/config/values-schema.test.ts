import { describe, expect, it } from 'vitest';
import { refusePattern } from '../../../src/core/config/pattern-cost.ts';
import { ValuesSchemaSchema } from '../../../src/core/config/values.ts';
import { judgeValuesSchema } from '../../../src/core/config/values-schema.ts';
import type { JsonObject } from '../../../src/core/json.ts';

describe('a regular expression', () => {
  it.each([
    '^[a-z][a-z0-9-]{0,62}$',
    '^\\d{1,4}\\.\\d{1,4}$',
    '^(debug|info|warn)$',
    '^a+$',
    '^[^/]{1,30}/.*$',
    '\\p{L}',
    '^(?:v)?\\d+$',
    '^\\[x\\]$',
    '',
  ])('is taken when it cannot take long: %s', (pattern) => expect(refusePattern(pattern)).toBe(null));

  it.each([
    '^(a+)+$',
    '(a|a)*b',
    '^(a|aa){2,99}$',
    'a*a*b',
    '^a*a*b',
    'a+b',
    '^a*a*a*b$',
    '(?=a*)b',
    '(a)\\1',
    '[',
    'x'.repeat(257),
    '^(a?){40}$',
    `^${'a?'.repeat(40)}$`,
    `^${'(a|a)'.repeat(40)}$`,
    '^a*|b*c*$',
  ])('is refused when it could: %s', (pattern) => expect(refusePattern(pattern)).not.toBe(null));

  it('that is taken is done in a moment at its worst', () => {
    for (const pattern of ['^[^/]{1,30}/.*$', '^a{0,30}a*$', '^a+[b-e]$', 'a{1,30}b']) {
      expect(refusePattern(pattern), pattern).toBe(null);
      const began = performance.now();
      new RegExp(pattern, 'u').test('a'.repeat(4_096));
      expect(performance.now() - began, pattern).toBeLessThan(200);
    }
  });
});

const nested = (levels: number): JsonObject =>
  levels === 0 ? { type: 'string' } : { properties: { a: nested(levels - 1) } };

describe('a schema for values', () => {
  it.each<[string, JsonObject]>([
    ['nothing', {}],
    ['an object', { type: 'object', required: ['a'], properties: { a: { type: ['string', 'null'], maxLength: 3 } } }],
    [
      'references',
      { $defs: { port: { type: 'integer', maximum: 65_535 } }, properties: { p: { $ref: '#/$defs/port' } } },
    ],
    ['a list', { properties: { a: { type: 'array', items: { enum: [1, 'x'] }, uniqueItems: false } } }],
    ['choices', { anyOf: [{ required: ['a'] }, { required: ['b'] }], additionalProperties: false }],
  ])('may be %s', (_, schema) => expect(judgeValuesSchema(schema)).toEqual([]));

  it.each<[string, JsonObject, (string | number)[]]>([
    ['what is elsewhere', { properties: { a: { $ref: 'https://example.com/schema' } } }, ['properties', 'a', '$ref']],
    ['what is not there', { $ref: '#/$defs/none' }, ['$ref']],
    ['itself', { properties: { a: { $ref: '#' } } }, []],
    ['what leads back', { $defs: { a: { $ref: '#/$defs/b' }, b: { not: { $ref: '#/$defs/a' } } } }, []],
    ['what is a note', { title: { pattern: '(a+)+$' }, not: { $ref: '#/title' } }, ['not', '$ref']],
    ['an example', { examples: [{ pattern: '(a+)+$' }], $ref: '#/examples/0' }, ['$ref']],
    ['names of parts', { $defs: { pattern: {} }, $ref: '#/$defs' }, ['$ref']],
    ['an unknown word', { properties: { a: { tpye: 'string' } } }, ['properties', 'a', 'tpye']],
    ['an id of its own', { $id: 'https://example.com' }, ['$id']],
    ['a costly expression', { properties: { a: { pattern: '^(a+)+$' } } }, ['properties', 'a', 'pattern']],
    ['a costly name', { patternProperties: { '(a+)+': {} } }, ['patternProperties']],
    ['an unknown format', { format: 'regex' }, ['format']],
    ['what compares all', { uniqueItems: true }, ['uniqueItems']],
    ['no schema', { properties: { a: 'string' } }, ['properties', 'a']],
    ['an unknown type', { type: 'text' }, ['type']],
  ])('may not name %s', (_, schema, path) =>
    expect(judgeValuesSchema(schema)).toEqual([{ path, message: expect.any(String) }]),
  );

  it('may not grow without end where it refers to itself again and again', () => {
    const $defs: JsonObject = { d0: { type: 'string' } };
    for (let at = 1; at <= 30; at++) {
      const $ref = `#/$defs/d${at - 1}`;
      $defs[`d${at}`] = { allOf: [{ $ref }, { $ref }] };
    }
    expect(judgeValuesSchema({ $defs, $ref: '#/$defs/d30' })).toEqual([
      { path: [], message: expect.stringContaining('500 parts') },
    ]);
    expect(judgeValuesSchema(nested(30))).toEqual([]);
  });

  it('that is nested too deep costs nothing more', () => {
    let deep: JsonObject = {};
    for (let levels = 0; levels < 8_000; levels++) deep = { not: deep };
    const began = performance.now();
    expect(ValuesSchemaSchema.safeParse(deep).success).toBe(false);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
