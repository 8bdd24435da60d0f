/** Asserts that an answer is the problem document it should be; answers the paths it complains about. */
import { expect } from 'vitest';
import type { Answer } from './coordinator-http.ts';

const KNOWN_FIELDS = [
  'type',
  'title',
  'status',
  'code',
  'detail',
  'instance',
  'requestId',
  'errors',
  'candidates',
  'lastIndex',
  'oldest',
  'newest',
  'snapshot',
];

export function expectProblem(answer: Answer, status: number, code: string): string[] {
  expect({ status: answer.status, code: answer.body?.code, errors: answer.body?.errors }).toMatchObject({
    status,
    code,
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body).toMatchObject({
    type: `urn:arbiter:problem:${code}`,
    status,
    instance: expect.stringMatching(/^\//),
  });
  expect(answer.body.title).toMatch(/\S/);
  // Nothing internal leaks: only what the contract names, and no stack.
  expect(Object.keys(answer.body).filter((name) => !KNOWN_FIELDS.includes(name))).toEqual([]);
  expect(JSON.stringify(answer.body)).not.toMatch(/\.ts:|node_modules|RangeError|TypeError|SQLITE/);
  const errors = (answer.body.errors ?? []) as { path: string; message: string }[];
  for (const error of errors) expect(error.message).toMatch(/\S/);
  return errors.map((error) => error.path);
}
