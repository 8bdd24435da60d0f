/** Rules that decide whether a candidate may receive a piece of work, in the order of their evaluation. */
import type { CandidatePool } from './candidate-pool.ts';
import type { OpenWork } from './open-work.ts';
import type { Preferences } from './preferences.ts';
import { unmetPreference } from './preferences.ts';

/** Requirements of a piece of work beside health. */
export interface Requirements {
  readonly preferences: Preferences;
  /** Slots that the work occupies; 1 without a lease. */
  readonly slots: number;
  /** Ids that a dry run assumes to be down. */
  readonly assumedDown: readonly string[];
}

export const hasCapacity = (
  pool: CandidatePool,
  work: OpenWork,
  position: number,
  requirements: Requirements,
): boolean =>
  work.open[position]! + requirements.slots <= pool.taskLimit[position]! &&
  !isAssumedDown(pool, position, requirements);

export const isAssumedDown = (
  { candidates }: CandidatePool,
  position: number,
  { assumedDown }: Requirements,
): boolean => assumedDown.length > 0 && assumedDown.includes(candidates[position]!.id);

export function meetsPreferences(
  pool: CandidatePool,
  work: OpenWork,
  position: number,
  { preferences }: Requirements,
): boolean {
  const load = preferences.maxLoad === undefined ? 0 : loadPercentOf(pool, work, position);
  return unmetPreference(pool.candidates[position]!, preferences, load) === null;
}

/** Load in percent: as the component reports or as its slots are used, whichever is higher. */
export function loadPercentOf(pool: CandidatePool, work: OpenWork, position: number): number {
  const limit = pool.taskLimit[position]!;
  const usedPercent = limit === Infinity ? 0 : Math.min(100, (100 * work.open[position]!) / limit);
  return Math.max(usedPercent, pool.candidates[position]!.liveStats.loadPercentage);
}
