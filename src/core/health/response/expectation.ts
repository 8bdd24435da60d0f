/**
 * Compares a health response with the expectation of the registration.
 *
 * Messages describe the actual value by its kind. Foreign text is never repeated, except for known health words,
 * because messages are stored, displayed and sent to webhooks.
 */
import type { Expectation } from '../../component/health-check.ts';
import { valueAt } from '../../json-pointer.ts';
import { readWord } from './health-words.ts';

type ExpectedBody = NonNullable<Expectation['body']>;

/** The mismatch of the HTTP status, or null when it is as expected or none is expected. */
export function unmetStatus({ status }: Expectation, actual: number): string | null {
  return status === undefined || status.includes(actual) ? null : `expected ${status.join(', ')}`;
}

/** The mismatch of `body`, or null when it is as expected. */
export function unmetBody(expected: ExpectedBody, body: string): string | null {
  if ('contains' in expected) {
    if (body.includes(expected.contains)) return null;
    return `the expected text is not in the ${body.length} characters of the body that were read`;
  }
  let document: unknown;
  try {
    // TextDecoder has already removed a byte order mark.
    document = JSON.parse(body);
  } catch {
    return `expected JSON with a value at "${expected.pointer}", the body is ${body.trim() === '' ? 'empty' : 'no JSON'}`;
  }
  const actual = valueAt(document, expected.pointer);
  return actual === expected.value ? null : `expected another value at "${expected.pointer}": ${describe(actual)}`;
}

function describe(actual: unknown): string {
  if (actual === undefined) return 'there is none';
  if (actual === null || typeof actual === 'number' || typeof actual === 'boolean') return `it is ${String(actual)}`;
  if (typeof actual === 'string')
    return `it is ${readWord(actual)?.details ?? `a text of ${actual.length} characters`}`;
  return Array.isArray(actual) ? 'it is a list' : 'it is an object';
}
