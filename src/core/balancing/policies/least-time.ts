/**
 * `least-time`: the lowest expected wait. The cost rises for degraded or suspect components and for another location,
 * and falls for a supported task type.
 *
 * The unit is one task of an average component. The cost is the queue, in flight ÷ rate, plus this task at the average
 * response time of the component. The rate is weight × limit ÷ average response time. The design had (in flight + 1) ×
 * response time ÷ (weight × limit). The difference is the new task: its own time counts in full, whatever the capacity.
 * Idle components of equal speed thus tie and share work by capacity, and of other idle components the faster one comes
 * first. Under load, in flight ÷ rate evens out. `docs/reference/routing-simulation.md` shows the effect.
 *
 * After Finagle's peak EWMA and Envoy's weighted least request.
 */
import type { CandidatePool } from '../candidate-pool.ts';
import { workMsAt } from '../candidate-pool.ts';
import type { Policy, ScoreParts, Task } from './policy.ts';
import { rounded } from './policy.ts';

const SUSPECT_FACTOR = 4;
const ELSEWHERE_FACTOR = 1.5;
const SUPPORTED_FACTOR = 0.5;
/** Factors by 0 or 1: a table lookup avoids an unpredictable branch. */
const LOCATION_FACTORS = Float64Array.of(ELSEWHERE_FACTOR, 1);
const SUPPORT_FACTORS = Float64Array.of(1, SUPPORTED_FACTOR);
/** Relative difference below which idle components count as equally fast: measurements are no more precise. */
const IDLE_TOLERANCE = 0.25;
/** Score of an idle component with the typical response time. */
const IDLE_SCORE = 100;

export const leastTime: Policy = { cost, parts, ties: 'by-share', idleTolerance: IDLE_TOLERANCE };

function cost(pool: CandidatePool, position: number, open: number, task: Task): number {
  let wait = queueWaitOf(pool, position, open, task) + taskWaitOf(pool, position, task);
  if (pool.suspectFlags[position] === 1) wait *= SUSPECT_FACTOR;
  if (task.atLocation) wait *= LOCATION_FACTORS[task.atLocation[position]!]!;
  if (task.supporters) wait *= SUPPORT_FACTORS[task.supporters[position]!]!;
  return wait;
}

/** Wait until the work in flight on the component is done, in tasks of an average component. */
const queueWaitOf = ({ rate }: CandidatePool, position: number, open: number, { meanRate }: Task): number =>
  open > 0 ? (open * meanRate) / rate[position]! : 0;

const taskWaitOf = (pool: CandidatePool, position: number, task: Task): number =>
  workMsAt(pool, position) / task.typicalMs;

/** Effect of each factor on a score of 100 ÷ wait, in the order of application. */
function parts(pool: CandidatePool, position: number, open: number, task: Task): ScoreParts {
  let score = IDLE_SCORE;
  const steps: Record<string, number> = { idle: IDLE_SCORE };
  const step = (name: string, next: number): void => {
    const part = rounded(next - score);
    if (part !== 0) steps[name] = part;
    score += part;
  };
  const own = taskWaitOf(pool, position, task);
  step('responseTime', score / own);
  if (open > 0) step('inFlight', (score * own) / (own + queueWaitOf(pool, position, open, task)));
  if (pool.suspectFlags[position] === 1) step('suspect', score / SUSPECT_FACTOR);
  if (task.atLocation && task.atLocation[position] !== 1) step('elsewhere', score / ELSEWHERE_FACTOR);
  if (task.supporters?.[position] === 1) step('taskType', score / SUPPORTED_FACTOR);
  return steps;
}
