/**
 * `score`: the formula of the original plan. A score begins at 100 and never falls below 0. The formula subtracts the
 * load in percent, 20 if degraded or suspect, and 1 per 100 ms of response time (10 at most). A supported task type
 * adds 15, and the location adds 10. These numbers are the defaults of `scoreWeights`.
 *
 * Load is work in flight in percent of weight × limit × slow start factor, so twice the weight receives twice the work.
 * A component without a limit counts with the mean limit. If no component declares one, load is what each reports.
 */
import type { CandidatePool } from '../candidate-pool.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const FULL_SCORE = 100;

export const score: Policy = {
  cost: (...of) => -value(...of),
  parts,
  ties: 'by-share',
  idleTolerance: 0,
};

function value(pool: CandidatePool, position: number, open: number, task: Task): number {
  const weights = pool.settings.scoreWeights;
  let total = FULL_SCORE - loadPercent(pool, position, open) - slowness(pool, position);
  if (pool.suspectFlags[position] === 1) total -= weights.degraded;
  if (task.supporters?.[position] === 1) total += weights.taskType;
  if (task.atLocation?.[position] === 1) total += weights.location;
  return Math.max(0, total);
}

function parts(pool: CandidatePool, position: number, open: number, task: Task): ScoreParts {
  const weights = pool.settings.scoreWeights;
  const steps: Record<string, number> = { base: FULL_SCORE };
  const add = (name: string, part: number): void => {
    if (part !== 0) steps[name] = rounded(part);
  };
  add('load', -loadPercent(pool, position, open));
  add('responseTime', -slowness(pool, position));
  if (pool.suspectFlags[position] === 1) add('degraded', -weights.degraded);
  if (task.supporters?.[position] === 1) add('taskType', weights.taskType);
  if (task.atLocation?.[position] === 1) add('location', weights.location);
  const sum = Object.values(steps).reduce((total, part) => total + part, 0);
  if (sum < 0) steps['floor'] = rounded(-sum);
  return steps;
}

function loadPercent(pool: CandidatePool, position: number, open: number): number {
  // Without any declared limit, only the reported load is available.
  if (pool.taskLimits.count === 0) return pool.candidates[position]!.liveStats.loadPercentage;
  const capacity = pool.capacity[position]!;
  return open > 0 && capacity > 0 ? (100 * open) / capacity : 0;
}

function slowness(pool: CandidatePool, position: number): number {
  const { per100Ms, responseTimeMax } = pool.settings.scoreWeights;
  const ewmaMs = pool.ewmaMs[position]!;
  return Math.min(responseTimeMax, (ewmaMs / 100) * per100Ms);
}
