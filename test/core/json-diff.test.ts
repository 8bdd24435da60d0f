import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PatchOperation } from '../../src/core/json-diff.ts';
import { isSameJson } from '../../src/core/is-same-json.ts';
import { diffJson } from '../../src/core/json-diff.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';

/** Applies a JSON Patch (RFC 6902), limited to the operations that `json-diff` emits. */
function apply(document: Json, patch: readonly PatchOperation[]): Json {
  let root = structuredClone(document);
  for (const operation of patch) {
    const names = operation.path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop();
    if (last === undefined) {
      if (operation.op !== 'remove') root = operation.value;
      continue;
    }
    const place = names.reduce<JsonObject>((found, name) => found[name] as JsonObject, root as JsonObject);
    expect(Object.hasOwn(place, last), operation.path).toBe(operation.op !== 'add');
    if (operation.op === 'remove') delete place[last];
    else place[last] = operation.value;
  }
  return root;
}

const name = fc.constantFrom('a', 'b', 'c/d', 'e~f', '', '~1', 'constructor');
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>(0, 1, 'x', null, false, [], [1]),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonObject>,
  ),
})).value;

describe('a JSON difference', () => {
  it('turns the first document into the second, and is empty only if they are equal', () => {
    fc.assert(
      fc.property(json, json, (from, to) => {
        const patch = diffJson(from, to);
        expect(apply(from, patch)).toEqual(to);
        expect(patch.length === 0).toBe(isSameJson(from, to));
      }),
    );
  });

  it('contains each member once', () => {
    expect(diffJson({ a: 1, b: { c: [1], d: 2 } }, { b: { c: [1, 2], d: 2 }, 'e/f': null })).toEqual([
      { op: 'remove', path: '/a' },
      { op: 'replace', path: '/b/c', value: [1, 2] },
      { op: 'add', path: '/e~1f', value: null },
    ]);
  });
});
