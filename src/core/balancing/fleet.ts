/**
 * A type's components as one immutable snapshot, sorted into pools once when it arrives, so that a
 * decision looks at no more of them than it samples.
 *
 * The *pace* of a component is the work it is meant to get: weight × room ÷ usual response time,
 * relative to the mean of the routable ones. Who does not say its room, or was not measured yet, is
 * taken for average.
 */
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';

/** Some of a fleet's candidates, ready to be drawn from in proportion to their pace. */
export interface Pool {
  /** Positions in the fleet's `candidates`. */
  readonly positions: readonly number[];
  /** Running totals of their pace, in the same order. */
  readonly totals: Float64Array;
}

export interface Fleet {
  readonly candidates: readonly Candidate[];
  /** By position in `candidates`; 1 is average. */
  readonly pace: Float64Array;
  /** Routable, healthy, unsuspected components. */
  readonly healthy: Pool;
  /** Routable ones that are degraded or suspect: used when no healthy one has room. */
  readonly doubtful: Pool;
}

/** Health checks that differ by less than this tell nothing about the work. */
const RESOLUTION_MS = 10;

export function compileFleet(candidates: readonly Candidate[]): Fleet {
  const healthy: number[] = [];
  const doubtful: number[] = [];
  candidates.forEach((candidate, position) => {
    if (whyNotRoutable(candidate) === null) (isDoubtful(candidate) ? doubtful : healthy).push(position);
  });
  const pace = paceOf(candidates, [...healthy, ...doubtful]);
  return { candidates, pace, healthy: poolOf(healthy, pace), doubtful: poolOf(doubtful, pace) };
}

export const isDoubtful = (candidate: Candidate): boolean => candidate.status !== 'healthy' || candidate.vitals.suspect;

function paceOf(candidates: readonly Candidate[], routable: readonly number[]): Float64Array {
  const meanRoom = mean(candidates.map((candidate) => candidate.maxConcurrentTasks)) ?? 1;
  const meanUsualMs = mean(candidates.map((candidate) => candidate.vitals.usualMs)) ?? RESOLUTION_MS;
  const rates = Float64Array.from(candidates, ({ weight, maxConcurrentTasks, vitals }) => {
    const usualMs = Math.max(RESOLUTION_MS, vitals.usualMs ?? meanUsualMs);
    return (weight * (maxConcurrentTasks ?? meanRoom)) / usualMs;
  });
  const meanRate = mean(routable.map((position) => rates[position]!)) ?? 1;
  // Never 0: the tiniest weight is still a weight, and pace divides.
  return rates.map((rate) => Math.max(Number.MIN_VALUE, rate / meanRate));
}

function poolOf(positions: readonly number[], pace: Float64Array): Pool {
  let total = 0;
  return { positions, totals: Float64Array.from(positions, (position) => (total += pace[position]!)) };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
