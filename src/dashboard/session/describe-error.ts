import { CoordinatorError } from '../../client/coordinator-error.ts';

/** Why a call failed, in a sentence for the reader of the page. */
export function describeError(error: unknown): string {
  if (!(error instanceof CoordinatorError)) return 'The coordinator cannot be reached.';
  if (error.status === 401) return 'The coordinator does not know this key.';
  if (error.status === 403) return 'This key may not see the fleet.';
  return `The coordinator answered ${error.status}: ${error.message}`;
}
