/** Description of a thrown value for a failure report: what the coordinator classifies a failure by. */
import type { input } from 'zod';
import type { FailureReportSchema } from '../api/schemas/failure.ts';

type ReportedError = input<typeof FailureReportSchema>['error'];

/** Code, name and message of a thrown value. `fetch` and others hide the code in the cause. */
export function describeError(error: unknown): ReportedError {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, name, message, cause } = error as Readonly<Record<string, unknown>>;
  const ofCause = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return { code: asCode(code) ?? asCode(ofCause), name: asText(name), message: asText(message) };
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const asCode = (value: unknown): string | number | undefined => (typeof value === 'number' ? value : asText(value));
