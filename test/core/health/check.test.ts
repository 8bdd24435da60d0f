import { describe, expect, it } from 'vitest';
import type { AttemptOutcome, Check, CheckPlan } from '../../../src/core/health/check.ts';
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
const PASSED: AttemptOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null };
const FAILED: AttemptOutcome = {
  kind: 'failed',
  error: { code: 'ECONNREFUSED', message: 'the connection was refused' },
  responseTimeMs: 5,
  details: null,
};
const UNANSWERED: AttemptOutcome = { kind: 'unanswered', afterMs: 2_500 };

const begun = (plan: Partial<CheckPlan> = {}): Check => beginCheck(1, { ...PLAN, ...plan }, T0).next;
const observed = (check: Check, attempt: number, outcome: AttemptOutcome, now = T0): Check =>
  observeAttempt(check, attempt, outcome, now).next;
const progressOf = (check: Check, attempt: number, outcome: AttemptOutcome, now = T0): string =>
  observeAttempt(check, attempt, outcome, now).progress;

/** A check whose first attempt failed at T0 and whose `started` first retries are under way. */
const retrying = (started: number, plan: Partial<CheckPlan> = {}): Check =>
  startDueRetries(observed(begun(plan), 0, FAILED), T0 + [0, 200, 400, 800][started]!).next;

describe('timing of a check', () => {
  it('orders the first attempt at once, with the full timeout', () => {
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
  ])('after %i ms has ordered the retries %j, with their own timeout', (afterMs, attempts) => {
    const { orders } = startDueRetries(observed(begun(), 0, FAILED), T0 + afterMs);
    expect(orders.map((order) => order.attempt)).toEqual(attempts);
    expect(orders.every((order) => order.timeoutMs === 1_000)).toBe(true);
  });

  it('starts each retry once, though asked twice', () => {
    const { next, orders } = startDueRetries(retrying(1), T0 + 200);
    expect(orders).toEqual([]);
    expect(next.attempts).toHaveLength(2);
  });

  it('plans no second set when later attempts fail too', () => {
    const check = observed(retrying(1), 1, FAILED, T0 + 210);
    expect(check.retriesDue).toEqual([T0 + 400, T0 + 800]);
  });

  it.each([
    [5_000, null, 1_000],
    [5_000, 20, 1_000],
    [5_000, 400, 1_600],
    [5_000, 4_000, 5_000],
    [500, null, 500],
  ])('with timeout %s ms and usual time %s ms gives a retry %s ms', (timeoutMs, usualMs, expected) => {
    expect(retryTimeoutMs(timeoutMs, usualMs)).toBe(expected);
  });
});

describe('verdict of a check', () => {
  it('passes with its first attempt', () => {
    expect(progressOf(begun(), 0, PASSED)).toBe('passed');
  });

  it('fails at once when it has no retries', () => {
    expect(progressOf(begun({ retries: 0 }), 0, FAILED)).toBe('failed');
  });

  it('waits out a hanging attempt without retries: suspected first, failed at its timeout', () => {
    const { next, progress } = observeAttempt(begun({ retries: 0 }), 0, UNANSWERED, T0 + 2_500);
    expect(progress).toBe('suspected');
    expect(progressOf(next, 0, FAILED, T0 + 5_000)).toBe('failed');
  });

  it('is void when the first attempt answers late', () => {
    const hanging = observed(begun(), 0, UNANSWERED, T0 + 2_500);
    expect(progressOf(hanging, 0, PASSED, T0 + 2_900)).toBe('passed');
    expect(progressOf(startDueRetries(hanging, T0 + 2_700).next, 0, PASSED, T0 + 2_900)).toBe('passed');
  });

  it('is void when a retry succeeds, though all before it failed', () => {
    expect(progressOf(observed(retrying(3), 1, FAILED), 3, PASSED)).toBe('passed');
  });

  it('has failed when every attempt has, with the last error', () => {
    const check = [1, 2].reduce((state, attempt) => observed(state, attempt, FAILED), retrying(3));
    const slow: AttemptOutcome = { ...FAILED, error: { code: 'TIMEOUT', message: 'no answer' } };
    const { next, progress } = observeAttempt(check, 3, slow, T0 + 1_800);
    expect(progress).toBe('failed');
    expect(next.lastError?.code).toBe('TIMEOUT');
  });

  it('does not fail while a retry is still to come', () => {
    expect(progressOf(retrying(1), 1, FAILED)).toBe('running');
  });

  it('does not fail while the first attempt hangs', () => {
    const hanging = startDueRetries(observed(begun(), 0, UNANSWERED), T0 + 800).next;
    const check = [1, 2].reduce((state, attempt) => observed(state, attempt, FAILED), hanging);
    const { next, progress } = observeAttempt(check, 3, FAILED, T0 + 1_000);
    expect(progress).toBe('running');
    expect(progressOf(next, 0, FAILED, T0 + 2_500)).toBe('failed');
  });

  it.each<[string, Check, number]>([
    ['an attempt that failed before', retrying(1), 0],
    ['an attempt never made', retrying(1), 2],
    ['a negative number', retrying(1), -1],
  ])('ignores a report on %s', (_, check, attempt) => {
    for (const outcome of [PASSED, FAILED, UNANSWERED]) {
      expect(observeAttempt(check, attempt, outcome, T0)).toEqual({ next: check, progress: 'ignored' });
    }
  });
});

describe('a lost attempt', () => {
  it('is one nobody reported on 3 s after its timeout', () => {
    expect(isLost(begun(), T0 + 7_999)).toBe(false);
    expect(isLost(begun(), T0 + 8_000)).toBe(true);
    expect(checkDueAt(begun())).toBe(T0 + 8_000);
  });

  it('may be a retry, counted from its own start', () => {
    const check = retrying(1);
    expect(isLost(check, T0 + 4_199)).toBe(false);
    expect(isLost(check, T0 + 4_200)).toBe(true);
  });

  it('is not one that failed', () => {
    expect(isLost(observed(begun({ retries: 0 }), 0, FAILED), T0 + 60_000)).toBe(false);
  });

  it('is one that hung and was never heard of again', () => {
    expect(isLost(observed(begun(), 0, UNANSWERED, T0 + 2_500), T0 + 8_000)).toBe(true);
  });
});
