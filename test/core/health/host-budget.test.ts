import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostBudget } from '../../../src/core/health/host-budget.ts';
import {
  UNPROVEN_HOST,
  FORGET_AFTER_MS,
  GOOD_FOR_MS,
  GOOD_HOST,
  MAX_DELAY_MS,
  admitCheck,
  chargeRetry,
  isForgotten,
  isGood,
  newHost,
  recordPassedCheck,
} from '../../../src/core/health/host-budget.ts';

const goodHost = (now = 0): HostBudget => recordPassedCheck(newHost(now), now);

/** Number of checks that the host admits at once. */
function admittedBy(host: HostBudget, now: number): number {
  let budget = host;
  for (let admitted = 0; ; admitted++) {
    const { next, delayMs } = admitCheck(budget, now);
    if (delayMs > 0) return admitted;
    budget = next;
  }
}

function drained(host: HostBudget, now: number): HostBudget {
  let budget = host;
  for (;;) {
    const { next, delayMs } = admitCheck(budget, now);
    if (delayMs > 0) return next;
    budget = next;
  }
}

const admittedAfter = (host: HostBudget) => (retry: number) => admittedBy(chargeRetry(host, retry, 0), 0);

describe('the budget of a host', () => {
  it.each([
    { title: 'a new host admits 20 at once', host: newHost(0), now: 0, admitted: 20 },
    { title: 'the first passed check raises it to 100', host: goodHost(), now: 0, admitted: 100 },
    { title: 'a good host admits 100 a second', host: drained(goodHost(), 0), now: 500, admitted: 50 },
    { title: 'an unproven host admits 10 a second', host: drained(newHost(0), 0), now: 500, admitted: 5 },
    { title: 'an unproven host accumulates at most 20', host: drained(newHost(0), 0), now: 60_000, admitted: 20 },
    { title: 'a good host stays good for a minute', host: goodHost(), now: GOOD_FOR_MS, admitted: 100 },
    { title: 'and is unproven afterwards', host: goodHost(), now: GOOD_FOR_MS + 1, admitted: 20 },
    {
      title: 'a host that returns starts with its remaining budget',
      host: recordPassedCheck(drained({ ...goodHost(), passedAt: 0 }, 90_000), 90_000),
      now: 90_000,
      admitted: 0,
    },
  ])('$title', ({ host, now, admitted }) => {
    expect(admittedBy(host, now)).toBe(admitted);
  });

  it('stays that of a good host no longer when the clock goes back', () => {
    expect(isGood(goodHost(1_000_000), 1_000_000 - GOOD_FOR_MS - 1)).toBe(false);
  });

  it('is dropped after five idle minutes, not before', () => {
    expect(isForgotten(newHost(0), FORGET_AFTER_MS)).toBe(false);
    expect(isForgotten(newHost(0), FORGET_AFTER_MS + 1)).toBe(true);
    expect(isForgotten(admitCheck(newHost(0), 1_000).next, FORGET_AFTER_MS + 1)).toBe(false);
  });

  it('includes three retries per check at a good host, and charges every other retry', () => {
    expect([1, 2, 3, 4, 10].map(admittedAfter(goodHost()))).toEqual([100, 100, 100, 99, 99]);
    expect([1, 3, 10].map(admittedAfter(newHost(0)))).toEqual([19, 19, 19]);
  });

  it('delays later checks until the debt is paid off', () => {
    let host = drained(newHost(0), 0);
    for (let retry = 0; retry < 30; retry++) host = chargeRetry(host, 1, 0);
    expect(admittedBy(host, 3_000)).toBe(0);
    expect(admittedBy(host, 4_000)).toBe(10);
  });
});

type Step = { readonly gapMs: number; readonly passes: boolean };

const steps = (gapMs: number) =>
  fc.array(fc.record({ gapMs: fc.nat({ max: gapMs }), passes: fc.boolean() }), { minLength: 1, maxLength: 300 });

/** Times at which checks began, with five requests per step. */
function admissions(all: readonly Step[]): number[] {
  const began: number[] = [];
  let host = newHost(0);
  let now = 0;
  for (const { gapMs, passes } of all) {
    now += gapMs;
    for (let attempt = 0; attempt < 5; attempt++) {
      const { next, delayMs } = admitCheck(host, now);
      host = next;
      if (delayMs === 0) began.push(now);
    }
    if (passes) host = recordPassedCheck(host, now);
  }
  return began;
}

const expectWithin = (began: readonly number[], { burst, perSecond }: typeof GOOD_HOST): void =>
  began.forEach((from, first) => {
    for (let last = first; last < began.length; last++) {
      expect(last - first + 1).toBeLessThanOrEqual(burst + ((began[last]! - from) * perSecond) / 1_000 + 1e-3);
    }
  });

describe('a host budget, whatever the results of its checks', () => {
  it('never exceeds that of a good host in any window', () => {
    fc.assert(
      fc.property(steps(40), (all) => expectWithin(admissions(all), GOOD_HOST)),
      { numRuns: 50 },
    );
  });

  it('never exceeds that of an unproven host while no check passes', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        const failing = all.map((step) => ({ ...step, passes: false }));
        expectWithin(admissions(failing), UNPROVEN_HOST);
      }),
      { numRuns: 50 },
    );
  });

  it('never delays a check beyond the maximum', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        let host = newHost(0);
        let now = 0;
        for (const { gapMs, passes } of all) {
          now += gapMs;
          const { next, delayMs } = admitCheck(host, now);
          host = passes ? recordPassedCheck(next, now) : next;
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(MAX_DELAY_MS);
        }
      }),
    );
  });
});
