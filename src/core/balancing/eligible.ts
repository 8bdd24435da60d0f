/** Whether a candidate may be given a piece of work, in the order the rules are asked. */
import type { CandidatePool } from './candidate-pool.ts';
import type { OpenWork } from './open-work.ts';
import type { Preferences } from './preferences.ts';
import { unmetPreference } from './preferences.ts';

/** Who is asked for: what the work needs beside health. */
export interface Wanted {
  readonly preferences: Preferences;
  /** Slots it takes; work without a lease takes one. */
  readonly slots: number;
  /** Ids that a rehearsal takes for gone. */
  readonly assumedDown: readonly string[];
}

export const hasCapacity = (fleet: CandidatePool, work: OpenWork, position: number, wanted: Wanted): boolean =>
  work.open[position]! + wanted.slots <= fleet.room[position]! && !isGone(fleet, position, wanted);

export const isGone = ({ candidates }: CandidatePool, position: number, { assumedDown }: Wanted): boolean =>
  assumedDown.length > 0 && assumedDown.includes(candidates[position]!.id);

export function meetsPreferences(
  fleet: CandidatePool,
  work: OpenWork,
  position: number,
  { preferences }: Wanted,
): boolean {
  const load = preferences.maxLoad === undefined ? 0 : loadPercentOf(fleet, work, position);
  return unmetPreference(fleet.candidates[position]!, preferences, load) === null;
}

/** As it says itself or as its room is taken, whichever is more. */
export function loadPercentOf(fleet: CandidatePool, work: OpenWork, position: number): number {
  const room = fleet.room[position]!;
  const taken = room === Infinity ? 0 : Math.min(100, (100 * work.open[position]!) / room);
  return Math.max(taken, fleet.candidates[position]!.vitals.loadPercentage);
}
