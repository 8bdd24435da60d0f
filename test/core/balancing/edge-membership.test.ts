import { describe, expect, it } from 'vitest';
import type { EdgeMembership } from '../../../src/core/balancing/edge-membership.ts';
import { join } from '../../../src/core/balancing/edge-membership.ts';

const T = 1_800_000_000_000;

/** Edges join once a second, each with its number of assignments. Returns the last response to each. */
function joinEverySecond(
  membership: EdgeMembership,
  counts: Readonly<Record<string, number>>,
  from: number,
  seconds: number,
) {
  let last: Record<string, unknown> = {};
  for (let second = 0; second < seconds; second++)
    last = Object.fromEntries(
      Object.entries(counts).map(([id, count]) => [id, join(membership, id, count, T + (from + second) * 1_000)]),
    );
  return last;
}

describe('join', () => {
  it('numbers edges from 0 and returns the share of each', () => {
    const members = joinEverySecond(new Map(), { a: 30, b: 10 }, 0, 20);
    expect(members).toEqual({
      a: { number: 0, share: expect.closeTo(0.75, 1) },
      b: { number: 1, share: expect.closeTo(0.25, 1) },
    });
  });

  it('returns no share before the first assignment', () => {
    expect(join(new Map(), 'a', 0, T)).toEqual({ number: 0, share: null });
  });

  it('gives the number of an expired edge to the next one', () => {
    const membership: EdgeMembership = new Map();
    joinEverySecond(membership, { a: 1, b: 1, c: 1 }, 0, 5);
    joinEverySecond(membership, { a: 1, c: 1 }, 5, 11);
    expect(joinEverySecond(membership, { d: 1 }, 16, 1)['d']).toMatchObject({ number: 1 });
    expect(joinEverySecond(membership, { c: 1 }, 17, 1)['c']).toMatchObject({ number: 2 });
  });

  it('follows a change of the shares within some seconds', () => {
    const membership: EdgeMembership = new Map();
    joinEverySecond(membership, { a: 100, b: 0 }, 0, 30);
    const members = joinEverySecond(membership, { a: 0, b: 100 }, 30, 15);
    expect((members['b'] as { share: number }).share).toBeGreaterThan(0.9);
  });
});
