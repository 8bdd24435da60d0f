/**
 * `least-time`: the lowest expected wait, (in flight ÷ pace + 1) in tasks of an average component, worsened
 * for degraded or suspect and for another location, bettered for a supported task type.
 *
 * Pace is weight × room ÷ usual response time, so this is the design's (in flight + 1) × response time ÷
 * (weight × room) up to rounding: waits are counted in whole tasks, so that a difference of less than one
 * average task counts as none. Idle components tie whatever their size and share the work by pace; under load
 * the waits even out in flight ÷ pace, the same share.
 *
 * After Finagle's peak EWMA and Envoy's weighted least request.
 */
import type { Fleet } from '../fleet.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const DOUBTFUL_FACTOR = 4;
const ELSEWHERE_FACTOR = 1.5;
const SUPPORTED_FACTOR = 0.5;
/** Keeps a quotient that is whole but for rounding on its own side. */
const ROUNDING = 1e-9;
/** The score of an average component that is idle. */
const IDLE_SCORE = 100;

export const leastTime: Policy = { cost, parts, ties: 'by-share' };

/** In average tasks, this one included. */
function cost(fleet: Fleet, position: number, open: number, task: Task): number {
  let wait = queueOf(fleet, position, open);
  if (fleet.doubt[position] === 1) wait *= DOUBTFUL_FACTOR;
  if (task.near && task.near[position] !== 1) wait *= ELSEWHERE_FACTOR;
  if (task.supporters?.[position] === 1) wait *= SUPPORTED_FACTOR;
  return wait;
}

function queueOf(fleet: Fleet, position: number, open: number): number {
  const work = open * fleet.rateTotal;
  const pace = fleet.rate[position]! * fleet.rateCount;
  return work > 0 && pace > 0 ? Math.floor(work / pace + ROUNDING) + 1 : 1;
}

/** What each factor does to a score of 100 ÷ wait, in turn. */
function parts(fleet: Fleet, position: number, open: number, task: Task): ScoreParts {
  let score = IDLE_SCORE;
  const steps: Record<string, number> = { idle: IDLE_SCORE };
  const step = (name: string, next: number): void => {
    const part = rounded(next - score);
    if (part !== 0) steps[name] = part;
    score += part;
  };
  step('inFlight', score / queueOf(fleet, position, open));
  if (fleet.doubt[position] === 1) step('doubtful', score / DOUBTFUL_FACTOR);
  if (task.near && task.near[position] !== 1) step('elsewhere', score / ELSEWHERE_FACTOR);
  if (task.supporters?.[position] === 1) step('taskType', score / SUPPORTED_FACTOR);
  return steps;
}
