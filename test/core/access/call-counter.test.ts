import { describe, expect, it } from 'vitest';
import type { CallCount } from '../../../src/core/access/call-counter.ts';
import { countCall, refuseCalls, callCountOf } from '../../../src/core/access/call-counter.ts';

const MINUTE = 60_000;
const T = 1_800_000_000_000;

const newTally = (): CallCount => ({ calls: 0, refusedUntil: 0 });

function refused(batch: number, now: number): CallCount {
  const tally = newTally();
  refuseCalls(tally, batch, MINUTE, now);
  return tally;
}

function count(calls: number, batch: number): string[] {
  const tally = newTally();
  return Array.from({ length: calls }, () => countCall(tally, batch, T));
}

describe('countCall', () => {
  it('asks once for each batch, and nothing for the first call', () => {
    expect(count(7, 3)).toEqual(['pass', 'pass', 'ask', 'pass', 'pass', 'ask', 'pass']);
    expect(count(100, 20).filter((verdict) => verdict === 'ask')).toHaveLength(5);
  });

  it('refuses for ten seconds after a no, then the first call asks again', () => {
    const tally = refused(5, T);
    expect([T, T + 9_999, T + 10_000].map((now) => countCall(tally, 5, now))).toEqual(['refuse', 'refuse', 'ask']);
  });

  it('refuses no longer than the period lasts', () => {
    const near = T - (T % MINUTE) + MINUTE - 3_000;
    expect(refused(5, near).refusedUntil).toBe(near + 3_000);
  });
});

describe('tallyOf', () => {
  it('keeps the tally of a subject, and forgets who was seen first for somebody new only', () => {
    const tallies = new Map<string, CallCount>();
    const first = callCountOf(tallies, 'a', 3);
    expect(callCountOf(tallies, 'a', 3)).toBe(first);
    for (const subject of ['b', 'c', 'b', 'd', 'a']) callCountOf(tallies, subject, 3);
    expect([...tallies.keys()]).toEqual(['c', 'd', 'a']);
    expect(callCountOf(tallies, 'a', 3)).not.toBe(first);
  });
});
