import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import type { Task } from '../../../src/core/balancing/least-time.ts';
import { expectedWait, scoreOf } from '../../../src/core/balancing/least-time.ts';
import { candidateOf } from './candidate-of.ts';

/** The wait of the first of `candidates`, with `open` work in flight. */
const waitOf = (candidates: readonly Candidate[], open = 0, task: Task = {}): number =>
  expectedWait(compileFleet(candidates), 0, task, open);

const PLAIN = candidateOf('a');
const sized = (weight: number): Candidate[] => [candidateOf('a', { weight }), candidateOf('b', { weight: 2 - weight })];

describe('expectedWait', () => {
  it.each<[string, Candidate, number, Task, number]>([
    ['one task', PLAIN, 0, {}, 1],
    ['four more in flight', PLAIN, 4, {}, 5],
    ['degraded', { ...PLAIN, status: 'degraded' }, 0, {}, 4],
    ['suspect', candidateOf('a', {}, { suspect: true }), 0, {}, 4],
    ['in the same location', { ...PLAIN, location: 'weur' }, 0, { location: 'weur' }, 1],
    ['in another location', { ...PLAIN, location: 'enam' }, 0, { location: 'weur' }, 1.5],
    ['in no location', PLAIN, 0, { location: 'weur' }, 1.5],
    ['with support for the task', { ...PLAIN, taskTypes: ['review'] }, 0, { taskType: 'review' }, 0.5],
    ['with support for another', { ...PLAIN, taskTypes: ['build'] }, 0, { taskType: 'review' }, 1],
  ])('%s', (_, candidate, open, task, expected) => {
    expect(waitOf([candidate], open, task)).toBeCloseTo(expected);
  });

  it.each([
    ['idle, whatever its size', 0.5, 0, 1],
    ['half the pace: a task counts twice', 0.5, 1, 3],
    ['half the pace, three tasks', 0.5, 3, 7],
    ['one and a half times the pace: the first task is less than one', 1.5, 1, 1],
    ['as many as it does while an average one does two', 1.5, 3, 3],
    ['a quotient that is whole but for rounding', 0.1, 3, 31],
  ])('%s', (_, weight, open, expected) => {
    expect(waitOf(sized(weight), open)).toBe(expected);
  });

  it('never falls with the work in flight, and grows with a task of an average one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1.99, noNaN: true }), fc.nat(100_000), (weight, open) => {
        expect(waitOf(sized(weight), open + 1)).toBeGreaterThanOrEqual(waitOf(sized(weight), open));
        expect(waitOf(sized(weight), open + 2)).toBeGreaterThan(waitOf(sized(weight), open));
      }),
    );
  });
});

describe('scoreOf', () => {
  it('is higher for the shorter wait', () => {
    expect(scoreOf(1)).toBe(100);
    expect(scoreOf(2)).toBe(50);
    expect(scoreOf(0.5)).toBe(200);
    expect(scoreOf(3)).toBe(33.333);
  });
});
