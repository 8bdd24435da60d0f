/**
 * Policy `least-time`: of a few candidates drawn in proportion to their pace, the one with the lowest
 * expected wait; of equals the one drawn first.
 *
 * The wait is (in-flight ÷ pace + 1), counted in whole tasks of an average component, worsened for
 * degraded and for another location, bettered for a supported task type. Whole, so that a difference
 * of less than one average task counts as none: idle candidates tie whatever their size, and the draw
 * shares the work among them by pace; under load the wait evens out in-flight ÷ pace, the same share.
 *
 * After the power of d choices (Mitzenmacher) with weighted sampling, as for heterogeneous servers,
 * Finagle's peak EWMA and Envoy's weighted least request.
 */
import { isDoubtful } from './fleet.ts';
import type { Fleet } from './fleet.ts';

export interface Task {
  readonly taskType?: string | undefined;
  readonly location?: string | undefined;
}

const DEGRADED_FACTOR = 4;
const ELSEWHERE_FACTOR = 1.5;
const SUPPORTED_FACTOR = 0.5;
/** Keeps a quotient that is whole but for rounding on its own side. */
const ROUNDING = 1e-9;

/** In average tasks, this one included: lower is better. `open` is work in flight as the caller knows it. */
export function expectedWait(fleet: Fleet, position: number, task: Task, open: number): number {
  const candidate = fleet.candidates[position]!;
  let wait = Math.floor(open / fleet.pace[position]! + ROUNDING) + 1;
  if (isDoubtful(candidate)) wait *= DEGRADED_FACTOR;
  if (task.location !== undefined && candidate.location !== task.location) wait *= ELSEWHERE_FACTOR;
  if (task.taskType !== undefined && candidate.taskTypes.includes(task.taskType)) wait *= SUPPORTED_FACTOR;
  return wait;
}

/** The wait as a score for people, 100 when idle: higher is better. Rounded, so not to be compared. */
export const scoreOf = (wait: number): number => Math.round(100_000 / wait) / 1_000;
