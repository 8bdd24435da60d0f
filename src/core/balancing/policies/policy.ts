/**
 * A balancing policy: what giving a component one more piece of work costs, and the same as a score for people.
 *
 * Costs are compared on the hot path, so they are plain numbers, lower is better. Scores are shown: higher is
 * better, and their parts add up to them.
 */
import type { CandidatePool } from '../candidate-pool.ts';

/** What a piece of work is, looked up in a fleet once, so that judging a component compares no text and finds no mean. */
export interface Task {
  /** 1 for whoever supports its type, by position; null when it names none. */
  readonly supporters: Uint8Array | null;
  /** 1 for whoever is where it is, by position; null when it says nothing of that. */
  readonly near: Uint8Array | null;
  /** The rate of an average component: see `meanRateOf`. */
  readonly meanRate: number;
  /** What work takes usually, ms: see `typicalMs`. */
  readonly typicalMs: number;
}

export type ScoreParts = Readonly<Record<string, number>>;

export interface Policy {
  /** `open` is the work in flight there as the caller knows it. */
  readonly cost: (fleet: CandidatePool, position: number, open: number, task: Task) => number;
  /** Parts in the order they come about; their sum is the score. */
  readonly parts: (fleet: CandidatePool, position: number, open: number, task: Task) => ScoreParts;
  /** Among equals: whose turn it is by share, or whoever was drawn first. */
  readonly ties: 'by-share' | 'as-drawn';
  /** The part of the work that each of equals is meant to get. */
  readonly share: 'rate' | 'capacity' | 'even';
  /** Part by which the costs of two idle ones may differ and be equal. */
  readonly idleTolerance: number;
}

/** The sum of the parts, to three digits. */
export function scoreOf(parts: ScoreParts): number {
  let sum = 0;
  // Every decision tells its score: no list is made of the parts.
  for (const name in parts) sum += parts[name]!;
  return rounded(sum);
}

export const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
