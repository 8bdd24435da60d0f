/**
 * One check of one component: a first attempt and, when that goes wrong, its retries.
 *
 * An attempt that fails or is unanswered after the suspicion time makes the component suspect and
 * plans the retries at +0.2, +0.4, +0.8 s … from then. Any success voids the round, the first
 * attempt's late one included; the check has failed only when every attempt has.
 * An attempt nobody ever reports on (we were killed, not it) makes the check *lost*: no verdict.
 */
import type { FailureDetail } from './health-state.ts';

/** Longest wait for an answer before doubt begins, whatever the timeout. */
export const MAX_SUSPICION_MS = 2_500;
const FIRST_RETRY_MS = 200;
const SHORT_TIMEOUT_FLOOR_MS = 1_000;
/** How long past its timeout an attempt may be reported before it counts as lost. */
const REPORT_GRACE_MS = 3_000;

export interface CheckPlan {
  readonly timeoutMs: number;
  readonly suspicionMs: number;
  /** Further attempts after the first; 0 for rechecks. */
  readonly retries: number;
  readonly retryTimeoutMs: number;
}

interface Attempt {
  readonly number: number;
  readonly failed: boolean;
  /** Epoch ms after which an unreported attempt is given up as lost. */
  readonly lostAt: number;
}

export interface Check {
  readonly id: number;
  readonly startedAt: number;
  readonly plan: CheckPlan;
  readonly attempts: readonly Attempt[];
  /** Epoch ms at which retries still to be started are due, ascending. */
  readonly retriesDue: readonly number[];
  readonly suspected: boolean;
  readonly lastError: FailureDetail | null;
}

/** An attempt to be made now by the prober. */
export interface AttemptOrder {
  readonly checkId: number;
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly suspicionMs: number;
}

export type AttemptOutcome =
  | {
      readonly kind: 'passed';
      readonly status: 'healthy' | 'degraded';
      readonly responseTimeMs: number;
      readonly details: string | null;
    }
  | {
      readonly kind: 'failed';
      readonly error: FailureDetail;
      readonly responseTimeMs: number;
      readonly details: string | null;
    }
  | { readonly kind: 'unanswered'; readonly afterMs: number };

export type CheckProgress = 'ignored' | 'running' | 'suspected' | 'passed' | 'failed';

/** Timeout of a retry: four times the usual response time, at least 1 s, at most the timeout itself. */
export const retryTimeoutMs = (timeoutMs: number, usualMs: number | null): number =>
  Math.min(timeoutMs, Math.max(SHORT_TIMEOUT_FLOOR_MS, 4 * (usualMs ?? 0)));

export function beginCheck(id: number, plan: CheckPlan, now: number): { next: Check; orders: AttemptOrder[] } {
  const check: Check = { id, startedAt: now, plan, attempts: [], retriesDue: [], suspected: false, lastError: null };
  return startAttempt(check, plan.timeoutMs, now);
}

/** Starts the retries that are due by `now`. */
export function startDueRetries(check: Check, now: number): { next: Check; orders: AttemptOrder[] } {
  let next: Check = { ...check, retriesDue: check.retriesDue.filter((due) => due > now) };
  const orders: AttemptOrder[] = [];
  for (let started = next.retriesDue.length; started < check.retriesDue.length; started++) {
    const step = startAttempt(next, check.plan.retryTimeoutMs, now);
    next = step.next;
    orders.push(...step.orders);
  }
  return { next, orders };
}

/** Takes in what the prober reports of one attempt; duplicates and reports after the verdict change nothing. */
export function observeAttempt(
  check: Check,
  attempt: number,
  outcome: AttemptOutcome,
  now: number,
): { next: Check; progress: CheckProgress } {
  const known = check.attempts[attempt];
  if (!known || known.failed) return { next: check, progress: 'ignored' };
  if (outcome.kind === 'passed') return { next: check, progress: 'passed' };

  const error = outcome.kind === 'failed' ? outcome.error : unanswered(outcome.afterMs);
  const attempts = check.attempts.map((each) =>
    each.number === attempt && outcome.kind === 'failed' ? { ...each, failed: true } : each,
  );
  const retriesDue = check.suspected ? check.retriesDue : planRetries(check.plan.retries, now);
  const next: Check = { ...check, attempts, retriesDue, suspected: true, lastError: error };
  const allFailed = retriesDue.length === 0 && attempts.every((each) => each.failed);
  if (allFailed) return { next, progress: 'failed' };
  return { next, progress: check.suspected ? 'running' : 'suspected' };
}

/** True when some attempt was never reported on in time: the check ends without a verdict. */
export const isLost = (check: Check, now: number): boolean =>
  check.attempts.some((attempt) => !attempt.failed && now >= attempt.lostAt);

/** Epoch ms of the next thing this check needs without a report coming in. */
export const checkDueAt = (check: Check): number =>
  Math.min(...check.retriesDue, ...check.attempts.filter((each) => !each.failed).map((each) => each.lostAt));

function startAttempt(check: Check, timeoutMs: number, now: number): { next: Check; orders: AttemptOrder[] } {
  const number = check.attempts.length;
  const attempt: Attempt = { number, failed: false, lostAt: now + timeoutMs + REPORT_GRACE_MS };
  return {
    next: { ...check, attempts: [...check.attempts, attempt] },
    orders: [{ checkId: check.id, attempt: number, timeoutMs, suspicionMs: check.plan.suspicionMs }],
  };
}

const planRetries = (retries: number, now: number): number[] =>
  Array.from({ length: retries }, (_, index) => now + FIRST_RETRY_MS * 2 ** index);

const unanswered = (afterMs: number): FailureDetail => ({
  code: 'TIMEOUT',
  message: `no answer after ${afterMs} ms`,
});
