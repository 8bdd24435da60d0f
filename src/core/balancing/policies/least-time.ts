/**
 * `least-time`: the lowest expected wait, in tasks of an average component: in flight ÷ pace, and then this one
 * at its usual time there; worsened for degraded or suspect and for another location, bettered for a supported
 * task type.
 *
 * Pace is weight × room ÷ usual response time, so this is the design's (in flight + 1) × response time ÷
 * (weight × room) but for the one: it counts for as many average tasks as the response time is average response
 * times, whatever the room. So idle components that are equally fast tie and share the work by room and weight,
 * of idle ones the faster goes first, and under load the waits even out in flight ÷ pace.
 * `docs/routing-simulation.md` shows what it is worth.
 *
 * After Finagle's peak EWMA and Envoy's weighted least request.
 */
import type { Fleet } from '../fleet.ts';
import { paceOf, typicalMs, workMsAt } from '../fleet.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const DOUBTFUL_FACTOR = 4;
const ELSEWHERE_FACTOR = 1.5;
const SUPPORTED_FACTOR = 0.5;
/** Idle components whose times differ by less than this part are equally fast: measuring is no better. */
const IDLE_TOLERANCE = 0.25;
/** The score of a typical component that is idle. */
const IDLE_SCORE = 100;

export const leastTime: Policy = { cost, parts, ties: 'by-share', share: 'rate', idleTolerance: IDLE_TOLERANCE };

function cost(fleet: Fleet, position: number, open: number, task: Task): number {
  let wait = (open > 0 ? open / paceOf(fleet, position) : 0) + ownOf(fleet, position);
  if (fleet.doubt[position] === 1) wait *= DOUBTFUL_FACTOR;
  if (task.near && task.near[position] !== 1) wait *= ELSEWHERE_FACTOR;
  if (task.supporters?.[position] === 1) wait *= SUPPORTED_FACTOR;
  return wait;
}

const ownOf = (fleet: Fleet, position: number): number => workMsAt(fleet, position) / typicalMs(fleet);

/** What each thing does to a score of 100 ÷ wait, in turn. */
function parts(fleet: Fleet, position: number, open: number, task: Task): ScoreParts {
  let score = IDLE_SCORE;
  const steps: Record<string, number> = { idle: IDLE_SCORE };
  const step = (name: string, next: number): void => {
    const part = rounded(next - score);
    if (part !== 0) steps[name] = part;
    score += part;
  };
  const own = ownOf(fleet, position);
  step('responseTime', score / own);
  if (open > 0) step('inFlight', (score * own) / (own + open / paceOf(fleet, position)));
  if (fleet.doubt[position] === 1) step('doubtful', score / DOUBTFUL_FACTOR);
  if (task.near && task.near[position] !== 1) step('elsewhere', score / ELSEWHERE_FACTOR);
  if (task.supporters?.[position] === 1) step('taskType', score / SUPPORTED_FACTOR);
  return steps;
}
