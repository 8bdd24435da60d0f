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
import type { CandidatePool } from '../candidate-pool.ts';
import { workMsAt } from '../candidate-pool.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const DOUBTFUL_FACTOR = 4;
const ELSEWHERE_FACTOR = 1.5;
const SUPPORTED_FACTOR = 0.5;
/** The same by whether one has it, 0 or 1: looked up, because nobody can foretell which way such a branch goes. */
const PLACE_FACTORS = Float64Array.of(ELSEWHERE_FACTOR, 1);
const SUPPORT_FACTORS = Float64Array.of(1, SUPPORTED_FACTOR);
/** Idle components whose times differ by less than this part are equally fast: measuring is no better. */
const IDLE_TOLERANCE = 0.25;
/** The score of a typical component that is idle. */
const IDLE_SCORE = 100;

export const leastTime: Policy = { cost, parts, ties: 'by-share', share: 'rate', idleTolerance: IDLE_TOLERANCE };

function cost(fleet: CandidatePool, position: number, open: number, task: Task): number {
  let wait = openOf(fleet, position, open, task) + ownOf(fleet, position, task);
  if (fleet.doubt[position] === 1) wait *= DOUBTFUL_FACTOR;
  if (task.near) wait *= PLACE_FACTORS[task.near[position]!]!;
  if (task.supporters) wait *= SUPPORT_FACTORS[task.supporters[position]!]!;
  return wait;
}

/** Until what is in flight there is done. */
const openOf = ({ rate }: CandidatePool, position: number, open: number, { meanRate }: Task): number =>
  open > 0 ? (open * meanRate) / rate[position]! : 0;

const ownOf = (fleet: CandidatePool, position: number, task: Task): number =>
  workMsAt(fleet, position) / task.typicalMs;

/** What each thing does to a score of 100 ÷ wait, in turn. */
function parts(fleet: CandidatePool, position: number, open: number, task: Task): ScoreParts {
  let score = IDLE_SCORE;
  const steps: Record<string, number> = { idle: IDLE_SCORE };
  const step = (name: string, next: number): void => {
    const part = rounded(next - score);
    if (part !== 0) steps[name] = part;
    score += part;
  };
  const own = ownOf(fleet, position, task);
  step('responseTime', score / own);
  if (open > 0) step('inFlight', (score * own) / (own + openOf(fleet, position, open, task)));
  if (fleet.doubt[position] === 1) step('doubtful', score / DOUBTFUL_FACTOR);
  if (task.near && task.near[position] !== 1) step('elsewhere', score / ELSEWHERE_FACTOR);
  if (task.supporters?.[position] === 1) step('taskType', score / SUPPORTED_FACTOR);
  return steps;
}
