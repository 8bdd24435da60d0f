import { CoordinatorError } from '../../client/coordinator-error.ts';

/** A sentence that explains a failed call to the reader of the page. */
export function describeError(error: unknown): string {
  if (!(error instanceof CoordinatorError)) return 'The coordinator cannot be reached.';
  if (error.status === 401) return 'The coordinator does not accept this key or session.';
  if (error.status === 403) return 'This key may not view the system.';
  return `The coordinator returned HTTP ${error.status}: ${error.message}`;
}
