import { describe, expect, it } from 'vitest';
import { refusePattern } from '../../../src/core/config/refuse-pattern.ts';
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
  ])('is accepted if it runs in linear time: %s', (pattern) => expect(refusePattern(pattern)).toBe(null));

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
  ])('is refused if it could backtrack: %s', (pattern) => expect(refusePattern(pattern)).not.toBe(null));

  it('that is accepted is fast in the worst case', () => {
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

describe('a values schema', () => {
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
    ['a remote reference', { properties: { a: { $ref: 'https://example.com/schema' } } }, ['properties', 'a', '$ref']],
    ['a missing definition', { $ref: '#/$defs/none' }, ['$ref']],
    ['itself', { properties: { a: { $ref: '#' } } }, []],
    ['a reference cycle', { $defs: { a: { $ref: '#/$defs/b' }, b: { not: { $ref: '#/$defs/a' } } } }, []],
    ['a schema within an annotation', { title: { pattern: '(a+)+$' }, not: { $ref: '#/title' } }, ['not', '$ref']],
    ['a schema within an example', { examples: [{ pattern: '(a+)+$' }], $ref: '#/examples/0' }, ['$ref']],
    ['the definitions object', { $defs: { pattern: {} }, $ref: '#/$defs' }, ['$ref']],
    ['an unknown keyword', { properties: { a: { tpye: 'string' } } }, ['properties', 'a', 'tpye']],
    ['an $id', { $id: 'https://example.com' }, ['$id']],
    ['a costly expression', { properties: { a: { pattern: '^(a+)+$' } } }, ['properties', 'a', 'pattern']],
    ['a costly property pattern', { patternProperties: { '(a+)+': {} } }, ['patternProperties']],
    ['an unknown format', { format: 'regex' }, ['format']],
    ['uniqueItems', { uniqueItems: true }, ['uniqueItems']],
    ['a value that is not a schema', { properties: { a: 'string' } }, ['properties', 'a']],
    ['an unknown type', { type: 'text' }, ['type']],
  ])('may not contain %s', (_, schema, path) =>
    expect(judgeValuesSchema(schema)).toEqual([{ path, message: expect.any(String) }]),
  );

  it('may not expand exponentially through repeated references', () => {
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

  it('that is nested too deep is refused without further cost', () => {
    let deep: JsonObject = {};
    for (let levels = 0; levels < 8_000; levels++) deep = { not: deep };
    const began = performance.now();
    expect(ValuesSchemaSchema.safeParse(deep).success).toBe(false);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
