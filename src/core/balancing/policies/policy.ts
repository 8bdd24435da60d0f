/**
 * A balancing policy: the cost of one more piece of work on a component, and the same as a score for display.
 *
 * The hot path compares costs: plain numbers, lower is better. Higher scores are better, and their parts add up to the
 * score.
 */
import type { CandidatePool } from '../candidate-pool.ts';

/** A piece of work, resolved against a pool once. Costing a component then compares no text and computes no mean. */
export interface Task {
  /** 1 if the component supports the task type, by position; null if the work names no type. */
  readonly supporters: Uint8Array | null;
  /** 1 if the component is at the work's location, by position; null if the work names no location. */
  readonly atLocation: Uint8Array | null;
  /** Rate of an average component: see `meanRateOf`. */
  readonly meanRate: number;
  /** Typical response time, ms: see `typicalMs`. */
  readonly typicalMs: number;
}

export type ScoreParts = Readonly<Record<string, number>>;

export interface Policy {
  /** `open` is the caller's view of the work in flight on the component. */
  readonly cost: (pool: CandidatePool, position: number, open: number, task: Task) => number;
  /** Parts in the order of application; their sum is the score. */
  readonly parts: (pool: CandidatePool, position: number, open: number, task: Task) => ScoreParts;
  /** Tie-break: by the share of recent work, or in the order of the draw. */
  readonly ties: 'by-share' | 'as-drawn';
  /** Relative difference up to which the costs of two idle components count as equal. */
  readonly idleTolerance: number;
  /** Absolute difference, beside the relative one. Absent: 0. */
  readonly idleGap?: number;
}

/** Sum of the parts, rounded to three digits. */
export function scoreOf(parts: ScoreParts): number {
  let sum = 0;
  // Runs in every decision, so the loop allocates no array.
  for (const name in parts) sum += parts[name]!;
  return rounded(sum);
}

export const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
