/**
 * The cases of a run, a pure function of its seed. Each is a valid request of an operation, sent unchanged or with one
 * of the mutations.
 */
import * as fc from 'fast-check';
import type { Draft, WireRequest } from './fuzz-request.ts';
import { addressMutation, headerMutation } from './mutate-address.ts';
import type { AddressMutation } from './mutate-address.ts';
import { harmfulText, harmlessText, mutateText } from './mutate-text.ts';
import type { TextMutation } from './mutate-text.ts';
import { mutateValue, valueMutation } from './mutate-value.ts';
import type { ValueMutation } from './mutate-value.ts';
import type { FuzzedOperation } from './operations.ts';

type Mutation =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly changes: readonly ValueMutation[] }
  | { readonly kind: 'text'; readonly change: TextMutation }
  | { readonly kind: 'address'; readonly change: AddressMutation }
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> };

const whole: fc.Arbitrary<Mutation> = fc.constant({ kind: 'none' });
const address = addressMutation.map((change): Mutation => ({ kind: 'address', change }));
const headers = headerMutation.map((made): Mutation => ({ kind: 'headers', headers: made }));
const values = fc
  .array(valueMutation, { minLength: 1, maxLength: 2 })
  .map((changes): Mutation => ({ kind: 'value', changes }));
const asText = (change: TextMutation): Mutation => ({ kind: 'text', change });

const ofBody = fc.oneof(
  { weight: 10, arbitrary: whole },
  { weight: 3, arbitrary: harmlessText.map(asText) },
  { weight: 3, arbitrary: harmfulText.map(asText) },
  { weight: 4, arbitrary: values },
  { weight: 1, arbitrary: address },
  { weight: 1, arbitrary: headers },
);

const ofAddress = fc.oneof(
  { weight: 10, arbitrary: whole },
  { weight: 5, arbitrary: address },
  { weight: 2, arbitrary: headers },
);

const requestOf = ({ name, method, path, drafts }: FuzzedOperation): fc.Arbitrary<WireRequest> =>
  drafts.chain((draft) =>
    (draft.body === undefined ? ofAddress : ofBody).map((mutation) => ({
      operation: name,
      method,
      ...assemble(path, draft, mutation),
    })),
  );

type Assembled = Omit<WireRequest, 'operation' | 'method'>;

function assemble(path: string, draft: Draft, mutation: Mutation): Assembled {
  const plain: Assembled = {
    address: addressOf(path, draft, null),
    headers: draft.headers,
    ...(draft.body === undefined ? {} : { body: JSON.stringify(draft.body) }),
    mutation: mutation.kind,
  };
  switch (mutation.kind) {
    case 'none':
      return plain;
    case 'address':
      return {
        ...plain,
        address: addressOf(path, draft, mutation.change),
        mutation: `address: ${mutation.change.name}`,
      };
    case 'headers':
      return { ...plain, headers: { ...draft.headers, ...mutation.headers }, mutation: 'headers' };
    case 'text':
      return {
        ...plain,
        body: mutateText(JSON.stringify(draft.body), mutation.change),
        mutation: `text: ${mutation.change.name}`,
      };
    case 'value':
      return { ...plain, body: changedBody(draft, mutation.changes), mutation: 'value' };
    default:
      return mutation satisfies never;
  }
}

function changedBody(draft: Draft, changes: readonly ValueMutation[]): string {
  let value = draft.body;
  for (const change of changes) if (value !== undefined) value = mutateValue(value, change);
  const text = value === undefined ? '' : JSON.stringify(value);
  return text.replaceAll(/"(?:[^"\\]|\\.)*@@nest:(\d+):(array|object)@@(?:[^"\\]|\\.)*"/g, (_, depth: string, kind) => {
    const [open, close] = kind === 'array' ? (['[', ']'] as const) : (['{"a":', '}'] as const);
    return open.repeat(Number(depth)) + '1' + close.repeat(Number(depth));
  });
}

function addressOf(path: string, { params, query }: Draft, change: AddressMutation | null): string {
  const names = path.split('/').slice(1);
  const segments = names.map((name) =>
    name.startsWith('{') ? encodeURIComponent((params[name.slice(1, -1)] ?? '').toWellFormed()) : name,
  );
  const idAt = names.findIndex((name) => name.startsWith('{'));
  const plain = query.map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join('=')).join('&');
  const written = `/${(change?.path(segments, idAt) ?? segments).join('/')}`;
  const search = change?.query(plain) ?? plain;
  return search === '' ? written : `${written}?${search}`;
}

/** Minimum number of cases per operation; the rest is distributed by weight. */
const AT_LEAST = 60;

/** Cases of a seed in random order. */
export function fuzzCases(operations: readonly FuzzedOperation[], total: number, seed: number): WireRequest[] {
  const spare = Math.max(0, total - operations.length * AT_LEAST);
  const weights = operations.reduce((sum, { weight }) => sum + weight, 0);
  const counts = operations.map(({ weight }) => AT_LEAST + Math.floor((spare * weight) / weights));
  const distributed = counts.reduce((sum, count) => sum + count, 0);
  counts[0] = counts[0]! + Math.max(0, total - distributed);
  const cases = operations.flatMap((operation, at) =>
    fc.sample(requestOf(operation), { seed: seed + at, numRuns: counts[at]! }),
  );
  const [order = []] = fc.sample(fc.shuffledSubarray(cases, { minLength: cases.length }), { seed, numRuns: 1 });
  return order;
}
