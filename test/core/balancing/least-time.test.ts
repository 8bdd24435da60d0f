import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import type { Task } from '../../../src/core/balancing/least-time.ts';
import { expectedWait, scoreOf } from '../../../src/core/balancing/least-time.ts';
import { candidateOf } from './candidate-of.ts';

const waitOf = (candidate: Candidate, open = 0, task: Task = {}): number =>
  expectedWait(candidate, compileFleet([candidate]), task, open);

const PLAIN = candidateOf('a', { maxConcurrentTasks: 10 }, { usualMs: 100 });

describe('expectedWait', () => {
  it.each<[string, Candidate, number, Task, number]>([
    ['one task, (0 + 1) × 100 / 10', PLAIN, 0, {}, 10],
    ['four more in flight', PLAIN, 4, {}, 50],
    ['half the weight', { ...PLAIN, weight: 0.5 }, 0, {}, 20],
    ['twice the room', { ...PLAIN, maxConcurrentTasks: 20 }, 0, {}, 5],
    ['degraded', { ...PLAIN, status: 'degraded' }, 0, {}, 40],
    ['suspect', candidateOf('a', { maxConcurrentTasks: 10 }, { usualMs: 100, suspect: true }), 0, {}, 40],
    ['in the same location', { ...PLAIN, location: 'weur' }, 0, { location: 'weur' }, 10],
    ['in another location', { ...PLAIN, location: 'enam' }, 0, { location: 'weur' }, 15],
    ['in no location', PLAIN, 0, { location: 'weur' }, 15],
    ['with support for the task', { ...PLAIN, taskTypes: ['review'] }, 0, { taskType: 'review' }, 5],
    ['with support for another', { ...PLAIN, taskTypes: ['build'] }, 0, { taskType: 'review' }, 10],
    ['measured under 10 ms, which tells nothing', candidateOf('a', {}, { usualMs: 1 }), 0, {}, 10],
  ])('%s', (_, candidate, open, task, expected) => {
    expect(waitOf(candidate, open, task)).toBeCloseTo(expected);
  });

  it("goes by the peers' mean where a candidate says nothing", () => {
    const silent = candidateOf('b', {}, { usualMs: null });
    const fleet = compileFleet([PLAIN, silent]);
    expect(expectedWait(silent, fleet, {}, 0)).toBe(expectedWait(PLAIN, fleet, {}, 0));
  });

  it('is the same for twice the weight and twice the work', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(1_000), (weight, open) => {
        const heavy = waitOf({ ...PLAIN, weight: 2 * weight }, 2 * (open + 1) - 1);
        expect(heavy).toBeCloseTo(waitOf({ ...PLAIN, weight }, open));
      }),
    );
  });

  it('grows with the work in flight', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (open) => {
        expect(waitOf(PLAIN, open + 1)).toBeGreaterThan(waitOf(PLAIN, open));
      }),
    );
  });
});

describe('scoreOf', () => {
  it('is higher for the shorter wait', () => {
    expect(scoreOf(10)).toBe(100);
    expect(scoreOf(20)).toBe(50);
    expect(scoreOf(3)).toBe(333.333);
  });
});
