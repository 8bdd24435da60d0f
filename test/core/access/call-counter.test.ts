import { describe, expect, it } from 'vitest';
import type { CallCount } from '../../../src/core/access/call-counter.ts';
import { countCall, refuseCalls, callCountOf } from '../../../src/core/access/call-counter.ts';

const MINUTE = 60_000;
const T = 1_800_000_000_000;

const newCounter = (): CallCount => ({ calls: 0, refusedUntil: 0 });

function refused(batch: number, now: number): CallCount {
  const counter = newCounter();
  refuseCalls(counter, batch, MINUTE, now);
  return counter;
}

function count(calls: number, batch: number): string[] {
  const counter = newCounter();
  return Array.from({ length: calls }, () => countCall(counter, batch, T));
}

describe('countCall', () => {
  it('asks the limiter once per batch, and not for the first call', () => {
    expect(count(7, 3)).toEqual(['pass', 'pass', 'ask', 'pass', 'pass', 'ask', 'pass']);
    expect(count(100, 20).filter((verdict) => verdict === 'ask')).toHaveLength(5);
  });

  it('refuses calls for ten seconds after a refusal, then asks again at the first call', () => {
    const counter = refused(5, T);
    expect([T, T + 9_999, T + 10_000].map((now) => countCall(counter, 5, now))).toEqual(['refuse', 'refuse', 'ask']);
  });

  it('refuses calls no longer than the period lasts', () => {
    const threeSecondsLeft = T - (T % MINUTE) + MINUTE - 3_000;
    expect(refused(5, threeSecondsLeft).refusedUntil).toBe(threeSecondsLeft + 3_000);
  });
});

describe('callCountOf', () => {
  it('keeps the counter of a subject, and evicts the oldest one only for a new subject', () => {
    const counters = new Map<string, CallCount>();
    const first = callCountOf(counters, 'a', 3);
    expect(callCountOf(counters, 'a', 3)).toBe(first);
    for (const subject of ['b', 'c', 'b', 'd', 'a']) callCountOf(counters, subject, 3);
    expect([...counters.keys()]).toEqual(['c', 'd', 'a']);
    expect(callCountOf(counters, 'a', 3)).not.toBe(first);
  });
});
