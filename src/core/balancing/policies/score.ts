/**
 * `score`: the formula of the original plan. A score begins at 100 and never falls below 0. The formula subtracts the
 * load in percent, 20 if degraded or suspect, and 1 per 100 ms of response time (10 at most). A supported task type
 * adds 15, and the location adds 10. These numbers are the defaults of `scoreWeights`.
 *
 * Load is work in flight in percent of weight × limit × slow start factor, so twice the weight receives twice the work.
 * A component without a limit loses 2 points per task in flight and weight, or the load that it reports if that is
 * more.
 *
 * Invariant: the order goes on below 0, so that of two overloaded components the less loaded comes first.
 */
import type { CandidatePool } from '../candidate-pool.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const FULL_SCORE = 100;
/** Points per task in flight of a component without a limit. */
const POINTS_PER_TASK = 2;
/** Points by which idle components may differ and still count as equal: 25 ms by default. Measurements vary as much. */
const IDLE_GAP = 0.25;

export const score: Policy = {
  cost,
  parts,
  ties: 'by-share',
  idleTolerance: 0,
  idleGap: IDLE_GAP,
};

function cost(pool: CandidatePool, position: number, open: number, task: Task): number {
  const weights = pool.settings.scoreWeights;
  let total = loadPoints(pool, position, open) + slowness(pool, position) - FULL_SCORE;
  if (pool.suspectFlags[position] === 1) total += weights.degraded;
  if (task.supporters?.[position] === 1) total -= weights.taskType;
  if (task.atLocation?.[position] === 1) total -= weights.location;
  return total;
}

function parts(pool: CandidatePool, position: number, open: number, task: Task): ScoreParts {
  const weights = pool.settings.scoreWeights;
  const steps: Record<string, number> = { base: FULL_SCORE };
  const add = (name: string, part: number): void => {
    if (part !== 0) steps[name] = rounded(part);
  };
  add('load', -loadPoints(pool, position, open));
  add('responseTime', -slowness(pool, position));
  if (pool.suspectFlags[position] === 1) add('degraded', -weights.degraded);
  if (task.supporters?.[position] === 1) add('taskType', weights.taskType);
  if (task.atLocation?.[position] === 1) add('location', weights.location);
  const sum = Object.values(steps).reduce((total, part) => total + part, 0);
  if (sum < 0) steps['floor'] = rounded(-sum);
  return steps;
}

function loadPoints(pool: CandidatePool, position: number, open: number): number {
  const capacity = pool.capacity[position]!;
  const used = open > 0 && capacity > 0 ? open / capacity : 0;
  if (pool.taskLimit[position] !== Infinity) return 100 * used;
  // Without a limit, the capacity contains the mean limit.
  return Math.max(POINTS_PER_TASK * pool.meanTaskLimit * used, pool.candidates[position]!.liveStats.loadPercentage);
}

function slowness(pool: CandidatePool, position: number): number {
  const { per100Ms, responseTimeMax } = pool.settings.scoreWeights;
  const ewmaMs = pool.ewmaMs[position]!;
  return Math.min(responseTimeMax, (ewmaMs / 100) * per100Ms);
}
