/**
 * `score`: the formula of the original plan. From 100, minus load in percent, minus 20 if degraded or suspect, minus
 * 1 for each 100 ms of response time and at most 10, plus 15 for a supported task type, plus 10 for the
 * location, never below 0. The figures can be set.
 *
 * Load is work in flight in percent of the room, of the peers' mean where it says none, and of that times the
 * weight, so that twice the weight gets twice the work. Where none says its room it is what each reports of itself.
 */
import type { CandidatePool } from '../candidate-pool.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const FULL_SCORE = 100;

export const score: Policy = {
  cost: (...of) => -value(...of),
  parts,
  ties: 'by-share',
  share: 'capacity',
  idleTolerance: 0,
};

function value(fleet: CandidatePool, position: number, open: number, task: Task): number {
  const weights = fleet.settings.scoreWeights;
  let total = FULL_SCORE - loadPercent(fleet, position, open) - slowness(fleet, position);
  if (fleet.doubt[position] === 1) total -= weights.degraded;
  if (task.supporters?.[position] === 1) total += weights.taskType;
  if (task.near?.[position] === 1) total += weights.location;
  return Math.max(0, total);
}

function parts(fleet: CandidatePool, position: number, open: number, task: Task): ScoreParts {
  const weights = fleet.settings.scoreWeights;
  const steps: Record<string, number> = { base: FULL_SCORE };
  const add = (name: string, part: number): void => {
    if (part !== 0) steps[name] = rounded(part);
  };
  add('load', -loadPercent(fleet, position, open));
  add('responseTime', -slowness(fleet, position));
  if (fleet.doubt[position] === 1) add('degraded', -weights.degraded);
  if (task.supporters?.[position] === 1) add('taskType', weights.taskType);
  if (task.near?.[position] === 1) add('location', weights.location);
  const sum = Object.values(steps).reduce((total, part) => total + part, 0);
  if (sum < 0) steps['floor'] = rounded(-sum);
  return steps;
}

function loadPercent(fleet: CandidatePool, position: number, open: number): number {
  // Where nobody says its room there is nothing to take a percentage of, but what each says of itself.
  if (fleet.rooms.count === 0) return fleet.candidates[position]!.vitals.loadPercentage;
  const capacity = fleet.capacity[position]!;
  return open > 0 && capacity > 0 ? (100 * open) / capacity : 0;
}

function slowness(fleet: CandidatePool, position: number): number {
  const { per100Ms, responseTimeMost } = fleet.settings.scoreWeights;
  const usualMs = fleet.usualMs[position]!;
  return Math.min(responseTimeMost, (usualMs / 100) * per100Ms);
}
