/** What the coordinator answers when it refuses or cannot serve a call. */
import type { Problem } from '../api/schemas/common.ts';

export interface CoordinatorErrorDetail {
  readonly problem: Problem;
  readonly retryAfterMs: number | null;
}

/**
 * An answer of the coordinator that is not a success. Failures of the network are not turned into
 * this: they surface as whatever `fetch` threw.
 */
export class CoordinatorError extends Error {
  override readonly name = 'CoordinatorError';
  /** HTTP status of the answer. */
  readonly status: number;
  /** The problem's stable code; `http-<status>` when the answer was not a problem document. */
  readonly code: string;
  /** The RFC 9457 problem document. */
  readonly problem: Problem;
  /** How long to wait before trying again, ms; null when the answer does not say. */
  readonly retryAfterMs: number | null;

  constructor({ problem, retryAfterMs }: CoordinatorErrorDetail) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}
