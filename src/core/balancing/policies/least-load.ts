/** `least-load`: the fewest tasks in flight for its weight and room, after those that are not in doubt. */
import type { CandidatePool } from '../candidate-pool.ts';
import type { Policy, ScoreParts } from './policy.ts';
import { rounded } from './policy.ts';

const IDLE_SCORE = 100;
/** More than any load: healthy ones go first wherever both are asked. */
const DOUBT = 1_000;

export const leastLoad: Policy = { cost, parts, ties: 'by-share', share: 'capacity', idleTolerance: 0 };

/** Work in flight as a part of what it is made for. */
function cost(fleet: CandidatePool, position: number, open: number): number {
  return loadOf(fleet, position, open) + (fleet.doubt[position] === 1 ? DOUBT : 0);
}

function parts(fleet: CandidatePool, position: number, open: number): ScoreParts {
  const load = rounded(-100 * loadOf(fleet, position, open));
  return {
    idle: IDLE_SCORE,
    ...(load === 0 ? {} : { inFlight: load }),
    ...(fleet.doubt[position] === 1 ? { doubtful: -DOUBT } : {}),
  };
}

const loadOf = (fleet: CandidatePool, position: number, open: number): number =>
  open > 0 && fleet.capacity[position]! > 0 ? open / fleet.capacity[position]! : 0;
