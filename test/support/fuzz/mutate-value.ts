/** Mutations inside a JSON value: nearly valid, of the wrong type, at a bound, or strange. */
import * as fc from 'fast-check';
import type { Value } from './strange-values.ts';
import { edgeNumber, objectOf, strangeJson, strangeName, strangeText } from './strange-values.ts';

type Change =
  | { readonly kind: 'set'; readonly value: Value }
  | { readonly kind: 'add'; readonly name: string; readonly value: Value }
  | { readonly kind: 'remove' }
  | { readonly kind: 'wrap' }
  | { readonly kind: 'double' }
  | { readonly kind: 'append'; readonly text: string };

export interface ValueMutation {
  /** Member to enter at each level; the last one is changed. */
  readonly way: readonly number[];
  readonly change: Change;
}

/** In the sent text, this many nested arrays or objects replace it. */
const nested = fc
  .tuple(fc.constantFrom(31, 32, 33, 500, 5_000, 10_000), fc.constantFrom('array', 'object'))
  .map(([depth, kind]) => `@@nest:${depth}:${kind}@@`);

const wrong: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: edgeNumber },
  { weight: 3, arbitrary: fc.constantFrom<Value>(null, true, false, '', [], {}, [[]], 'NaN', '1', 'null') },
  { weight: 2, arbitrary: strangeText(300) },
  { weight: 2, arbitrary: strangeJson(2) },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(9_000), 'é'.repeat(20_000), 'y'.repeat(66_000)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('http://[::1', 'javascript:alert(1)', 'https://a@b.example', '//x', 'https://é.example'),
  },
);

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: wrong.map((value): Change => ({ kind: 'set', value })) },
  { weight: 3, arbitrary: fc.tuple(strangeName, wrong).map(([name, value]): Change => ({ kind: 'add', name, value })) },
  { weight: 2, arbitrary: strangeText(40).map((text): Change => ({ kind: 'append', text })) },
  { weight: 1, arbitrary: fc.constantFrom<Change>({ kind: 'remove' }, { kind: 'wrap' }, { kind: 'double' }) },
);

export const valueMutation: fc.Arbitrary<ValueMutation> = fc.record({
  way: fc.array(fc.nat(99), { minLength: 0, maxLength: 4 }),
  change,
});

/** The value with the change at the end of the path; undefined if removed entirely. */
export function mutateValue(value: Value, { way, change: wanted }: ValueMutation): Value | undefined {
  const [pick, ...rest] = way;
  if (pick === undefined || typeof value !== 'object' || value === null) return applyChange(value, wanted);
  const deeper = { way: rest, change: wanted };
  if (Array.isArray(value)) {
    if (value.length === 0) return applyChange(value, wanted);
    const at = pick % value.length;
    return value.flatMap((item, index) => {
      const next = index === at ? mutateValue(item, deeper) : item;
      return next === undefined ? [] : [next];
    });
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return applyChange(value, wanted);
  const at = pick % entries.length;
  return objectOf(
    entries.flatMap(([name, member], index) => {
      const next = index === at ? mutateValue(member, deeper) : member;
      return next === undefined ? [] : [[name, next] as const];
    }),
  );
}

function applyChange(value: Value, wanted: Change): Value | undefined {
  switch (wanted.kind) {
    case 'set':
      return wanted.value;
    case 'remove':
      return undefined;
    case 'wrap':
      return [value];
    case 'double':
      return Array.isArray(value) ? [...value, ...value] : typeof value === 'string' ? value + value : [value, value];
    case 'append':
      return typeof value === 'string' ? value + wanted.text : wanted.text;
    case 'add':
      if (Array.isArray(value)) return [...value, wanted.value];
      return typeof value === 'object' && value !== null
        ? objectOf([...Object.entries(value), [wanted.name, wanted.value]])
        : wanted.value;
    default:
      return wanted satisfies never;
  }
}
