/** Mutations of path, query and headers. Some of them keep the request valid. */
import * as fc from 'fast-check';
import { SPECIAL_NAMES, strangeText } from './strange-values.ts';

export interface AddressMutation {
  readonly name: string;
  /** Path segments as written. `idAt` is the index of the id, if any. */
  readonly path: (segments: readonly string[], idAt: number) => readonly string[];
  readonly query: (query: string) => string;
}

const same = <T>(value: T): T => value;

const SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '%2E%2E%2F%2E%2E',
  'a%2Fb',
  '%00',
  'a%00b',
  '%ff',
  '%c0%ae',
  '%ed%a0%80',
  '%',
  '%zz',
  '%u0041',
  'A',
  'x'.repeat(129),
  'x'.repeat(9_000),
  'a;b=c',
  'a,b',
  '*',
  ':id',
  '{id}',
  '%F0%9F%92%A9',
  '%E2%80%AE',
  '%0d%0aset-cookie:x=1',
  '',
  '__proto__',
  'constructor',
  "'%20OR%201=1",
  '%25%32%65',
  '-1',
];

const QUERIES = [
  'limit=0',
  'limit=501',
  'limit=-1',
  'limit=1.5',
  'limit=1e3',
  'limit=0x10',
  'limit=',
  'limit=%20',
  'limit=99999999999999999999',
  'limit=1&limit=2',
  'limit[]=1',
  'limit[$gt]=1',
  'cursor=',
  'cursor=%00',
  'cursor=%ff',
  'cursor=bm9wZQ==',
  'cursor=MTox',
  `cursor=${'Q'.repeat(600)}`,
  'after=-1',
  'after=1e400',
  'after=NaN',
  'drain=-1',
  'drain=3600001',
  'drain=abc',
  'cascade=yes',
  'type=%27%20OR%201=1',
  'type=__proto__',
  'status=constructor',
  'types=,',
  'types=toString',
  '__proto__=x',
  '__proto__[x]=1',
  'constructor[prototype][x]=1',
  'metadata.=x',
  'metadata.__proto__=x',
  'metadata.constructor=x',
  'metadata.a%00b=x',
  '%ff=%fe',
  '%=%',
  '&&&',
  '=',
  'a=b=c',
  Array.from({ length: 65 }, (_, at) => `p${at}=1`).join('&'),
  `q=${'x'.repeat(9_000)}`,
];

const segment: fc.Arbitrary<AddressMutation> = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...SEGMENTS) },
    { weight: 1, arbitrary: strangeText(60).map((text) => encodeURIComponent(text.toWellFormed())) },
  )
  .map((written) => ({
    name: `segment ${written.slice(0, 40)}`,
    path: (segments, idAt) => segments.with(idAt === -1 ? segments.length - 1 : idAt, written),
    query: same,
  }));

const shape: fc.Arbitrary<AddressMutation> = fc
  .constantFrom<[string, AddressMutation['path']]>(
    ['slash at the end', (segments) => [...segments, '']],
    ['two slashes', (segments) => [...segments.slice(0, 1), '', ...segments.slice(1)]],
    ['a segment more', (segments) => [...segments, 'more']],
    ['a segment less', (segments) => segments.slice(0, -1)],
    ['upper case', (segments) => segments.map((text) => text.toUpperCase())],
    ['a matrix parameter', (segments) => [...segments.slice(0, -1), `${segments.at(-1)};a=b`]],
  )
  .map(([name, path]) => ({ name, path, query: same }));

const percentTwin: AddressMutation = {
  name: 'first character of the id written with %',
  path: (segments, idAt) =>
    idAt === -1
      ? segments
      : segments.with(
          idAt,
          segments[idAt]!.replace(/^[a-z0-9]/, (first) => `%${first.charCodeAt(0).toString(16)}`),
        ),
  query: same,
};

const query: fc.Arbitrary<AddressMutation> = fc
  .oneof(
    { weight: 5, arbitrary: fc.constantFrom(...QUERIES) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.oneof(fc.constantFrom(...SPECIAL_NAMES), strangeText(30)), strangeText(60))
        .map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join('=')),
    },
  )
  .map((added) => ({
    name: `query ${added.slice(0, 40)}`,
    path: same,
    query: (before) => (before === '' ? added : `${before}&${added}`),
  }));

const doubledQuery: AddressMutation = { name: 'query twice', path: same, query: (before) => `${before}&${before}` };

export const addressMutation: fc.Arbitrary<AddressMutation> = fc.oneof(
  { weight: 4, arbitrary: segment },
  { weight: 2, arbitrary: shape },
  { weight: 4, arbitrary: query },
  { weight: 1, arbitrary: fc.constantFrom(percentTwin, doubledQuery) },
);

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'if-match': '' },
  { 'if-match': '"abc"' },
  { 'if-match': '"1", "2"' },
  { 'if-match': '"99999999999999999999"' },
  { 'if-match': '-1' },
  { 'if-match': '"0"' },
  { 'content-type': 'application/json; charset=utf-8' },
  { 'content-type': 'APPLICATION/JSON' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'application/json;charset="' },
  { 'content-type': 'application/merge-patch+json' },
  { 'content-type': 'application/vnd.api+json' },
  { 'content-type': 'application/jsonx' },
  { 'content-type': 'application/json, text/html' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'multipart/form-data' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': '' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'identity' },
  { accept: 'text/html' },
  { accept: 'application/xml;q=2, */*;q=x' },
  { 'accept-language': 'x'.repeat(2_000) },
  { 'x-request-id': '=?'.repeat(20) },
  { 'x-request-id': 'a'.repeat(5_000) },
  { 'x-http-method-override': 'DELETE' },
  { 'x-forwarded-host': 'evil.example' },
  { 'x-forwarded-for': "'; DROP TABLE components;--" },
  { 'cf-connecting-ip': 'not an address' },
  { origin: 'null' },
  { cookie: '__proto__=x; =; a' },
  { 'last-event-id': '-1' },
  { range: 'bytes=0-0' },
  { 'transfer-coding': 'x' },
];

export const headerMutation: fc.Arbitrary<Readonly<Record<string, string>>> = fc.constantFrom(...HEADERS);
