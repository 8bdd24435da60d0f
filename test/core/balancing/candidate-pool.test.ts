import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import {
  advancePool,
  compilePool,
  forgetTimes,
  healthyWith,
  isOutgrown,
  paceOf,
  patchPool,
} from '../../../src/core/balancing/candidate-pool.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { NOW, candidateOf, candidatesOf, fleetOf } from './candidate-of.ts';

const idsOf = (fleet: CandidatePool, set: WeightedSet): string[] =>
  Array.from(set.members.subarray(0, set.size), (position) => fleet.candidates[position]!.id).toSorted();

const pacesOf = (...candidates: readonly Candidate[]): number[] => {
  const fleet = fleetOf(candidates);
  return candidates.map((_, position) => paceOf(fleet, position));
};

describe('who may be given work', () => {
  const fleet = fleetOf([
    candidateOf('down', { status: 'unhealthy' }),
    candidateOf('well'),
    candidateOf('slow', { status: 'degraded' }),
    candidateOf('suspect', {}, { suspect: true }),
    candidateOf('new', { status: 'unknown' }),
    candidateOf('standby', { lifecycle: 'standby' }),
    candidateOf('drained', { weight: 0 }),
    candidateOf('well-too'),
  ]);

  it('is sorted into healthy and doubtful; active are all that are in service, however they are', () => {
    expect(idsOf(fleet, fleet.healthy)).toEqual(['well', 'well-too']);
    expect(idsOf(fleet, fleet.doubtful)).toEqual(['slow', 'suspect']);
    expect(idsOf(fleet, fleet.active)).toEqual(['down', 'new', 'slow', 'suspect', 'well', 'well-too']);
  });

  it('is known by id', () => {
    expect(fleet.candidates[fleet.positions.get('standby')!]!.id).toBe('standby');
    expect(fleet.positions.get('nobody')).toBeUndefined();
  });
});

describe('the pace', () => {
  it.each<[string, Candidate[], number[]]>([
    ['weight', [candidateOf('a'), candidateOf('b', { weight: 3 })], [0.5, 1.5]],
    ['room', [candidateOf('a', { maxConcurrentTasks: 10 }), candidateOf('b', { maxConcurrentTasks: 30 })], [0.5, 1.5]],
    ['speed', [candidateOf('a', {}, { usualMs: 90 }), candidateOf('b', {}, { usualMs: 30 })], [0.5, 1.5]],
    [
      'no speed under 10 ms, which tells nothing',
      [candidateOf('a', {}, { usualMs: 1 }), candidateOf('b', {}, { usualMs: 10 })],
      [1, 1],
    ],
  ])('goes by %s, 1 on average', (_, candidates, expected) => {
    pacesOf(...candidates).forEach((pace, position) => expect(pace).toBeCloseTo(expected[position]!));
  });

  it('takes those that say nothing for average', () => {
    const [slow, silent, quick] = pacesOf(
      candidateOf('slow', { maxConcurrentTasks: 10 }, { usualMs: 40 }),
      candidateOf('silent', {}, { usualMs: null }),
      candidateOf('quick', { maxConcurrentTasks: 30 }, { usualMs: 60 }),
    );
    expect(silent! / slow!).toBeCloseTo(20 / 50 / (10 / 40));
    expect(silent! / quick!).toBeCloseTo(20 / 50 / (30 / 60));
  });

  it('takes one that answers in no time at all for fast, not for one that was never measured', () => {
    const [instant, quick, slow] = pacesOf(
      candidateOf('instant', {}, { usualMs: 0 }),
      candidateOf('quick', {}, { usualMs: 10 }),
      candidateOf('slow', {}, { usualMs: 200 }),
    );
    expect(instant).toBe(quick);
    expect(instant! / slow!).toBeCloseTo(20);
  });

  it('measures the average by those that may be given work', () => {
    const [up, down] = pacesOf(candidateOf('a'), candidateOf('down', { weight: 9, status: 'unhealthy' }));
    expect(up).toBeCloseTo(1);
    expect(down).toBeCloseTo(9);
  });

  it('leaves even the tiniest weight a chance', () => {
    const fleet = fleetOf([candidateOf('a', { weight: 1e-320 }), candidateOf('b', { weight: 1_000 })]);
    expect(idsOf(fleet, fleet.healthy)).toEqual(['a', 'b']);
    expect(fleet.healthy.weights[0]).toBeGreaterThan(0);
  });
});

describe('slow start', () => {
  const back = candidateOf('back', { backSince: NOW });
  const slowStartMs = 30_000;
  const shareAt = (now: number): number => {
    const fleet = fleetOf([candidateOf('there'), back], { slowStartMs });
    advancePool(fleet, now);
    return fleet.capacity[1]! / fleet.capacity[0]!;
  };

  it.each([
    [0, 0.1],
    [2_000, 0.1],
    [6_000, 0.2],
    [15_000, 0.5],
    [29_999, 1],
    [30_000, 1],
    [90_000, 1],
    [-5_000, 0.1],
  ])('after %i ms gives a share of %d', (sinceMs, share) => {
    expect(shareAt(NOW + sinceMs)).toBeCloseTo(share, 3);
  });

  it('is over for good once it is over, and moves what is drawn along', () => {
    const fleet = fleetOf([candidateOf('there'), back], { slowStartMs });
    expect(fleet.ramping).toEqual(new Set([1]));
    expect(fleet.healthy.weights[1]).toBeCloseTo(0.1 * fleet.healthy.weights[0]!);
    healthyWith(fleet, 'location', 'nowhere');
    advancePool(fleet, NOW + slowStartMs);
    expect(fleet.ramping.size).toBe(0);
    expect(fleet.healthy.weights[1]).toBe(fleet.healthy.weights[0]);
  });

  it('does not begin where it is switched off, nor for who was never away', () => {
    expect(fleetOf([back], { slowStartMs: 0 }).ramping.size).toBe(0);
    expect(fleetOf([candidateOf('new')], { slowStartMs }).ramping.size).toBe(0);
  });

  it('ends with the component', () => {
    const fleet = fleetOf([candidateOf('there'), back], { slowStartMs });
    patchPool(fleet, 1, null, NOW + 1_000);
    expect(fleet.ramping.size).toBe(0);
    advancePool(fleet, NOW + 2_000);
    expect(fleet.positions.has('back')).toBe(false);
  });
});

const alike = (room: number, usualMs: number): CandidatePool =>
  fleetOf(Array.from({ length: 10 }, (_, at) => candidateOf(`c-${at}`, { maxConcurrentTasks: room }, { usualMs })));

/** Has all of them say something else. */
function sayAnew(fleet: CandidatePool, maxConcurrentTasks: number | null, usualMs: number | null): CandidatePool {
  for (let at = 0; at < 10; at++)
    patchPool(fleet, at, candidateOf(`c-${at}`, { maxConcurrentTasks }, { usualMs }), NOW);
  return fleet;
}

/** What the slow one of four is taken for, brought to these times one after the other. */
function usualAt(...times: readonly number[]): number {
  const timed = ['a', 'b', 'c', 'slow'].map((id) =>
    candidateOf(id, {}, { usualMs: id === 'slow' ? 900 : 20, ofWork: true }),
  );
  const fleet = fleetOf(timed);
  for (const sinceMs of times) forgetTimes(fleet, NOW + sinceMs);
  return fleet.usualMs[3]!;
}

describe('what one takes that nobody measured for long', () => {
  it('is less and less, so that it is tried again', () => {
    expect(usualAt(1_000)).toBe(900);
    expect(usualAt(4_000)).toBeLessThan(900);
    expect(usualAt(4_000, 5_000)).toBeLessThan(usualAt(4_000));
  });

  it('is never more than it was, also when the clock goes back', () => {
    expect(usualAt(6_000, 3_000)).toBe(usualAt(6_000));
  });
});

describe('a fleet that is patched', () => {
  it('knows where one is that moved, whichever place is told of first', () => {
    const fleet = fleetOf([candidateOf('a'), candidateOf('b')]);
    patchPool(fleet, 2, candidateOf('a'), NOW);
    patchPool(fleet, 0, null, NOW);
    patchPool(fleet, 0, candidateOf('b'), NOW);
    patchPool(fleet, 1, null, NOW);
    expect(fleet.positions).toEqual(
      new Map([
        ['a', 2],
        ['b', 0],
      ]),
    );
  });

  it('knows of everybody it grows by whether they have what others had before', () => {
    const fleet = fleetOf([candidateOf('a', { location: 'weur' })]);
    for (let at = 1; at < 5; at++) patchPool(fleet, at, candidateOf(`c-${at}`, { location: 'enam' }), NOW);
    expect(Array.from(fleet.traits.location.get('weur')!.holders.subarray(0, 5))).toEqual([1, 0, 0, 0, 0]);
  });

  it.each<[string, number, number, number | null, number | null, boolean]>([
    ['as it was', 10, 100, 10, 100, false],
    ['a little slower', 10, 100, 10, 119, false],
    ['much slower', 10, 100, 10, 121, true],
    ['much faster', 10, 100, 10, 79, true],
    ['a little larger', 10, 100, 12, 100, false],
    ['much larger', 10, 100, 13, 100, true],
    ['silent from now on', 10, 100, null, null, false],
    ['too fast to tell', 10, 2, 10, 2, false],
    ['too fast to tell, then faster still', 10, 5, 10, 1, false],
    ['too fast to tell, then not', 10, 2, 10, 30, true],
  ])('%s: is it to be compiled anew?', (_, room, usualMs, newRoom, newUsualMs, expected) => {
    expect(isOutgrown(sayAnew(alike(room, usualMs), newRoom, newUsualMs))).toBe(expected);
  });

  it('is not outgrown as it was compiled, whatever it holds', () => {
    for (const usualMs of [null, 0, 1, 9, 10, 11, 5_000])
      for (const maxConcurrentTasks of [null, 1, 1_000_000])
        expect(isOutgrown(fleetOf([candidateOf('a', { maxConcurrentTasks }, { usualMs })]))).toBe(false);
    expect(isOutgrown(fleetOf([]))).toBe(false);
  });

  it('keeps the average through a heavy one that comes and goes', () => {
    const fleet = fleetOf(candidatesOf(3));
    const heavy = candidateOf('heavy', { weight: 1_000 });
    for (let times = 0; times < 10_000; times++) patchPool(fleet, 3, times % 2 === 0 ? heavy : null, NOW);
    expect(paceOf(fleet, 0)).toBeCloseTo(1, 9);
  });

  it('may be patched far behind its last position: nobody is between', () => {
    const fleet = fleetOf([candidateOf('a')]);
    patchPool(fleet, 40, candidateOf('far'), NOW);
    expect(fleet.candidates.slice(0, 3)).toEqual([fleet.candidates[0], null, null]);
    const anew = compilePool(fleet.candidates, DEFAULT_BALANCING, NOW);
    expect(anew.meanUsualMs).toBe(20);
    expect(idsOf(anew, anew.healthy)).toEqual(['a', 'far']);
  });
});
