/**
 * Reads the health verdict from a JSON document.
 *
 * Fields about the whole component (`status`, `healthy`, ...) decide, and the worst of them counts. Only without such
 * fields do the parts decide: all down is unhealthy; some down or degraded is degraded, because the HTTP status was
 * good.
 *
 * Invariant: a field about the whole whose value is not understood, and parts none of which is up, are never healthy.
 */
import type { FieldKind } from './health-fields.ts';
import { dependencyKindOf, isAboutThePast, isWrapper, kindOf, partsKindOf } from './health-fields.ts';
import type { Statement, Verdict } from './health-words.ts';
import { readIndicator, readWord, worstOf } from './health-words.ts';
import { readPhrase } from './read-phrase.ts';
import { flagOf, isEmpty, namesErrors, readCode, readFlag, readStatusLine } from './read-value.ts';

type JsonMap = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where an object stands: the document, a field about the whole, a known part, or an object of unknown meaning. */
type Place = 'root' | 'field' | 'part' | 'unlisted';

/** Maximum nesting depth of fields about the whole. */
const MAX_DEPTH = 3;

/** Returns the statement of `document`, or undefined when it contains none. */
export function readDocument(document: unknown): Statement | undefined {
  if (typeof document === 'string') return readPhrase(document);
  if (typeof document === 'boolean') return readWord(String(document));
  if (!isMap(document)) return readParts(document, 0);
  const whole = readMembers(document, 'root', 0);
  if (whole && !whole.isWeak && whole.verdict !== 'unknown') return whole;
  // The request succeeded, or the status is not understood: then parts say more.
  const parts = readParts(document, 0);
  return whole && !whole.isWeak ? worstOf([whole, parts]) : (parts ?? whole);
}

/** Returns what the members of an object say about the whole of it, or undefined. */
function readMembers(members: JsonMap, place: Place, depth: number): Statement | undefined {
  const entries = Object.entries(members);
  const said = entries.map(([name, value]) =>
    place === 'root' && isWrapper(name) && isMap(value)
      ? readMembers(value, 'part', depth + 1)
      : readFieldAt(name, value, place, depth + 1),
  );
  const whole = decide(said);
  const hasErrors =
    place !== 'unlisted' && entries.some(([name, value]) => kindOf(name) === 'errors' && namesErrors(value));
  if (!hasErrors) return whole;
  // Beside something good, errors are a part of the truth: GraphQL returns what it could read, and the errors.
  const isPartial = whole !== undefined || !isEmpty(members['data']);
  return isPartial
    ? worstOf([whole, { verdict: 'degraded', details: 'partly in error' }])
    : { verdict: 'unhealthy', details: 'in error' };
}

/** Returns what a field of a document says about the whole, or undefined when it says nothing. */
export const readField = (name: string, value: unknown): Statement | undefined => readFieldAt(name, value, 'root', 1);

function readFieldAt(name: string, value: unknown, place: Place, depth: number): Statement | undefined {
  const kind = kindOf(name);
  if (kind === undefined || !counts(kind, place)) return undefined;
  switch (kind) {
    case 'word':
      return readStatus(value, depth) ?? notUnderstood(name, value, typeof value === 'string' && value.trim() !== '');
    case 'loose word':
      return readStatus(value, depth) ?? notUnderstood(name, value, false);
    case 'nested':
      return place === 'field' ? readStatus(value, depth) : name.toLowerCase() === 'code' ? badCode(value) : undefined;
    case 'indicator':
      return typeof value === 'string' ? (readIndicator(value) ?? notUnderstood(name, value, true)) : undefined;
    case 'good flag':
      if (Array.isArray(value) || (typeof value === 'number' && flagOf(value) === undefined)) return undefined;
      return readGoodFlag(value, depth) ?? notUnderstood(name, value, typeof value === 'string');
    case 'good switch':
      return isCount(value) ? undefined : (readGoodFlag(value, depth) ?? notUnderstood(name, value, false));
    case 'envelope':
      return isCount(value) ? undefined : asEnvelope(readGoodFlag(value, depth));
    case 'bad flag':
      return readFlag(value, 'degraded', 'healthy');
    case 'bad switch':
      return readBadSwitch(value);
    case 'errors':
      return typeof value === 'number' ? undefined : readFlag(value, 'unhealthy', 'healthy');
    case 'code':
      return readCode(value);
    default:
      return kind satisfies never;
  }
}

/** The worst strong statement; else the best weak one. */
function decide(statements: readonly (Statement | undefined)[]): Statement | undefined {
  const strong = worstOf(statements.filter((statement) => !statement?.isWeak));
  if (strong) return strong;
  return statements.find((statement) => statement?.verdict === 'healthy') ?? statements.find(Boolean);
}

/** In an object of unknown meaning only a plain status or flag is read as one: `update.available` is no health. */
const counts = (kind: FieldKind, place: Place): boolean =>
  place !== 'unlisted' || /^(word|loose word|good flag|good switch)$/.test(kind);

/** Reads a status of any shape: a word, a phrase, an HTTP status, an object with fields, or parts. */
function readStatus(value: unknown, depth: number): Statement | undefined {
  switch (typeof value) {
    case 'string':
      return readCode(value) ?? readStatusLine(value) ?? readPhrase(value);
    case 'boolean':
      return readWord(String(value));
    case 'number':
      return readCode(value);
    default:
      if (depth >= MAX_DEPTH) return undefined;
      return (isMap(value) ? readMembers(value, 'field', depth) : undefined) ?? readParts(value, depth);
  }
}

function readGoodFlag(value: unknown, depth: number): Statement | undefined {
  const flag = flagOf(value);
  if (flag !== undefined) return statementOfFlag(flag);
  return typeof value === 'number' ? undefined : readStatus(value, depth);
}

const statementOfFlag = (isGood: boolean): Statement => {
  const verdict: Verdict = isGood ? 'healthy' : 'unhealthy';
  return { verdict, details: verdict };
};

const asEnvelope = (statement: Statement | undefined): Statement | undefined =>
  statement?.verdict === 'healthy' ? { ...statement, isWeak: true } : statement;

function readBadSwitch(value: unknown): Statement | undefined {
  if (typeof value === 'number') return undefined;
  // A list names what is down.
  if (Array.isArray(value)) return value.length > 0 ? { verdict: 'degraded', details: 'partly unhealthy' } : undefined;
  return readFlag(value, 'unhealthy', 'healthy');
}

/** Outside a status, `code` may be anything: only an error status of HTTP is read. */
function badCode(value: unknown): Statement | undefined {
  const code = typeof value === 'number' ? readCode(value) : undefined;
  return code?.isWeak ? undefined : code;
}

/** Counts, durations and times say nothing about health, even in a field that is often a flag. */
const isCount = (value: unknown): boolean =>
  typeof value === 'number' || Array.isArray(value) || (typeof value === 'string' && /\d/.test(value));

/** A field about the whole that says something else than a known word. */
function notUnderstood(name: string, value: unknown, isStrong: boolean): Statement | undefined {
  // 0 and 1 mean good in some dialects and bad in others.
  if (value === 0 || value === 1 || value === '0' || value === '1') return undefined;
  const details = `"${name.trim()}" has an unfamiliar value`;
  return { verdict: 'unknown', details, ...(isStrong ? {} : { isWeak: true }) };
}

/** Words that mean health under any name. Colours, log levels and the like do not. */
const PLAIN_WORD = /^(up|down|ok|ko|healthy|unhealthy|degraded|unavailable|disconnected)$/i;
/** Names under which a plain word is no part. */
const NO_PART = /message|msg|mode|level|log|trend|direction/i;
/** Values that may be a setting: whether something is used at all. */
const SETTING = /^(enabled|disabled|active|inactive)$/i;

/** The verdict on all parts of `document`, or undefined when it has none that state their health. */
function readParts(document: unknown, depth: number): Statement | undefined {
  const statements = partsOf(document, depth).filter((statement) => statement !== undefined);
  const worst = worstOf(statements);
  if (!worst) return undefined;
  const areAll = (verdict: Verdict): boolean => statements.every((statement) => statement.verdict === verdict);
  if (worst.verdict === 'unhealthy') return areAll('unhealthy') ? worst : { ...worst, verdict: 'degraded' };
  // A part that is not understood counts only where no part is up.
  return worst.verdict === 'unknown' && !areAll('unknown') ? statementOfFlag(true) : worst;
}

function partsOf(document: unknown, depth: number): (Statement | undefined)[] {
  if (Array.isArray(document)) return document.map((part) => readPart(part, 'sure', depth));
  if (!isMap(document)) return [];
  const members = Object.entries(document).filter(([name]) => kindOf(name) === undefined);
  const parts = members.flatMap(([name, value]) => readMember(name, value, depth));
  const texts = members.filter(([name, value]) => isPlainText(name, value));
  // A single word under any name may be about something else.
  if (parts.some(Boolean) || texts.length > 1) parts.push(...texts.map(([, value]) => readWord(String(value))));
  return parts;
}

const isPlainText = (name: string, value: unknown): boolean =>
  typeof value === 'string' && PLAIN_WORD.test(value.trim()) && !dependencyKindOf(name) && !NO_PART.test(name);

function readMember(name: string, value: unknown, depth: number): (Statement | undefined)[] {
  const partsKind = partsKindOf(name);
  if (partsKind) return readContainer(value, partsKind, depth);
  const dependencyKind = dependencyKindOf(name);
  if (dependencyKind === 'stated') return [readPart(value, 'sure', depth) ?? notUnderstood(name, value, false)];
  const maySet = flagOf(value) !== undefined || (typeof value === 'string' && SETTING.test(value.trim()));
  if (dependencyKind) return dependencyKind === 'switchable' && maySet ? [] : [readPart(value, 'sure', depth)];
  const said = isMap(value) && !isAboutThePast(name) ? readMembers(value, 'unlisted', depth) : undefined;
  // An object of unknown meaning is a part only when it is understood.
  return said?.verdict === 'unknown' ? [] : [said];
}

type PartsKind = NonNullable<ReturnType<typeof partsKindOf>>;

function readContainer(value: unknown, kind: PartsKind, depth: number): (Statement | undefined)[] {
  if (Array.isArray(value)) return partsOf(value, depth);
  if (!isMap(value)) return [readPart(value, kind, depth)];
  // An object that contains a statement is a single part.
  const single = readMembers(value, 'part', 1);
  if (single && !single.isWeak) return [single];
  const parts = Object.values(value).map((part) => readPart(part, kind, depth));
  return parts.some(Boolean) ? parts : [single];
}

function readPart(part: unknown, kind: PartsKind, depth: number): Statement | undefined {
  if (typeof part === 'string') return kind === 'sure' ? readPhrase(part) : readWord(part);
  if (typeof part === 'boolean') return kind === 'sure' ? readWord(String(part)) : undefined;
  if (Array.isArray(part)) return worstOf(part.map((each) => (isMap(each) ? readMembers(each, 'part', 1) : undefined)));
  if (!isMap(part)) return undefined;
  const whole = readMembers(part, 'part', 1);
  return whole ?? (depth < MAX_DEPTH ? readParts(part, depth + 1) : undefined);
}
