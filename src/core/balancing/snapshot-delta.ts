/**
 * Delta that a registry sends to an outdated isolate: changed components and changed numbers. Compact, because every
 * isolate synchronises once a second: ten thousand components take some megabytes, a hundred changes a few kilobytes.
 *
 * A delta that does not fit into one response has several pages. An isolate applies it as a whole.
 *
 * Invariant: positions belong to the registry and are valid for one `epoch`, which lasts until the registry restarts.
 */
import type { Candidate, Condition, LiveStats } from './candidate.ts';
import { remainingPart, typicalTaskMs } from '../component/work-estimate.ts';

/** Version of the snapshot that an isolate has. */
export interface SnapshotVersion {
  readonly epoch: string;
  readonly version: number;
}

/**
 * `registration` is the JSON text that routing responses contain: an isolate passes it on without parsing it. Absent
 * for a removed component.
 */
export type ChangedComponent = readonly [position: number, candidate: Candidate | null, registration?: string];

export interface SnapshotDelta extends SnapshotVersion {
  readonly revision: number;
  /** True if the delta is the whole pool: the isolate discards its snapshot. */
  readonly full: boolean;
  /** Number of positions, unused ones included. */
  readonly size: number;
  /** New, re-registered and (as null) removed components. */
  readonly changed: readonly ChangedComponent[];
  /** Components with only a changed condition. Most changes are of health, and take a tenth of the bytes. */
  readonly conditions: readonly (readonly [position: number, condition: Condition])[];
  /** Rows of `LIVE_STATS_WIDTH` numbers. */
  readonly liveStats: Float64Array;
  /** Epoch ms by the clock of the registry; the age of estimates counts from it. */
  readonly sentAt: number;
  /** Epoch ms of the next check of any component; null if no check is due. */
  readonly nextCheckAt: number | null;
}

/** Position at which the next page of a delta begins. */
export interface DeltaPosition {
  readonly epoch: string;
  readonly position: number;
}

/** A part of a delta that fits into one response. */
export interface SnapshotDeltaPage extends SnapshotDelta {
  /** Null on the last page. */
  readonly next: DeltaPosition | null;
}

/**
 * Appends a page of the same epoch to the pages before it. The version stays that of the first page: what has changed
 * since then comes again with the next delta.
 */
export const appendPage = (before: SnapshotDelta, page: SnapshotDelta): SnapshotDelta => ({
  ...before,
  size: page.size,
  nextCheckAt: page.nextCheckAt,
  changed: [...before.changed, ...page.changed],
  conditions: [...before.conditions, ...page.conditions],
  liveStats: Float64Array.from([...before.liveStats, ...page.liveStats]),
});

/**
 * Columns: position, suspect, in flight, estimated, `estimatedAt`, load in percent, `ewmaMs` (-1 for null),
 * `isWorkTime`.
 */
export const LIVE_STATS_WIDTH = 8;

export const packLiveStats = (
  position: number,
  { suspect, inFlight, estimated, estimatedAt, loadPercentage, ewmaMs, isWorkTime }: LiveStats,
): number[] => [
  position,
  suspect ? 1 : 0,
  inFlight,
  estimated,
  estimatedAt,
  loadPercentage,
  ewmaMs ?? -1,
  isWorkTime ? 1 : 0,
];

export function unpackLiveStats(
  rows: Float64Array,
  row: number,
): { readonly position: number; readonly liveStats: LiveStats } {
  const at = row * LIVE_STATS_WIDTH;
  const ewmaMs = rows[at + 6]!;
  return {
    position: rows[at]!,
    liveStats: {
      suspect: rows[at + 1] === 1,
      inFlight: rows[at + 2]!,
      estimated: rows[at + 3]!,
      estimatedAt: rows[at + 4]!,
      loadPercentage: rows[at + 5]!,
      ewmaMs: ewmaMs < 0 ? null : ewmaMs,
      isWorkTime: rows[at + 7] === 1,
    },
  };
}

/** Relative change of a response time that is worth sending. */
const RESPONSE_TIME_TOLERANCE = 0.05;

/** Difference of estimated work that is worth sending. */
const ESTIMATE_TOLERANCE = 0.5;

/** Whether the change could alter a decision of an isolate. Isolates let estimates decay by themselves. */
export function hasMoved(before: LiveStats, after: LiveStats, assumedTaskMs: number): boolean {
  const taskMs = typicalTaskMs(after.isWorkTime ? after.ewmaMs : null, assumedTaskMs);
  const expected = before.estimated * remainingPart(after.estimatedAt - before.estimatedAt, taskMs);
  return (
    Math.abs(expected - after.estimated) >= ESTIMATE_TOLERANCE ||
    before.suspect !== after.suspect ||
    before.isWorkTime !== after.isWorkTime ||
    before.inFlight !== after.inFlight ||
    Math.abs(before.loadPercentage - after.loadPercentage) >= 1 ||
    (before.ewmaMs === null) !== (after.ewmaMs === null) ||
    Math.abs((before.ewmaMs ?? 0) - (after.ewmaMs ?? 0)) > RESPONSE_TIME_TOLERANCE * (before.ewmaMs ?? 0)
  );
}
