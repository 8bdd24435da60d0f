/**
 * `least-load`: the fewest tasks in flight relative to capacity. Degraded and suspect components come after healthy
 * ones.
 */
import type { CandidatePool } from '../candidate-pool.ts';
import type { Policy, ScoreParts } from './policy.ts';
import { rounded } from './policy.ts';

const IDLE_SCORE = 100;
/** Exceeds any load, so healthy components come first in a set that contains both. */
const SUSPECT_PENALTY = 1_000;

export const leastLoad: Policy = { cost, parts, ties: 'by-share', idleTolerance: 0 };

/** Work in flight as a part of capacity. */
function cost(pool: CandidatePool, position: number, open: number): number {
  return loadOf(pool, position, open) + (pool.suspectFlags[position] === 1 ? SUSPECT_PENALTY : 0);
}

function parts(pool: CandidatePool, position: number, open: number): ScoreParts {
  const load = rounded(-100 * loadOf(pool, position, open));
  return {
    idle: IDLE_SCORE,
    ...(load === 0 ? {} : { inFlight: load }),
    ...(pool.suspectFlags[position] === 1 ? { suspect: -SUSPECT_PENALTY } : {}),
  };
}

const loadOf = (pool: CandidatePool, position: number, open: number): number =>
  open > 0 && pool.capacity[position]! > 0 ? open / pool.capacity[position]! : 0;
