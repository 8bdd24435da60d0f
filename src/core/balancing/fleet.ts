/**
 * A type's components as one immutable snapshot, sorted into pools once when it arrives, so that a
 * decision scans no more than it samples.
 */
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';

export interface Fleet {
  readonly candidates: readonly Candidate[];
  /** Positions in `candidates` of routable, healthy, unsuspected components. */
  readonly healthy: readonly number[];
  /** Positions of routable ones that are degraded or suspect: used when no healthy one has room. */
  readonly doubtful: readonly number[];
  /** Mean `maxConcurrentTasks` of those that say it, for those that do not. */
  readonly meanRoom: number;
  /** Mean usual response time, ms, for those not measured yet. */
  readonly meanUsualMs: number;
}

export function compileFleet(candidates: readonly Candidate[]): Fleet {
  const healthy: number[] = [];
  const doubtful: number[] = [];
  candidates.forEach((candidate, position) => {
    if (whyNotRoutable(candidate) !== null) return;
    const good = candidate.status === 'healthy' && !candidate.vitals.suspect;
    (good ? healthy : doubtful).push(position);
  });
  return {
    candidates,
    healthy,
    doubtful,
    meanRoom: mean(candidates.map((candidate) => candidate.maxConcurrentTasks)) ?? 1,
    meanUsualMs: mean(candidates.map((candidate) => candidate.vitals.usualMs)) ?? 1,
  };
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
