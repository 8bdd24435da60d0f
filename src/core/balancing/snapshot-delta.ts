/**
 * What a registry tells an edge that is out of date: who changed, and the numbers that moved. Compact,
 * because every edge asks once a second: ten thousand components are two megabytes, a hundred changes a few
 * kilobytes.
 *
 * Positions are the registry's; they hold for one `epoch`, that is until the registry is started again.
 */
import type { Candidate, Condition, LiveStats } from './candidate.ts';

/** Where an edge stands; null when it knows nothing. */
export interface EdgePosition {
  readonly epoch: string;
  readonly version: number;
}

export interface SnapshotDelta extends EdgePosition {
  /** The type's revision. */
  readonly revision: number;
  /** It is the whole fleet: what the edge holds is to be forgotten. */
  readonly full: boolean;
  /** Positions there are, those of nobody included. */
  readonly size: number;
  /** Who is new or registered otherwise, and who is gone. */
  readonly changed: readonly (readonly [position: number, candidate: Candidate | null])[];
  /** Of whom only this is different: most changes are of health, and a tenth of the bytes. */
  readonly turned: readonly (readonly [position: number, condition: Condition])[];
  /** Rows of `VITALS_WIDTH` numbers. */
  readonly vitals: Float64Array;
  /** Epoch ms of the next check of any of them; null when none is checked. */
  readonly nextCheckAt: number | null;
}

/** position, suspect, in flight, load in percent, usual ms (-1 for unknown), whether that is of work */
export const LIVE_STATS_WIDTH = 6;

export const packLiveStats = (
  position: number,
  { suspect, inFlight, loadPercentage, usualMs, ofWork }: LiveStats,
): number[] => [position, suspect ? 1 : 0, inFlight, loadPercentage, usualMs ?? -1, ofWork ? 1 : 0];

export function unpackLiveStats(
  rows: Float64Array,
  row: number,
): { readonly position: number; readonly vitals: LiveStats } {
  const at = row * LIVE_STATS_WIDTH;
  const usualMs = rows[at + 4]!;
  return {
    position: rows[at]!,
    vitals: {
      suspect: rows[at + 1] === 1,
      inFlight: rows[at + 2]!,
      loadPercentage: rows[at + 3]!,
      usualMs: usualMs < 0 ? null : usualMs,
      ofWork: rows[at + 5] === 1,
    },
  };
}

/** Part by which a response time must move to be worth telling. */
const TELLING_MS = 0.05;

/** Whether an edge would decide differently by these. */
export function hasMoved(before: LiveStats, after: LiveStats): boolean {
  return (
    before.suspect !== after.suspect ||
    before.ofWork !== after.ofWork ||
    before.inFlight !== after.inFlight ||
    Math.abs(before.loadPercentage - after.loadPercentage) >= 1 ||
    (before.usualMs === null) !== (after.usualMs === null) ||
    Math.abs((before.usualMs ?? 0) - (after.usualMs ?? 0)) > TELLING_MS * (before.usualMs ?? 0)
  );
}
