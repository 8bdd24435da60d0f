/**
 * Policy `least-time`: the lowest expected wait, (in-flight + 1) × usual response time ÷
 * (weight × room), worsened for degraded and for another location, bettered for a supported task type.
 * After Finagle's peak EWMA and Envoy's weighted least request.
 */
import type { Candidate } from './candidate.ts';
import type { Fleet } from './fleet.ts';

export interface Task {
  readonly taskType?: string | undefined;
  readonly location?: string | undefined;
}

/** Health checks that differ by less than this tell nothing about the work. */
const RESOLUTION_MS = 10;
const DEGRADED_FACTOR = 4;
const ELSEWHERE_FACTOR = 1.5;
const SUPPORTED_FACTOR = 0.5;

/** Expected wait in ms per unit of room: lower is better. `open` is work in flight as the caller knows it. */
export function expectedWait(candidate: Candidate, fleet: Fleet, task: Task, open: number): number {
  const usual = Math.max(RESOLUTION_MS, candidate.vitals.usualMs ?? fleet.meanUsualMs);
  const room = candidate.weight * (candidate.maxConcurrentTasks ?? fleet.meanRoom);
  let wait = ((open + 1) * usual) / room;
  if (candidate.status === 'degraded' || candidate.vitals.suspect) wait *= DEGRADED_FACTOR;
  if (task.location !== undefined && candidate.location !== task.location) wait *= ELSEWHERE_FACTOR;
  if (task.taskType !== undefined && candidate.taskTypes.includes(task.taskType)) wait *= SUPPORTED_FACTOR;
  return wait;
}

/** The wait as a score: higher is better. */
export const scoreOf = (wait: number): number => Math.round(1_000_000 / wait) / 1_000;
