/** Asserts that a response is the expected problem document. Returns the paths of its errors. */
import { expect } from 'vitest';
import type { ApiResponse } from './coordinator-http.ts';

const KNOWN_FIELDS = [
  'type',
  'title',
  'status',
  'code',
  'detail',
  'instance',
  'requestId',
  'errors',
  'requestType',
  'componentType',
  'components',
  'candidates',
  'lastIndex',
  'oldest',
  'newest',
  'snapshot',
];

export function expectProblem(response: ApiResponse, status: number, code: string): string[] {
  expect({ status: response.status, code: response.body?.code, errors: response.body?.errors }).toMatchObject({
    status,
    code,
  });
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.body).toMatchObject({
    type: `urn:arbiter:problem:${code}`,
    status,
    instance: expect.stringMatching(/^\//),
  });
  expect(response.body.title).toMatch(/\S/);
  // A refused caller reads the same time in the text and in the header.
  const retryAfter = response.headers.get('retry-after');
  if (status === 429 && retryAfter !== null) expect(response.body.detail).toMatch(`try again in ${retryAfter} s`);
  // No internals may leak: only fields of the contract, and no stack trace.
  expect(Object.keys(response.body).filter((name) => !KNOWN_FIELDS.includes(name))).toEqual([]);
  expect(JSON.stringify(response.body)).not.toMatch(/\.ts:|node_modules|RangeError|TypeError|SQLITE/);
  const errors = (response.body.errors ?? []) as { path: string; message: string }[];
  for (const error of errors) expect(error.message).toMatch(/\S/);
  return errors.map((error) => error.path);
}
