import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { candidateOf } from './candidate-of.ts';

const paceOf = (...candidates: readonly Candidate[]): number[] => [...compileFleet(candidates).pace];

describe('compileFleet', () => {
  it('sorts into healthy and doubtful, and leaves the rest out', () => {
    const fleet = compileFleet([
      candidateOf('down', { status: 'unhealthy' }),
      candidateOf('well'),
      candidateOf('slow', { status: 'degraded' }),
      candidateOf('suspect', {}, { suspect: true }),
      candidateOf('new', { status: 'unknown' }),
      candidateOf('standby', { lifecycle: 'standby' }),
      candidateOf('drained', { weight: 0 }),
      candidateOf('well-too'),
    ]);
    expect(fleet.healthy.positions).toEqual([1, 7]);
    expect(fleet.doubtful.positions).toEqual([2, 3]);
  });

  it.each<[string, Candidate[], number[]]>([
    ['weight', [candidateOf('a'), candidateOf('b', { weight: 3 })], [0.5, 1.5]],
    ['room', [candidateOf('a', { maxConcurrentTasks: 10 }), candidateOf('b', { maxConcurrentTasks: 30 })], [0.5, 1.5]],
    ['speed', [candidateOf('a', {}, { usualMs: 90 }), candidateOf('b', {}, { usualMs: 30 })], [0.5, 1.5]],
    [
      'no speed under 10 ms, which tells nothing',
      [candidateOf('a', {}, { usualMs: 1 }), candidateOf('b', {}, { usualMs: 10 })],
      [1, 1],
    ],
  ])('gives a pace by %s, 1 on average', (_, candidates, expected) => {
    paceOf(...candidates).forEach((pace, position) => expect(pace).toBeCloseTo(expected[position]!));
  });

  it('takes those that say nothing for average', () => {
    const [slow, silent, quick] = paceOf(
      candidateOf('slow', { maxConcurrentTasks: 10 }, { usualMs: 40 }),
      candidateOf('silent', {}, { usualMs: null }),
      candidateOf('quick', { maxConcurrentTasks: 30 }, { usualMs: 60 }),
    );
    expect(silent! / slow!).toBeCloseTo(20 / 50 / (10 / 40));
    expect(silent! / quick!).toBeCloseTo(20 / 50 / (30 / 60));
    expect(paceOf(candidateOf('a', {}, { usualMs: null }))).toEqual([1]);
  });

  it('measures the average by those that may be given work', () => {
    expect(paceOf(candidateOf('a'), candidateOf('down', { weight: 9, status: 'unhealthy' }))).toEqual([1, 9]);
    expect(compileFleet([]).healthy).toEqual({ positions: [], totals: new Float64Array() });
  });

  it('adds the pace of a pool up', () => {
    const weights = [1, 0, 2, 5];
    const { healthy } = compileFleet(weights.map((weight, index) => candidateOf(`c-${index}`, { weight })));
    expect(healthy.positions).toEqual([0, 2, 3]);
    expect([...healthy.totals].map((total) => total / healthy.totals[2]!)).toEqual([1 / 8, 3 / 8, 1]);
  });

  it('leaves even the tiniest weight a pace above 0', () => {
    expect(
      Math.min(...paceOf(candidateOf('a', { weight: 1e-320 }), candidateOf('b', { weight: 1_000 }))),
    ).toBeGreaterThan(0);
  });
});
