/**
 * Whether an answer is what its registration says a good one is, and if not, what was seen in its place.
 *
 * What was seen is told in kinds: of foreign text only words that are known are repeated, because messages are
 * stored, shown and sent on.
 */
import type { Expectation } from '../../component/health-check.ts';
import { readWord } from './health-words.ts';

type ExpectedBody = NonNullable<Expectation['body']>;

/** Why the status is not the one expected, or null when it is, or none is. */
export function unmetStatus({ status }: Expectation, seen: number): string | null {
  return status === undefined || status.includes(seen) ? null : `expected ${status.join(', ')}`;
}

/** Why `body` is not what is expected of it, or null when it is. */
export function unmetBody(expected: ExpectedBody, body: string): string | null {
  if ('contains' in expected) {
    if (body.includes(expected.contains)) return null;
    return `the expected text is not in the ${body.length} characters of the body that were read`;
  }
  let document: unknown;
  try {
    // TextDecoder took a byte order mark away already.
    document = JSON.parse(body);
  } catch {
    return `expected JSON with a value at "${expected.pointer}", the body is ${body.trim() === '' ? 'empty' : 'none'}`;
  }
  const seen = valueAt(document, expected.pointer);
  return seen === expected.value ? null : `expected another value at "${expected.pointer}": ${describe(seen)}`;
}

/** The value that a JSON pointer (RFC 6901) leads to; undefined where it leads nowhere. */
function valueAt(document: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>((value, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null) return undefined;
    // Of a list its places alone, written without a leading zero.
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }, document);
}

function describe(seen: unknown): string {
  if (seen === undefined) return 'there is none';
  if (seen === null || typeof seen === 'number' || typeof seen === 'boolean') return `it is ${String(seen)}`;
  if (typeof seen === 'string') return `it is ${readWord(seen)?.details ?? `a text of ${seen.length} characters`}`;
  return Array.isArray(seen) ? 'it is a list' : 'it is an object';
}
