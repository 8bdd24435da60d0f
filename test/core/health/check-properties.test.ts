import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbeOutcome, AttemptOrder, Check, CheckPlan } from '../../../src/core/health/check.ts';
import { propertyRuns } from '../../support/fuzz/property-runs.ts';
import { beginCheck, observeAttempt, startDueRetries } from '../../../src/core/health/check.ts';

const RUNS = propertyRuns(500);
const PASSED: ProbeOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null };
const FAILED: ProbeOutcome = {
  kind: 'failed',
  error: { code: 'HTTP_503', message: 'answered HTTP 503' },
  responseTimeMs: 5,
  details: null,
};
const UNANSWERED: ProbeOutcome = { kind: 'unanswered', afterMs: 500 };

/** Course of one attempt: perhaps unanswered for a while, then passed or failed, perhaps reported twice. */
interface Course {
  readonly passes: boolean;
  readonly hangs: boolean;
  readonly delayMs: number;
  readonly repeats: boolean;
}

interface Report {
  readonly at: number;
  readonly attempt: number;
  readonly outcome: ProbeOutcome;
}

const courseOf = (passes: fc.Arbitrary<boolean>): fc.Arbitrary<Course> =>
  fc.record({ passes, hangs: fc.boolean(), delayMs: fc.integer({ min: 1, max: 4_000 }), repeats: fc.boolean() });

const coursesOf = (passes: fc.Arbitrary<boolean>) => fc.array(courseOf(passes), { minLength: 1, maxLength: 7 });

function reportsOf(order: AttemptOrder, course: Course, now: number): Report[] {
  const { attempt } = order;
  const outcome = course.passes ? PASSED : FAILED;
  const done = { at: now + course.delayMs, attempt, outcome };
  const unanswered = { at: now + course.delayMs / 2, attempt, outcome: UNANSWERED };
  return [...(course.hangs ? [unanswered] : []), done, ...(course.repeats ? [{ ...done, at: done.at + 1 }] : [])];
}

/** Runs a check to its verdict, or until no report is left. */
function play(courses: readonly Course[]) {
  const plan: CheckPlan = { timeoutMs: 5_000, suspicionMs: 500, retries: courses.length - 1, retryTimeoutMs: 5_000 };
  const begun = beginCheck(1, plan, 0);
  let check: Check = begun.next;
  const orders = [...begun.orders];
  const reports = reportsOf(begun.orders[0]!, courses[0]!, 0);
  const progress: string[] = [];
  while (reports.length > 0 || check.retriesDue.length > 0) {
    const now = Math.min(...check.retriesDue, ...reports.map((report) => report.at));
    const started = startDueRetries(check, now);
    check = started.next;
    orders.push(...started.orders);
    for (const order of started.orders) reports.push(...reportsOf(order, courses[order.attempt]!, now));
    reports.sort((a, b) => a.at - b.at);
    if (reports[0]?.at !== now) continue;
    const report = reports.shift()!;
    const step = observeAttempt(check, report.attempt, report.outcome, now);
    check = step.next;
    progress.push(step.progress);
    if (step.progress === 'passed' || step.progress === 'failed') break;
  }
  return { check, orders, progress, verdict: progress.at(-1) };
}

describe('any order of reports', () => {
  it('with at least one success ends as passed, never as failed', () => {
    fc.assert(
      fc.property(coursesOf(fc.boolean()), (courses) => {
        fc.pre(courses.some((course) => course.passes));
        const { progress, verdict } = play(courses);
        expect(verdict).toBe('passed');
        expect(progress).not.toContain('failed');
      }),
      RUNS,
    );
  });

  it('without a success ends as failed, once', () => {
    fc.assert(
      fc.property(coursesOf(fc.constant(false)), (courses) => {
        const { progress } = play(courses);
        expect(progress.at(-1)).toBe('failed');
        expect(progress.filter((each) => each === 'failed')).toHaveLength(1);
      }),
      RUNS,
    );
  });

  it('leads to at most 1 + retries attempts, each started once', () => {
    fc.assert(
      fc.property(coursesOf(fc.boolean()), (courses) => {
        const attempts = play(courses).orders.map((order) => order.attempt);
        expect(attempts.length).toBeLessThanOrEqual(courses.length);
        expect(attempts).toEqual(attempts.map((_, index) => index));
      }),
      RUNS,
    );
  });

  it('makes the component suspect at most once, and before any other progress', () => {
    fc.assert(
      fc.property(coursesOf(fc.boolean()), (courses) => {
        const { progress } = play(courses);
        expect(progress.filter((each) => each === 'suspected').length).toBeLessThanOrEqual(1);
        expect(['suspected', 'passed', 'failed']).toContain(progress[0]);
      }),
      RUNS,
    );
  });

  it('has no effect after the check has failed', () => {
    const late = fc.array(fc.tuple(fc.integer({ min: -1, max: 8 }), fc.constantFrom(PASSED, FAILED, UNANSWERED)));
    fc.assert(
      fc.property(coursesOf(fc.constant(false)), late, (courses, reports) => {
        const { check } = play(courses);
        for (const [attempt, outcome] of reports) {
          const step = observeAttempt(check, attempt, outcome, 100_000);
          expect(step.progress).toBe('ignored');
          expect(step.next).toBe(check);
        }
        expect(startDueRetries(check, 100_000).orders).toEqual([]);
      }),
      RUNS,
    );
  });

  it('does not modify the input', () => {
    fc.assert(
      fc.property(coursesOf(fc.boolean()), fc.constantFrom(PASSED, FAILED, UNANSWERED), (courses, outcome) => {
        const { check } = play(courses);
        const before = structuredClone(check);
        observeAttempt(check, 0, outcome, 5);
        startDueRetries(check, 100_000);
        expect(check).toEqual(before);
      }),
      RUNS,
    );
  });
});
