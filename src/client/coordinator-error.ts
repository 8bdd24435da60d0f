/** The error for a call that the coordinator refused or could not serve. */
import type { Problem } from '../api/schemas/common.ts';

export interface CoordinatorErrorDetail {
  readonly problem: Problem;
  readonly retryAfterMs: number | null;
}

/**
 * A response of the coordinator with an error status. Network failures are not wrapped: callers get the error that
 * `fetch` threw.
 */
export class CoordinatorError extends Error {
  override readonly name = 'CoordinatorError';
  /** HTTP status of the response. */
  readonly status: number;
  /** The problem's stable code; `http-<status>` when the response was not a problem document. */
  readonly code: string;
  /** The RFC 9457 problem document. */
  readonly problem: Problem;
  /** How long to wait before a retry, ms; null without a Retry-After header. */
  readonly retryAfterMs: number | null;

  constructor({ problem, retryAfterMs }: CoordinatorErrorDetail) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}
