/**
 * Reads the health verdict from a JSON document.
 *
 * Fields about the whole component (`status`, `healthy`, ...) decide, and the worst of them counts. Only without such
 * fields do the parts decide: all down is unhealthy; some down or degraded is degraded, because the HTTP status was
 * good.
 */
import type { Statement, Verdict } from './health-words.ts';
import { readFlag, readWord, worstOf } from './health-words.ts';

/** How a field about the whole is read. `nested` fields count only inside another: `{ status: { code: "UP" } }`. */
type FieldKind = 'word' | 'nested' | 'good flag' | 'good switch' | 'bad flag' | 'code';

/** Keys are lower case without `_` and `-`, so that `isHealthy` and `is_healthy` are the same field. */
const FIELDS: ReadonlyMap<string, FieldKind> = new Map(
  Object.entries({
    word: 'status health state healthstatus overall overallstatus statustext',
    nested: 'code level indicator',
    'good flag': 'healthy ok ishealthy',
    // Numbers in these fields are counts, not flags.
    'good switch': 'alive live ready up success available serving',
    'bad flag': 'degraded isdegraded',
    code: 'statuscode',
  } satisfies Record<FieldKind, string>).flatMap(([kind, names]) =>
    names.split(' ').map((name) => [name, kind as FieldKind] as const),
  ),
);

/** Fields that hold parts: IETF, MicroProfile, Spring, Terminus, ASP.NET, and wrappers around the whole. */
const PARTS: ReadonlySet<string> = new Set(
  'checks components details info entries services dependencies subsystems results result data'.split(' '),
);

/** Maximum nesting depth that is read. */
const MAX_DEPTH = 3;

/** Returns the statement of `document`, or undefined when it contains none. */
export function readDocument(document: unknown): Statement | undefined {
  return readWhole(document, 0) ?? readParts(document);
}

/** Returns what a field says about the whole, or undefined. */
export function readField(name: string, value: unknown, depth = 1): Statement | undefined {
  const kind = FIELDS.get(name.toLowerCase().replace(/[_-]/g, ''));
  switch (kind) {
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
      return kind satisfies never;
  }
}

function readWhole(value: unknown, depth: number): Statement | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return readWord(String(value));
  if (!isObject(value) || depth === MAX_DEPTH) return undefined;
  // In a contradictory body the worst statement counts.
  return worstOf(Object.entries(value).map(([name, inner]) => readField(name, inner, depth + 1)));
}

/** An HTTP 5xx status in the body: a server error forwarded with a 200. Other numbers say nothing. */
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
  // A document that contains only objects is a map of parts by name: Dropwizard, Nomad.
  if (members.every(([, value]) => isObject(value)) && !members.some(([name]) => PARTS.has(name.toLowerCase())))
    return members.map(([, value]) => value);
  return members
    .filter(([name]) => PARTS.has(name.toLowerCase()))
    .flatMap(([, value]) => {
      if (Array.isArray(value)) return value;
      if (!isObject(value)) return [];
      // An object that contains a statement is a single part.
      return readWhole(value, 1) ? [value] : Object.values(value);
    });
}

const listOf = (part: unknown): readonly unknown[] => (Array.isArray(part) ? part : [part]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
