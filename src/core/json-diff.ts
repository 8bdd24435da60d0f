/**
 * Difference of two JSON documents as a JSON Patch (RFC 6902) of `add`, `remove` and `replace`. Arrays are replaced as
 * a whole: the shortest edit of two arrays costs the product of their lengths. For this reason no library is used.
 */
import { isSameJson } from './is-same-json.ts';
import type { Json, JsonObject } from './json.ts';

export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function diffJson(from: Json, to: Json, path = ''): PatchOperation[] {
  if (!isObject(from) || !isObject(to)) return isSameJson(from, to) ? [] : [{ op: 'replace', path, value: to }];
  const at = (name: string): string => `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const removed = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
  const rest = Object.entries(to).flatMap(([name, value]): PatchOperation[] =>
    Object.hasOwn(from, name) ? diffJson(from[name]!, value, at(name)) : [{ op: 'add', path: at(name), value }],
  );
  return [...removed.map((name) => ({ op: 'remove', path: at(name) }) as const), ...rest];
}
