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

/** How many checks it takes at once. */
function roomOf(host: HostBudget, now: number): number {
  let budget = host;
  for (let admitted = 0; ; admitted++) {
    const { next, delayMs: putOffMs } = admitCheck(budget, now);
    if (putOffMs > 0) return admitted;
    budget = next;
  }
}

function drained(host: HostBudget, now: number): HostBudget {
  let budget = host;
  for (;;) {
    const { next, delayMs: putOffMs } = admitCheck(budget, now);
    if (putOffMs > 0) return next;
    budget = next;
  }
}

const roomAfter = (host: HostBudget) => (retry: number) => roomOf(chargeRetry(host, retry, 0), 0);

describe('the budget of a host', () => {
  it.each([
    { title: 'a new one takes 20 at once', host: newHost(0), now: 0, room: 20 },
    { title: 'its first passed check brings it to 100', host: goodHost(), now: 0, room: 100 },
    { title: 'a good one gets 100 a second', host: drained(goodHost(), 0), now: 500, room: 50 },
    { title: 'a doubtful one gets 10 a second', host: drained(newHost(0), 0), now: 500, room: 5 },
    { title: 'a doubtful one gathers no more than 20', host: drained(newHost(0), 0), now: 60_000, room: 20 },
    { title: 'a good one is good for a minute', host: goodHost(), now: GOOD_FOR_MS, room: 100 },
    { title: 'and doubtful after it', host: goodHost(), now: GOOD_FOR_MS + 1, room: 20 },
    {
      title: 'one that comes back begins with what it has',
      host: recordPassedCheck(drained({ ...goodHost(), passedAt: 0 }, 90_000), 90_000),
      now: 90_000,
      room: 0,
    },
  ])('$title', ({ host, now, room }) => {
    expect(roomOf(host, now)).toBe(room);
  });

  it('is not that of a good host for longer because the clock went back', () => {
    expect(isGood(goodHost(1_000_000), 1_000_000 - GOOD_FOR_MS - 1)).toBe(false);
  });

  it('is forgotten after five minutes of silence, not before', () => {
    expect(isForgotten(newHost(0), FORGET_AFTER_MS)).toBe(false);
    expect(isForgotten(newHost(0), FORGET_AFTER_MS + 1)).toBe(true);
    expect(isForgotten(admitCheck(newHost(0), 1_000).next, FORGET_AFTER_MS + 1)).toBe(false);
  });

  it('includes three retries of a check at a good host; every other one is owed', () => {
    expect([1, 2, 3, 4, 10].map(roomAfter(goodHost()))).toEqual([100, 100, 100, 99, 99]);
    expect([1, 3, 10].map(roomAfter(newHost(0)))).toEqual([19, 19, 19]);
  });

  it('makes later checks wait for what is owed', () => {
    let host = drained(newHost(0), 0);
    for (let owed = 0; owed < 30; owed++) host = chargeRetry(host, 1, 0);
    expect(roomOf(host, 3_000)).toBe(0);
    expect(roomOf(host, 4_000)).toBe(10);
  });
});

type Step = { readonly gapMs: number; readonly passes: boolean };

const steps = (gapMs: number) =>
  fc.array(fc.record({ gapMs: fc.nat({ max: gapMs }), passes: fc.boolean() }), { minLength: 1, maxLength: 300 });

/** When checks began at a host that is asked at every step. */
function admissions(all: readonly Step[]): number[] {
  const began: number[] = [];
  let host = newHost(0);
  let now = 0;
  for (const { gapMs, passes } of all) {
    now += gapMs;
    for (let asked = 0; asked < 5; asked++) {
      const { next, delayMs: putOffMs } = admitCheck(host, now);
      host = next;
      if (putOffMs === 0) began.push(now);
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

describe('a host, whatever becomes of its checks', () => {
  it('is never asked more than a good one may be, in no window', () => {
    fc.assert(
      fc.property(steps(40), (all) => expectWithin(admissions(all), GOOD_HOST)),
      { numRuns: 50 },
    );
  });

  it('is never asked more than a doubtful one may be while none passes', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        const failing = all.map((step) => ({ ...step, passes: false }));
        expectWithin(admissions(failing), UNPROVEN_HOST);
      }),
      { numRuns: 50 },
    );
  });

  it('lets a check that is put off come back in time to be tried again', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        let host = newHost(0);
        let now = 0;
        for (const { gapMs, passes } of all) {
          now += gapMs;
          const { next, delayMs: putOffMs } = admitCheck(host, now);
          host = passes ? recordPassedCheck(next, now) : next;
          expect(putOffMs).toBeGreaterThanOrEqual(0);
          expect(putOffMs).toBeLessThanOrEqual(MAX_DELAY_MS);
        }
      }),
    );
  });
});
