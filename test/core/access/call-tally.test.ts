import { describe, expect, it } from 'vitest';
import type { CallTally } from '../../../src/core/access/call-tally.ts';
import { countCall, makeRoom, refuseCalls } from '../../../src/core/access/call-tally.ts';

const MINUTE = 60_000;
const T = 1_800_000_000_000;

function count(calls: number, batch: number): string[] {
  let tally: CallTally | undefined;
  return Array.from({ length: calls }, () => {
    const { next, verdict } = countCall(tally, batch, T);
    tally = next;
    return verdict;
  });
}

describe('countCall', () => {
  it('asks once for each batch, and nothing for the first call', () => {
    expect(count(7, 3)).toEqual(['pass', 'pass', 'ask', 'pass', 'pass', 'ask', 'pass']);
    expect(count(100, 20).filter((verdict) => verdict === 'ask')).toHaveLength(5);
  });

  it('refuses for ten seconds after a no, then the first call asks again', () => {
    const refused = refuseCalls(5, MINUTE, T);
    expect(countCall(refused, 5, T).verdict).toBe('refuse');
    expect(countCall(refused, 5, T + 9_999).verdict).toBe('refuse');
    expect(countCall(refused, 5, T + 10_000).verdict).toBe('ask');
  });

  it('refuses no longer than the period lasts', () => {
    const near = T - (T % MINUTE) + MINUTE - 3_000;
    expect(refuseCalls(5, MINUTE, near).refusedUntil).toBe(near + 3_000);
  });
});

describe('makeRoom', () => {
  it('forgets who was seen first, for somebody new only', () => {
    const tallies = new Map<string, CallTally>();
    for (const subject of ['a', 'b', 'c', 'b', 'd', 'a']) {
      makeRoom(tallies, subject, 3);
      tallies.set(subject, refuseCalls(5, MINUTE, T));
    }
    expect([...tallies.keys()]).toEqual(['c', 'd', 'a']);
  });
});
