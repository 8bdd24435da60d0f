import { describe, expect, it } from 'vitest';
import {
  anticipate,
  countAssignment,
  countEnded,
  countLeased,
  decayRecent,
  estimatedAt,
  noWork,
  openAt,
  resizeWork,
  setKnown,
} from '../../../src/core/balancing/open-work.ts';
import { NOW, candidateOf, poolOf } from './candidate-of.ts';

/** Two components whose work takes 1 s. */
const pool = poolOf(['a', 'b'].map((id) => candidateOf(id, {}, { ewmaMs: 1_000 })));

describe('work in flight', () => {
  it('is known until it ends, and estimated work decays over the task time', () => {
    const work = noWork(2);
    countLeased(work, 0, 3);
    countAssignment(pool, work, 0, NOW);
    countAssignment(pool, work, 0, NOW);
    expect(openAt(pool, work, 0, NOW)).toBe(5);
    expect(openAt(pool, work, 0, NOW + 1_000)).toBeCloseTo(3 + 2 / Math.E);
    expect(openAt(pool, work, 0, NOW + 60_000)).toBeCloseTo(3);
    expect(openAt(pool, work, 1, NOW)).toBe(0);
    expect(Array.from(work.recent)).toEqual([5, 0]);
  });

  it('ends with its outcomes, and is replaced by a count of the component', () => {
    const work = noWork(2);
    for (let calls = 0; calls < 4; calls++) countAssignment(pool, work, 1, NOW);
    countEnded(pool, work, 1, 3, NOW);
    expect(estimatedAt(pool, work, 1, NOW)).toBe(1);
    setKnown(work, 1, 7);
    expect(openAt(pool, work, 1, NOW)).toBe(7);
    countEnded(pool, work, 1, 9, NOW);
    expect(openAt(pool, work, 1, NOW)).toBe(7);
  });

  it('of other isolates is anticipated: it ranks, decays, and ends at the pace of the own work', () => {
    const work = noWork(2);
    for (let calls = 0; calls < 4; calls++) {
      countAssignment(pool, work, 0, NOW);
      anticipate(work, 0, 7);
    }
    expect([estimatedAt(pool, work, 0, NOW), openAt(pool, work, 0, NOW)]).toEqual([4, 32]);
    expect(openAt(pool, work, 0, NOW + 1_000)).toBeCloseTo(32 / Math.E);
    countEnded(pool, work, 0, 1, NOW);
    expect([estimatedAt(pool, work, 0, NOW), openAt(pool, work, 0, NOW)]).toEqual([3, 24]);
    setKnown(work, 0, 5);
    expect(openAt(pool, work, 0, NOW)).toBe(5);
  });

  it('is kept when the arrays grow', () => {
    const work = noWork(1);
    countAssignment(pool, work, 0, NOW);
    resizeWork(work, 9);
    expect([openAt(pool, work, 0, NOW), work.known[8], work.estimatedAt.length]).toEqual([1, 0, 9]);
  });
});

describe('decayRecent', () => {
  it('decays recent assignments to zero', () => {
    const work = noWork(2);
    countAssignment(pool, work, 1, NOW);
    decayRecent(work, 0.5);
    expect(Array.from(work.recent)).toEqual([0, 0.5]);
    for (let times = 0; times < 1_000; times++) decayRecent(work, 0.5);
    expect(Array.from(work.recent)).toEqual([0, 0]);
  });
});
