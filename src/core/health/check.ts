/**
 * A health check of one component: a first attempt and, if it fails, retries.
 *
 * An attempt that fails, or has no response after the suspicion time, makes the component suspect. Retries are due
 * 0.2, 0.4, 0.8, ... s after that. Any success passes the check, even a late success of the first attempt.
 * Invariant: a check fails only when every attempt has failed.
 * Invariant: an attempt without a report (its prober was killed), or one whose prober ran late, makes the check lost:
 * there is no verdict.
 */
import type { FailureDetail } from './health-state.ts';
import type { KeptResponse } from './response/kept-response.ts';

/** Longest wait for a response before a component becomes suspect, whatever the timeout. */
export const MAX_SUSPICION_MS = 2_500;
const FIRST_RETRY_MS = 200;
const SHORT_TIMEOUT_FLOOR_MS = 1_000;
/** Time after its timeout within which an attempt must be reported; later it counts as lost. */
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
  /** Epoch ms from which an unreported attempt counts as lost. */
  readonly lostAt: number;
}

export interface Check {
  readonly id: number;
  readonly startedAt: number;
  readonly plan: CheckPlan;
  readonly attempts: readonly Attempt[];
  /** Epoch ms at which the remaining retries are due, ascending. */
  readonly retriesDue: readonly number[];
  readonly suspected: boolean;
  readonly lastError: FailureDetail | null;
}

/** An attempt that the prober must make now. */
export interface AttemptOrder {
  readonly checkId: number;
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly suspicionMs: number;
}

export type ProbeOutcome =
  | {
      readonly kind: 'passed';
      readonly status: 'healthy' | 'degraded';
      readonly responseTimeMs: number;
      readonly details: string | null;
      /** Absent unless the registration keeps responses. */
      readonly response?: KeptResponse;
    }
  | {
      readonly kind: 'failed';
      readonly error: FailureDetail;
      readonly responseTimeMs: number;
      readonly details: string | null;
      /** Absent without a response, too. */
      readonly response?: KeptResponse;
    }
  | { readonly kind: 'unanswered'; readonly afterMs: number }
  /** The prober itself ran too late to tell. */
  | { readonly kind: 'late' };

/** `lost`: the check ends without a verdict, and is repeated. */
export type CheckProgress = 'ignored' | 'running' | 'suspected' | 'passed' | 'failed' | 'lost';

/** Timeout of a retry: four times the typical response time, at least 1 s, at most `timeoutMs`. */
export const retryTimeoutMs = (timeoutMs: number, typicalMs: number | null): number =>
  Math.min(timeoutMs, Math.max(SHORT_TIMEOUT_FLOOR_MS, 4 * (typicalMs ?? 0)));

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

/** Applies the prober's report of one attempt. Duplicates and reports after the verdict change nothing. */
export function observeAttempt(
  check: Check,
  attempt: number,
  outcome: ProbeOutcome,
  now: number,
): { next: Check; progress: CheckProgress } {
  const known = check.attempts[attempt];
  if (!known || known.failed) return { next: check, progress: 'ignored' };
  if (outcome.kind === 'passed') return { next: check, progress: 'passed' };
  if (outcome.kind === 'late') return { next: check, progress: 'lost' };

  const error = outcome.kind === 'failed' ? outcome.error : timeoutDetail(outcome.afterMs);
  const attempts = check.attempts.map((each) =>
    each.number === attempt && outcome.kind === 'failed' ? { ...each, failed: true } : each,
  );
  const retriesDue = check.suspected ? check.retriesDue : planRetries(check.plan.retries, now);
  const next: Check = { ...check, attempts, retriesDue, suspected: true, lastError: error };
  const allFailed = retriesDue.length === 0 && attempts.every((each) => each.failed);
  if (allFailed) return { next, progress: 'failed' };
  return { next, progress: check.suspected ? 'running' : 'suspected' };
}

/** True when the report of an attempt is overdue: the check ends without a verdict. */
export const isLost = (check: Check, now: number): boolean =>
  check.attempts.some((attempt) => !attempt.failed && now >= attempt.lostAt);

/** Epoch ms at which the check needs attention if no report arrives before. */
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

const timeoutDetail = (afterMs: number): FailureDetail => ({
  code: 'TIMEOUT',
  message: `no answer after ${afterMs} ms`,
});
