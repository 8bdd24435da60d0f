/**
 * What a JSON document says of the health of its sender.
 *
 * First the fields that speak of the whole (`status`, `healthy`, …): of several the worst counts, and what stands
 * beside them about parts changes nothing. Only where nothing speaks of the whole the parts are asked: all of them
 * down is down, some of them down or degraded is degraded, because the status of the answer vouches for the rest.
 */
import type { Statement, Verdict } from './health-words.ts';
import { readFlag, readWord, worstOf } from './health-words.ts';

/** How a field of the whole is read. `nested` ones count only within another: `{ status: { code: "UP" } }`. */
type Reader = 'word' | 'nested' | 'good flag' | 'good switch' | 'bad flag' | 'code';

/** By name in lower case without `_` and `-`, so that `isHealthy` and `is_healthy` are one. */
const FIELDS: ReadonlyMap<string, Reader> = new Map(
  Object.entries({
    word: 'status health state healthstatus overall overallstatus statustext',
    nested: 'code level indicator',
    'good flag': 'healthy ok ishealthy',
    // Where these are numbers they count something.
    'good switch': 'alive live ready up success available serving',
    'bad flag': 'degraded isdegraded',
    code: 'statuscode',
  } satisfies Record<Reader, string>).flatMap(([reader, names]) =>
    names.split(' ').map((name) => [name, reader as Reader] as const),
  ),
);

/** Where parts stand: IETF and MicroProfile, Spring, Terminus, ASP.NET, and wrappers around the whole. */
const PARTS: ReadonlySet<string> = new Set(
  'checks components details info entries services dependencies subsystems results result data'.split(' '),
);

/** Objects within objects that are looked into. */
const MAX_DEPTH = 3;

/** What `document` says, or undefined when it says nothing that is known. */
export function readDocument(document: unknown): Statement | undefined {
  return readWhole(document, 0) ?? readParts(document);
}

/** What a field of that name and value says of the whole. */
export function readField(name: string, value: unknown, depth = 1): Statement | undefined {
  const reader = FIELDS.get(name.toLowerCase().replace(/[_-]/g, ''));
  switch (reader) {
    case undefined:
      return undefined;
    case 'nested':
      return depth > 1 ? readWhole(value, depth) : undefined;
    case 'good flag':
      return readFlag(value, 'healthy', 'unhealthy') ?? readWhole(value, depth);
    case 'good switch':
      return typeof value === 'number' ? undefined : readFlag(value, 'healthy', 'unhealthy');
    case 'bad flag':
      return readFlag(value, 'degraded', 'healthy');
    case 'word':
      return readCode(value) ?? readWhole(value, depth);
    case 'code':
      return readCode(value);
    default:
      return reader satisfies never;
  }
}

function readWhole(value: unknown, depth: number): Statement | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return readWord(String(value));
  if (!isObject(value) || depth === MAX_DEPTH) return undefined;
  // A body that contradicts itself is believed where it says the worst.
  return worstOf(Object.entries(value).map(([name, inner]) => readField(name, inner, depth + 1)));
}

/** A status of HTTP in the body: of a server error sent on behind a 200. Other numbers say nothing. */
const readCode = (value: unknown): Statement | undefined =>
  typeof value === 'number' && value >= 500 && value <= 599
    ? { verdict: 'unhealthy', details: String(value) }
    : undefined;

function readParts(document: unknown): Statement | undefined {
  const parts = partsOf(document).flatMap((part) => {
    const statement = worstOf(listOf(part).map((each) => readWhole(each, 1)));
    return statement ? [statement] : [];
  });
  const worst = worstOf(parts);
  if (!worst || worst.verdict !== 'unhealthy') return worst;
  const verdict: Verdict = parts.every((part) => part.verdict === 'unhealthy') ? 'unhealthy' : 'degraded';
  return { ...worst, verdict };
}

function partsOf(document: unknown): unknown[] {
  if (Array.isArray(document)) return document;
  if (!isObject(document)) return [];
  const members = Object.entries(document);
  // A document that is nothing but objects is a list of parts by name: Dropwizard, Nomad.
  if (members.every(([, value]) => isObject(value)) && !members.some(([name]) => PARTS.has(name.toLowerCase())))
    return members.map(([, value]) => value);
  return members
    .filter(([name]) => PARTS.has(name.toLowerCase()))
    .flatMap(([, value]) => {
      if (Array.isArray(value)) return value;
      if (!isObject(value)) return [];
      // A wrapper around one statement is that part itself.
      return readWhole(value, 1) ? [value] : Object.values(value);
    });
}

const listOf = (part: unknown): readonly unknown[] => (Array.isArray(part) ? part : [part]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
