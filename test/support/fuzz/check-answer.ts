/** Faults of a response to any request: must be 2xx, or a refusal with a valid problem document that leaks nothing. */
import type { ApiResponse } from '../coordinator-http.ts';
import { ProblemSchema } from '../../../src/api/schemas/common.ts';

/** Codes of a legitimate 503: routing found no component that fits. */
const EXPECTED_503_CODES = new Set(['preferences-unmet', 'at-capacity']);
const StrictProblemSchema = ProblemSchema.strict();
const INTERNAL =
  /\.ts:\d|\.js:\d|node_modules|RangeError|TypeError|SyntaxError|ZodError|SQLITE|D1_ERROR|SELECT |INSERT INTO|admin-key-of-the-tests-0123456789abcdef|whsec_|\n\s+at /;

export function faultsOf({ status, body, headers }: ApiResponse): string[] {
  if (status >= 200 && status < 300) return [];
  const isRefusal = status >= 400 && status < 500 && status !== 429;
  if (!isRefusal && !EXPECTED_503_CODES.has(body?.code)) return [`answered ${status}`];
  const faults: string[] = [];
  if (headers.get('content-type') !== 'application/problem+json')
    return [`a ${status} of type ${headers.get('content-type')}`];
  const problem = StrictProblemSchema.safeParse(body);
  if (!problem.success) return [`not a problem document: ${problem.error.message.slice(0, 300)}`];
  const { type, title, code, instance, requestId, errors = [] } = problem.data;
  if (problem.data.status !== status) faults.push(`states ${problem.data.status}, is ${status}`);
  if (!/^[a-z]+(-[a-z]+)*$/.test(code) || type !== `urn:arbiter:problem:${code}`) faults.push(`code ${code}`);
  if (!/\S/.test(title) || !instance?.startsWith('/')) faults.push('no title or no instance');
  if (!requestId || requestId !== headers.get('x-request-id')) faults.push('not the id of the request');
  if (errors.some(({ message }) => !/\S/.test(message))) faults.push('an error without a message');
  const text = JSON.stringify(body);
  const leak = INTERNAL.exec(text.replaceAll(INJECTED, ''))?.[0];
  if (leak !== undefined) faults.push(`leaks ${JSON.stringify(leak)}`);
  if (text.length > MAX_PROBLEM_CHARACTERS) faults.push(`a problem of ${text.length} characters`);
  return faults;
}

/** Text that the fuzzer sends itself. */
const INJECTED = /UNION SELECT secret/g;
const MAX_PROBLEM_CHARACTERS = 65_536;
