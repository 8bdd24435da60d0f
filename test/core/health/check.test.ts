import { describe, expect, it } from 'vitest';
import type { ProbeOutcome, Check, CheckPlan } from '../../../src/core/health/check.ts';
import {
  beginCheck,
  checkDueAt,
  isLost,
  observeAttempt,
  retryTimeoutMs,
  startDueRetries,
} from '../../../src/core/health/check.ts';

const T0 = 1_000_000;
const PLAN: CheckPlan = { timeoutMs: 5_000, suspicionMs: 2_500, retries: 3, retryTimeoutMs: 1_000 };
const PASSED: ProbeOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null };
const FAILED: ProbeOutcome = {
  kind: 'failed',
  error: { code: 'ECONNREFUSED', message: 'the connection was refused' },
  responseTimeMs: 5,
  details: null,
};
const UNANSWERED: ProbeOutcome = { kind: 'unanswered', afterMs: 2_500 };

const begun = (plan: Partial<CheckPlan> = {}): Check => beginCheck(1, { ...PLAN, ...plan }, T0).next;
const observed = (check: Check, attempt: number, outcome: ProbeOutcome, now = T0): Check =>
  observeAttempt(check, attempt, outcome, now).next;
const progressOf = (check: Check, attempt: number, outcome: ProbeOutcome, now = T0): string =>
  observeAttempt(check, attempt, outcome, now).progress;

/** A check whose first attempt failed at T0, with the first `started` retries in progress. */
const retrying = (started: number, plan: Partial<CheckPlan> = {}): Check =>
  startDueRetries(observed(begun(plan), 0, FAILED), T0 + [0, 200, 400, 800][started]!).next;

describe('an attempt whose prober ran late', () => {
  it.each([
    ['first', begun(), 0],
    ['last, after all others failed', observed(retrying(3), 0, FAILED), 3],
  ])('ends the check without a verdict: %s', (_, check, attempt) => {
    expect(progressOf(check, attempt, { kind: 'late' }, T0 + 9_000)).toBe('lost');
  });
});

describe('the timing of a check', () => {
  it('starts the first attempt at once, with the full timeout', () => {
    expect(beginCheck(7, PLAN, T0).orders).toEqual([{ checkId: 7, attempt: 0, timeoutMs: 5_000, suspicionMs: 2_500 }]);
  });

  it.each([
    ['failed', FAILED, T0 + 30],
    ['unanswered', UNANSWERED, T0 + 2_500],
  ])('plans retries at +0.2, +0.4 and +0.8 s of an attempt %s', (_, outcome, at) => {
    const { next, progress } = observeAttempt(begun(), 0, outcome, at);
    expect(progress).toBe('suspected');
    expect(next.retriesDue).toEqual([at + 200, at + 400, at + 800]);
    expect(checkDueAt(next)).toBe(at + 200);
  });

  it.each([
    [199, []],
    [200, [1]],
    [399, [1]],
    [400, [1, 2]],
    [800, [1, 2, 3]],
    [60_000, [1, 2, 3]],
  ])('after %i ms has started the retries %j, with their own timeout', (afterMs, attempts) => {
    const { orders } = startDueRetries(observed(begun(), 0, FAILED), T0 + afterMs);
    expect(orders.map((order) => order.attempt)).toEqual(attempts);
    expect(orders.every((order) => order.timeoutMs === 1_000)).toBe(true);
  });

  it('starts each retry once, even if called twice', () => {
    const { next, orders } = startDueRetries(retrying(1), T0 + 200);
    expect(orders).toEqual([]);
    expect(next.attempts).toHaveLength(2);
  });

  it('plans no second set of retries when later attempts fail', () => {
    const check = observed(retrying(1), 1, FAILED, T0 + 210);
    expect(check.retriesDue).toEqual([T0 + 400, T0 + 800]);
  });

  it.each([
    [5_000, null, 1_000],
    [5_000, 20, 1_000],
    [5_000, 400, 1_600],
    [5_000, 4_000, 5_000],
    [500, null, 500],
  ])('with timeout %s ms and average time %s ms gives a retry %s ms', (timeoutMs, ewmaMs, expected) => {
    expect(retryTimeoutMs(timeoutMs, ewmaMs)).toBe(expected);
  });
});

describe('the verdict of a check', () => {
  it('is passed when the first attempt passes', () => {
    expect(progressOf(begun(), 0, PASSED)).toBe('passed');
  });

  it('is failed at once without retries', () => {
    expect(progressOf(begun({ retries: 0 }), 0, FAILED)).toBe('failed');
  });

  it('is suspected, then failed at the timeout, for a hanging attempt without retries', () => {
    const { next, progress } = observeAttempt(begun({ retries: 0 }), 0, UNANSWERED, T0 + 2_500);
    expect(progress).toBe('suspected');
    expect(progressOf(next, 0, FAILED, T0 + 5_000)).toBe('failed');
  });

  it('is passed when the first attempt succeeds late', () => {
    const hanging = observed(begun(), 0, UNANSWERED, T0 + 2_500);
    expect(progressOf(hanging, 0, PASSED, T0 + 2_900)).toBe('passed');
    expect(progressOf(startDueRetries(hanging, T0 + 2_700).next, 0, PASSED, T0 + 2_900)).toBe('passed');
  });

  it('is passed when a retry succeeds after failures', () => {
    expect(progressOf(observed(retrying(3), 1, FAILED), 3, PASSED)).toBe('passed');
  });

  it('is failed when every attempt failed, with the last error', () => {
    const check = [1, 2].reduce((state, attempt) => observed(state, attempt, FAILED), retrying(3));
    const slow: ProbeOutcome = { ...FAILED, error: { code: 'TIMEOUT', message: 'no answer' } };
    const { next, progress } = observeAttempt(check, 3, slow, T0 + 1_800);
    expect(progress).toBe('failed');
    expect(next.lastError?.code).toBe('TIMEOUT');
  });

  it('is not failed while a retry is pending', () => {
    expect(progressOf(retrying(1), 1, FAILED)).toBe('running');
  });

  it('is not failed while the first attempt hangs', () => {
    const hanging = startDueRetries(observed(begun(), 0, UNANSWERED), T0 + 800).next;
    const check = [1, 2].reduce((state, attempt) => observed(state, attempt, FAILED), hanging);
    const { next, progress } = observeAttempt(check, 3, FAILED, T0 + 1_000);
    expect(progress).toBe('running');
    expect(progressOf(next, 0, FAILED, T0 + 2_500)).toBe('failed');
  });

  it.each<[string, Check, number]>([
    ['an attempt that has failed', retrying(1), 0],
    ['an attempt that was never made', retrying(1), 2],
    ['a negative number', retrying(1), -1],
  ])('ignores a report on %s', (_, check, attempt) => {
    for (const outcome of [PASSED, FAILED, UNANSWERED]) {
      expect(observeAttempt(check, attempt, outcome, T0)).toEqual({ next: check, progress: 'ignored' });
    }
  });
});

describe('a lost attempt', () => {
  it('is one without a report 3 s after its timeout', () => {
    expect(isLost(begun(), T0 + 7_999)).toBe(false);
    expect(isLost(begun(), T0 + 8_000)).toBe(true);
    expect(checkDueAt(begun())).toBe(T0 + 8_000);
  });

  it('may be a retry, counted from its own start', () => {
    const check = retrying(1);
    expect(isLost(check, T0 + 4_199)).toBe(false);
    expect(isLost(check, T0 + 4_200)).toBe(true);
  });

  it('is not one that has failed', () => {
    expect(isLost(observed(begun({ retries: 0 }), 0, FAILED), T0 + 60_000)).toBe(false);
  });

  it('is one that hung and sent no further report', () => {
    expect(isLost(observed(begun(), 0, UNANSWERED, T0 + 2_500), T0 + 8_000)).toBe(true);
  });
});
