/** Values that often cause bugs: texts, member names, numbers, and JSON values built from them. */
import * as fc from 'fast-check';

export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

const INJECTIONS = [
  `'; DROP TABLE components;--`,
  `" OR 1=1`,
  `') UNION SELECT secret FROM control_secrets --`,
  '%00',
  '%s%n%d',
  '${7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  'a\r\nset-cookie: x=1',
  '$(reboot)',
  '*',
  '%',
  '_',
  '\\',
  '"',
  '\\u0000',
];

const SCRIPTS = [
  'Maschinenwächter',
  'диспетчер задач',
  'محول المهام',
  'נתב משימות',
  'งานเส้นทาง',
  '任务路由器',
  '작업 라우터',
  'タスク',
  'τεῖχος',
  'कार्य',
  '👩‍👩‍👧‍👦🏳️‍🌈',
  '𝕱𝖗𝖆𝖐𝖙𝖚𝖗',
  '\u00e9', // One code point.
  'e\u0301', // The same character as two code points.
  '\u212b',
  'ﬁ',
  'ẞ',
  '\u202eevil\u202c',
  '\u2066x\u2069',
  '\u200b',
  '\ufeff',
  '\u2028\u2029',
  'Z̷̡̛a̴͝l̶̢̛g̸o',
];

const RAW = ['\u0000', '\u0007\u001b[31m', '\u007f\u0085', '\ud800', '\udfff x', 'x\ud83d', '\uffff', ' ', '\t\n', ''];

/** Names with a meaning to prototypes and serializers. */
export const SPECIAL_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'toJSON',
  'then',
  'length',
  '',
  '0',
  '-1',
  'a.b',
  '$ref',
];

export const strangeText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(...INJECTIONS) },
      { weight: 4, arbitrary: fc.constantFrom(...SCRIPTS) },
      { weight: 2, arbitrary: fc.constantFrom(...RAW) },
      { weight: 2, arbitrary: fc.constantFrom(...SPECIAL_NAMES) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
      { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom('x', 'é', '語').map((unit) => unit.repeat(maxLength)) },
    )
    .map((text) => text.slice(0, maxLength));

/** Like above, but never empty. */
export const someText = (maxLength: number): fc.Arbitrary<string> =>
  strangeText(maxLength).map((text) => (text === '' ? 'x' : text));

export const edgeNumber: fc.Arbitrary<number> = fc.constantFrom(
  0,
  -0,
  1,
  -1,
  1.5,
  0.1 + 0.2,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  2 ** 53 + 2,
  1e21,
);

export const strangeName = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...SPECIAL_NAMES) },
  { weight: 1, arbitrary: strangeText(64) },
);

/** An object with these own members, whatever their names. */
export function objectOf(entries: readonly (readonly [string, Value])[]): { [name: string]: Value } {
  const object: { [name: string]: Value } = {};
  for (const [name, value] of entries)
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  return object;
}

const leaf: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: strangeText(120) },
  { weight: 2, arbitrary: edgeNumber },
  { weight: 1, arbitrary: fc.constantFrom<Value>(null, true, false) },
);

/** Valid JSON of up to `depth` levels. */
export const strangeJson = (depth: number): fc.Arbitrary<Value> =>
  depth === 0
    ? leaf
    : fc.oneof(
        { weight: 3, arbitrary: leaf },
        { weight: 1, arbitrary: fc.array(strangeJson(depth - 1), { maxLength: 4 }) },
        { weight: 1, arbitrary: strangeObject(depth, 4) },
      );

export const strangeObject = (depth: number, maxKeys: number): fc.Arbitrary<{ [name: string]: Value }> =>
  fc.array(fc.tuple(strangeName, strangeJson(depth - 1)), { maxLength: maxKeys }).map(objectOf);
