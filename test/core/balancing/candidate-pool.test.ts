import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import {
  advanceSlowStart,
  compilePool,
  fadeTimes,
  healthyWith,
  needsRecompile,
  relativeRateOf,
  patchPool,
} from '../../../src/core/balancing/candidate-pool.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { NOW, candidateOf, candidatesOf, poolOf } from './candidate-of.ts';

const idsOf = (pool: CandidatePool, set: WeightedSet): string[] =>
  Array.from(set.members.subarray(0, set.size), (position) => pool.candidates[position]!.id).toSorted();

const relativeRatesOf = (...candidates: readonly Candidate[]): number[] => {
  const pool = poolOf(candidates);
  return candidates.map((_, position) => relativeRateOf(pool, position));
};

describe('compilePool', () => {
  const pool = poolOf([
    candidateOf('down', { status: 'unhealthy' }),
    candidateOf('well'),
    candidateOf('slow', { status: 'degraded' }),
    candidateOf('suspect', {}, { suspect: true }),
    candidateOf('new', { status: 'unknown' }),
    candidateOf('standby', { lifecycle: 'standby' }),
    candidateOf('drained', { weight: 0 }),
    candidateOf('well-too'),
  ]);

  it('sorts routable components into healthy and suspect, and lists all active ones whatever their health', () => {
    expect(idsOf(pool, pool.healthy)).toEqual(['well', 'well-too']);
    expect(idsOf(pool, pool.suspect)).toEqual(['slow', 'suspect']);
    expect(idsOf(pool, pool.active)).toEqual(['down', 'new', 'slow', 'suspect', 'well', 'well-too']);
  });

  it('finds positions by id', () => {
    expect(pool.candidates[pool.positions.get('standby')!]!.id).toBe('standby');
    expect(pool.positions.get('nobody')).toBeUndefined();
  });
});

describe('relativeRateOf', () => {
  it.each<[string, Candidate[], number[]]>([
    ['weight', [candidateOf('a'), candidateOf('b', { weight: 3 })], [0.5, 1.5]],
    [
      'task limit',
      [candidateOf('a', { maxConcurrentTasks: 10 }), candidateOf('b', { maxConcurrentTasks: 30 })],
      [0.5, 1.5],
    ],
    ['speed', [candidateOf('a', {}, { ewmaMs: 90 }), candidateOf('b', {}, { ewmaMs: 30 })], [0.5, 1.5]],
    ['no speed below 10 ms', [candidateOf('a', {}, { ewmaMs: 1 }), candidateOf('b', {}, { ewmaMs: 10 })], [1, 1]],
  ])('depends on %s and is 1 on average', (_, candidates, expected) => {
    relativeRatesOf(...candidates).forEach((rate, position) => expect(rate).toBeCloseTo(expected[position]!));
  });

  it('assumes the mean for components that report nothing', () => {
    const [slow, silent, quick] = relativeRatesOf(
      candidateOf('slow', { maxConcurrentTasks: 10 }, { ewmaMs: 40 }),
      candidateOf('silent', {}, { ewmaMs: null }),
      candidateOf('quick', { maxConcurrentTasks: 30 }, { ewmaMs: 60 }),
    );
    expect(silent! / slow!).toBeCloseTo(20 / 50 / (10 / 40));
    expect(silent! / quick!).toBeCloseTo(20 / 50 / (30 / 60));
  });

  it('treats a response time of 0 ms as fast, not as never measured', () => {
    const [instant, quick, slow] = relativeRatesOf(
      candidateOf('instant', {}, { ewmaMs: 0 }),
      candidateOf('quick', {}, { ewmaMs: 10 }),
      candidateOf('slow', {}, { ewmaMs: 200 }),
    );
    expect(instant).toBe(quick);
    expect(instant! / slow!).toBeCloseTo(20);
  });

  it('takes the average over the routable components', () => {
    const [up, down] = relativeRatesOf(candidateOf('a'), candidateOf('down', { weight: 9, status: 'unhealthy' }));
    expect(up).toBeCloseTo(1);
    expect(down).toBeCloseTo(9);
  });

  it('keeps a component with a tiny weight reachable', () => {
    const pool = poolOf([candidateOf('a', { weight: 1e-320 }), candidateOf('b', { weight: 1_000 })]);
    expect(idsOf(pool, pool.healthy)).toEqual(['a', 'b']);
    expect(pool.healthy.weights[0]).toBeGreaterThan(0);
  });
});

describe('slow start', () => {
  const back = candidateOf('back', { backSince: NOW });
  const slowStartMs = 30_000;
  const shareAt = (now: number): number => {
    const pool = poolOf([candidateOf('there'), back], { slowStartMs });
    advanceSlowStart(pool, now);
    return pool.capacity[1]! / pool.capacity[0]!;
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

  it('ends once and for all, and updates the draw weight', () => {
    const pool = poolOf([candidateOf('there'), back], { slowStartMs });
    expect(pool.ramping).toEqual(new Set([1]));
    expect(pool.healthy.weights[1]).toBeCloseTo(0.1 * pool.healthy.weights[0]!);
    healthyWith(pool, 'location', 'nowhere');
    advanceSlowStart(pool, NOW + slowStartMs);
    expect(pool.ramping.size).toBe(0);
    expect(pool.healthy.weights[1]).toBe(pool.healthy.weights[0]);
  });

  it('does not begin if it is switched off, nor for a component that was never out of service', () => {
    expect(poolOf([back], { slowStartMs: 0 }).ramping.size).toBe(0);
    expect(poolOf([candidateOf('new')], { slowStartMs }).ramping.size).toBe(0);
  });

  it('ends with the component', () => {
    const pool = poolOf([candidateOf('there'), back], { slowStartMs });
    patchPool(pool, 1, null, NOW + 1_000);
    expect(pool.ramping.size).toBe(0);
    advanceSlowStart(pool, NOW + 2_000);
    expect(pool.positions.has('back')).toBe(false);
  });
});

const uniformPool = (taskLimit: number, ewmaMs: number): CandidatePool =>
  poolOf(Array.from({ length: 10 }, (_, at) => candidateOf(`c-${at}`, { maxConcurrentTasks: taskLimit }, { ewmaMs })));

/** Patches all candidates with other numbers. */
function changeAll(pool: CandidatePool, maxConcurrentTasks: number | null, ewmaMs: number | null): CandidatePool {
  for (let at = 0; at < 10; at++) patchPool(pool, at, candidateOf(`c-${at}`, { maxConcurrentTasks }, { ewmaMs }), NOW);
  return pool;
}

/** The moving average of the slow one of four after fading at each of these times, ms from the beginning. */
function ewmaAt(...times: readonly number[]): number {
  const timed = ['a', 'b', 'c', 'slow'].map((id) =>
    candidateOf(id, {}, { ewmaMs: id === 'slow' ? 900 : 20, isWorkTime: true }),
  );
  const pool = poolOf(timed);
  for (const sinceMs of times) fadeTimes(pool, NOW + sinceMs);
  return pool.ewmaMs[3]!;
}

describe('fadeTimes', () => {
  it('fades the time of an unmeasured component, so that it receives work again', () => {
    expect(ewmaAt(1_000)).toBe(900);
    expect(ewmaAt(4_000)).toBeLessThan(900);
    expect(ewmaAt(4_000, 5_000)).toBeLessThan(ewmaAt(4_000));
  });

  it('never raises a time, not even when the clock goes back', () => {
    expect(ewmaAt(6_000, 3_000)).toBe(ewmaAt(6_000));
  });
});

describe('a patched pool', () => {
  it('finds a component that moved, whichever position is patched first', () => {
    const pool = poolOf([candidateOf('a'), candidateOf('b')]);
    patchPool(pool, 2, candidateOf('a'), NOW);
    patchPool(pool, 0, null, NOW);
    patchPool(pool, 0, candidateOf('b'), NOW);
    patchPool(pool, 1, null, NOW);
    expect(pool.positions).toEqual(
      new Map([
        ['a', 2],
        ['b', 0],
      ]),
    );
  });

  it('knows the traits of the components that extend it', () => {
    const pool = poolOf([candidateOf('a', { location: 'weur' })]);
    for (let at = 1; at < 5; at++) patchPool(pool, at, candidateOf(`c-${at}`, { location: 'enam' }), NOW);
    expect(Array.from(pool.traits.location.get('weur')!.holders.subarray(0, 5))).toEqual([1, 0, 0, 0, 0]);
  });

  it.each<[string, number, number, number | null, number | null, boolean]>([
    ['unchanged', 10, 100, 10, 100, false],
    ['a little slower', 10, 100, 10, 119, false],
    ['much slower', 10, 100, 10, 121, true],
    ['much faster', 10, 100, 10, 79, true],
    ['a little larger', 10, 100, 12, 100, false],
    ['much larger', 10, 100, 13, 100, true],
    ['no longer reporting', 10, 100, null, null, false],
    ['below the resolution', 10, 2, 10, 2, false],
    ['below the resolution, then faster still', 10, 5, 10, 1, false],
    ['below the resolution, then above', 10, 2, 10, 30, true],
  ])('tells whether to recompile the pool: %s', (_, taskLimit, ewmaMs, newTaskLimit, newEwmaMs, expected) => {
    expect(needsRecompile(changeAll(uniformPool(taskLimit, ewmaMs), newTaskLimit, newEwmaMs))).toBe(expected);
  });

  it('never needs to be recompiled unchanged', () => {
    for (const ewmaMs of [null, 0, 1, 9, 10, 11, 5_000])
      for (const maxConcurrentTasks of [null, 1, 1_000_000])
        expect(needsRecompile(poolOf([candidateOf('a', { maxConcurrentTasks }, { ewmaMs })]))).toBe(false);
    expect(needsRecompile(poolOf([]))).toBe(false);
  });

  it('keeps the average while a heavy component comes and goes', () => {
    const pool = poolOf(candidatesOf(3));
    const heavy = candidateOf('heavy', { weight: 1_000 });
    for (let times = 0; times < 10_000; times++) patchPool(pool, 3, times % 2 === 0 ? heavy : null, NOW);
    expect(relativeRateOf(pool, 0)).toBeCloseTo(1, 9);
  });

  it('can be patched far beyond its last position: the positions between are unused', () => {
    const pool = poolOf([candidateOf('a')]);
    patchPool(pool, 40, candidateOf('far'), NOW);
    expect(pool.candidates.slice(0, 3)).toEqual([pool.candidates[0], null, null]);
    const recompiled = compilePool(pool.candidates, DEFAULT_BALANCING, NOW);
    expect(recompiled.meanEwmaMs).toBe(20);
    expect(idsOf(recompiled, recompiled.healthy)).toEqual(['a', 'far']);
  });
});
