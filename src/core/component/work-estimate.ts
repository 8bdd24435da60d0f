/**
 * Estimated work in flight on a component: assignments whose end is not known. An estimate decays exponentially over
 * the typical task time, so a steady rate of assignments amounts to rate × task time (Little's law).
 *
 * Invariant: decay and outcomes remove each piece of work once. A reported end counts first against the pieces that the
 * decay has removed already, and only then against the estimate.
 */
import { exponentialDecay } from '../exponential-decay.ts';

export interface WorkEstimate {
  /** Pieces of work presumed in flight at `at`; a fraction after some decay. */
  readonly count: number;
  /** Pieces that the decay removed and whose end may still be reported. Forgotten over the task time. */
  readonly presumedEnded: number;
  /** Epoch ms. */
  readonly at: number;
}

export const NO_ESTIMATE: WorkEstimate = { count: 0, presumedEnded: 0, at: 0 };

/** Shorter task times count as this long. */
const MIN_TASK_MS = 10;

/** Typical task time of a component, ms: as measured from outcomes, else as assumed. */
export const typicalTaskMs = (measuredMs: number | null, assumedTaskMs: number): number =>
  Math.max(MIN_TASK_MS, measuredMs ?? assumedTaskMs);

/** Part of an estimate that is left after `sinceMs`, 0 to 1; 1 after the clock went back. */
export const remainingPart = (sinceMs: number, taskMs: number): number =>
  sinceMs > 0 ? exponentialDecay(sinceMs / taskMs) : 1;

/** The estimate as of `now`. */
export function decayed({ count, presumedEnded, at }: WorkEstimate, taskMs: number, now: number): WorkEstimate {
  const part = remainingPart(now - at, taskMs);
  return { count: count * part, presumedEnded: presumedEnded * part + count * (1 - part), at: now };
}

export interface Assigned {
  readonly count: number;
  /** The assignments were made evenly over this time until now, ms; 0 if just now. */
  readonly overMs: number;
}

/** Adds assignments. Those made some time ago have decayed in part. */
export function withAssigned(
  estimate: WorkEstimate,
  { count, overMs }: Assigned,
  taskMs: number,
  now: number,
): WorkEstimate {
  const before = decayed(estimate, taskMs, now);
  const part = overMs > 0 ? (taskMs / overMs) * (1 - remainingPart(overMs, taskMs)) : 1;
  return {
    count: before.count + count * part,
    presumedEnded: before.presumedEnded + count * (1 - part),
    at: now,
  };
}

/** Removes pieces of work whose end was reported. */
export function withEnded(estimate: WorkEstimate, ended: number, taskMs: number, now: number): WorkEstimate {
  const { count, presumedEnded } = decayed(estimate, taskMs, now);
  return {
    count: countAfterEnd(count, presumedEnded, ended),
    presumedEnded: Math.max(0, presumedEnded - ended),
    at: now,
  };
}

/** Estimated count after the reported end of `ended` pieces. Those that the decay has removed are not removed again. */
export const countAfterEnd = (count: number, presumedEnded: number, ended: number): number =>
  Math.max(0, count - Math.max(0, ended - presumedEnded));
