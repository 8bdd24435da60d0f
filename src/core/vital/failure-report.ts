/**
 * Failures as callers report them. Vital is that something failed; what the caller says about it may be a text, an
 * object, or the fields of an error of any language.
 */
import { jsonObject } from '../json-schema.ts';
import type { JsonObject } from '../json.ts';
import { readText } from './texts.ts';
import type { VitalReading } from './warnings.ts';
import { Warnings, fault, isMembers, memberPath, shown } from './warnings.ts';

export interface FailureError {
  readonly code?: string;
  readonly message: string;
}

export interface ReportedFailure {
  readonly error: FailureError;
  readonly context: JsonObject | null;
}

export const MAX_CODE_CHARACTERS = 128;
export const MAX_MESSAGE_CHARACTERS = 2_048;
export const MAX_CONTEXT_CHARACTERS = 8_192;

const FIELDS: ReadonlySet<string> = new Set(['error', 'context']);
const ERROR_FIELDS: ReadonlySet<string> = new Set(['code', 'name', 'message']);
const ContextSchema = jsonObject(MAX_CONTEXT_CHARACTERS);
/** The class of any error, which says nothing. */
const GENERIC_NAME = 'Error';
const NO_MESSAGE = 'the caller gave no message';

export function readFailureReport(body: unknown): VitalReading<ReportedFailure> {
  if (!isMembers(body)) return fault('', `expected an object with an error, received ${shown(body)}`);
  const warnings = new Warnings();
  const error = readError(body['error'], 'error', warnings);
  if (error === null) {
    return fault('error', `expected an object with code or message, or a text, received ${shown(body['error'])}`);
  }
  warnings.addUnknown(body, FIELDS, '');
  return { ok: true, value: { error, context: readContext(body['context'], warnings) }, warnings: warnings.list };
}

/**
 * The error of a report; null if the value is neither an object nor a text. The `name` of an error stands in for its
 * code, and counts before a code that is a number: exceptions of browsers number their codes.
 */
export function readError(value: unknown, path: string, warnings: Warnings): FailureError | null {
  if (typeof value === 'string')
    return { message: readText(value, path, MAX_MESSAGE_CHARACTERS, warnings) || NO_MESSAGE };
  if (!isMembers(value)) return null;
  warnings.addUnknown(value, ERROR_FIELDS, path);
  const read = (name: string, max: number): string | undefined =>
    readText(value[name] ?? undefined, memberPath(path, name), max, warnings) || undefined;
  const [sentCode, name] = [read('code', MAX_CODE_CHARACTERS), read('name', MAX_CODE_CHARACTERS)];
  const className = name === GENERIC_NAME ? undefined : name;
  const code = typeof value['code'] === 'number' ? (className ?? sentCode) : (sentCode ?? className);
  const message = read('message', MAX_MESSAGE_CHARACTERS) ?? code;
  if (message === undefined) warnings.add(memberPath(path, 'message'), 'missing: say what failed');
  return { message: message ?? NO_MESSAGE, ...(code === undefined ? {} : { code }) };
}

/** Additional data about a failure. Data beyond the bounds are dropped, because half of them could mislead. */
function readContext(value: unknown, warnings: Warnings): JsonObject | null {
  if (value === undefined || value === null) return null;
  const read = ContextSchema.safeParse(value);
  if (read.success) return read.data;
  warnings.add('context', `ignored: ${read.error.issues[0]?.message ?? 'not an object'}`);
  return null;
}
