import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ComponentConfigSchema } from '../../../src/core/config/component-config.ts';
import {
  configAt,
  revisionAt,
  settingSourcesAt,
  valueSourcesAt,
  valuesAt,
} from '../../../src/core/config/config-levels.ts';
import type { ConfigLevels } from '../../../src/core/config/config-levels.ts';
import { GlobalConfigSchema } from '../../../src/core/config/settings.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';

const levels = (global: object, type: object, component: object): ConfigLevels => ({
  global: { revision: 3, document: global },
  type: { revision: 5, document: type },
  component: { revision: 4, document: component },
});
const ofValues = (...[g, t, c]: JsonObject[]): ConfigLevels => levels({ values: g! }, { values: t! }, { values: c! });

const name = fc.constantFrom('a', 'b', 'c', 'd/e', 'f~g', 'constructor');
const tree = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<Json>(1, 'x', true, null, [1, null]), tie('object')),
  object: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
})).object;

describe('the effective configuration of a component', () => {
  it('merges component over type over global', () => {
    const at = levels(
      { failureThreshold: 5, unhealthyThreshold: 4, slowStartMs: 7 },
      { failureThreshold: 4, flapHoldMs: 1 },
      { failureThreshold: 1 },
    );
    expect(configAt(at)).toMatchObject({ failureThreshold: 1, unhealthyThreshold: 4, slowStartMs: 7, flapHoldMs: 1 });
    expect(settingSourcesAt(at)).toMatchObject({
      failureThreshold: 'component',
      unhealthyThreshold: 'global',
      flapHoldMs: 'type',
      ejectionMs: 'default',
    });
    expect(revisionAt(at)).toBe(5);
  });

  it.each<[JsonObject, JsonObject, JsonObject, JsonObject, Record<string, string>]>([
    [{ a: 1 }, {}, {}, { a: 1 }, { '/a': 'global' }],
    [{ a: 1 }, { a: null }, {}, {}, {}],
    [
      { a: { b: 1, c: 2 } },
      { a: { c: 3 } },
      { a: { d: 4 } },
      { a: { b: 1, c: 3, d: 4 } },
      { '/a/b': 'global', '/a/c': 'type', '/a/d': 'component' },
    ],
    [{ a: { b: 1 } }, { a: 5 }, { a: { c: 2 } }, { a: { c: 2 } }, { '/a/c': 'component' }],
    [{ a: [1, 2] }, { a: [3] }, {}, { a: [3] }, { '/a': 'type' }],
    [{ 'x/y': 1 }, {}, { 'p~q': {} }, { 'x/y': 1, 'p~q': {} }, { '/x~1y': 'global', '/p~0q': 'component' }],
    [{ a: null }, {}, {}, {}, {}],
  ])('merges %j, %j, %j', (g, t, c, merged, sources) => {
    const at = ofValues(g, t, c);
    expect(valuesAt(at)).toEqual(merged);
    expect(valueSourcesAt(at, merged)).toEqual(sources);
  });

  it('names, for every value, the level that set it', () => {
    fc.assert(
      fc.property(tree, tree, tree, (g, t, c) => {
        const at = ofValues(g, t, c);
        const values = valuesAt(at);
        const sources = valueSourcesAt(at, values);
        expect(Object.values(sources)).not.toContain('default');
        expect(JSON.stringify(values)).not.toMatch(/:null/);
        // Without one level, the values that only another level set remain.
        for (const [pointer, source] of Object.entries(sources))
          expect(read(at[source as 'global']?.document.values as Json, pointer)).toBeDefined();
      }),
    );
  });
});

const read = (value: Json, pointer: string): Json | undefined =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<Json | undefined>((found, part) => (found as JsonObject | undefined)?.[part], value);

describe('a configuration document', () => {
  it('of a component accepts the settings that its registry applies, and none of its type', () => {
    expect(ComponentConfigSchema.safeParse({ failureThreshold: 1, values: { a: 1 } }).success).toBe(true);
    for (const key of ['slowStartMs', 'balancingPolicy', 'controller', 'requestTypes', 'valuesSchema', 'selfDoubt'])
      expect(ComponentConfigSchema.safeParse({ [key]: 1 }).success, key).toBe(false);
  });

  it.each([
    ['a forbidden name', '{"a":{"__proto__":{"x":1}}}'],
    ['a forbidden name at the top', '{"__proto__":1}'],
    ['too many bytes', JSON.stringify({ a: Array.from({ length: 20 }, () => 'x'.repeat(1_000)) })],
    ['text that is too long', JSON.stringify({ a: 'x'.repeat(4_097) })],
    ['too deep a nesting', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`],
    ['a list', '[1]'],
  ])('refuses values with %s', (_, json) => {
    expect(GlobalConfigSchema.safeParse({ values: JSON.parse(json) }).success).toBe(false);
  });

  it('holds values beside its settings', () => {
    const values = Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`n${at}`, 'x'.repeat(1_000)]));
    expect(GlobalConfigSchema.safeParse({ values, failureThreshold: 1 }).success).toBe(true);
  });
});
