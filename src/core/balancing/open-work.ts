/**
 * Work in flight as the router knows it, by position. Mutable: every decision updates it.
 *
 * `known` is what leases, heartbeats and outcomes tell; only known work refuses. The estimate is of assignments whose
 * end is not known; `core/component/work-estimate.ts` has its rules. The estimate of a position decays when it is read,
 * so its decay costs nothing while the position is not looked at. `recent` is the work assigned recently, finished or
 * not. Among components with equal cost, the one with the least recent work for its share is next.
 */
import type { CandidatePool } from './candidate-pool.ts';
import type { WorkEstimate } from '../component/work-estimate.ts';
import { countAfterEnd, remainingPart } from '../component/work-estimate.ts';

export interface OpenWork {
  known: Float64Array;
  /** Estimated work as of `estimatedAt`. */
  estimated: Float64Array;
  presumedEnded: Float64Array;
  /**
   * Work that other isolates have presumably assigned since the last sync, as of `estimatedAt`. Only ranks components:
   * isolates with the same snapshot decide alike, and would all pick the same component. 0 in the registry.
   */
  anticipated: Float64Array;
  /** Epoch ms. */
  estimatedAt: Float64Array;
  recent: Float64Array;
}

const ARRAYS = ['known', 'estimated', 'presumedEnded', 'anticipated', 'estimatedAt', 'recent'] as const;

export const noWork = (positions: number): OpenWork => ({
  known: new Float64Array(positions),
  estimated: new Float64Array(positions),
  presumedEnded: new Float64Array(positions),
  anticipated: new Float64Array(positions),
  estimatedAt: new Float64Array(positions),
  recent: new Float64Array(positions),
});

/** Estimated work on the component now. */
export function estimatedAt({ taskMs }: CandidatePool, work: OpenWork, position: number, now: number): number {
  const count = work.estimated[position]!;
  return count === 0 ? 0 : count * remainingPart(now - work.estimatedAt[position]!, taskMs[position]!);
}

/** Work on the component now, as it ranks: known, estimated and anticipated. */
export function openAt({ taskMs }: CandidatePool, work: OpenWork, position: number, now: number): number {
  const count = work.estimated[position]! + work.anticipated[position]!;
  const part = count === 0 ? 0 : remainingPart(now - work.estimatedAt[position]!, taskMs[position]!);
  return work.known[position]! + count * part;
}

/** Counts one new assignment, whose end may never be reported. */
export function countAssignment(pool: CandidatePool, work: OpenWork, position: number, now: number): void {
  settle(pool, work, position, now);
  work.estimated[position]! += 1;
  work.recent[position]! += 1;
}

/** Counts slots that a lease occupies until it ends. */
export function countLeased(work: OpenWork, position: number, slots: number): void {
  work.known[position]! += slots;
  work.recent[position]! += slots;
}

/** Counts the reported end of pieces of work that were assigned. */
export function countEnded(pool: CandidatePool, work: OpenWork, position: number, ended: number, now: number): void {
  settle(pool, work, position, now);
  const before = work.estimated[position]!;
  const presumedEnded = work.presumedEnded[position]!;
  const after = countAfterEnd(before, presumedEnded, ended);
  work.estimated[position] = after;
  work.presumedEnded[position] = Math.max(0, presumedEnded - ended);
  // The work of other isolates ends at the same pace.
  if (before > 0) work.anticipated[position]! *= after / before;
}

/** Counts what other isolates presumably assign while this one makes `count` assignments, just counted. */
export function anticipate(work: OpenWork, position: number, count: number): void {
  work.anticipated[position]! += count;
}

/** Replaces everything by a count that includes all work of the component. */
export function setKnown(work: OpenWork, position: number, known: number): void {
  work.known[position] = known;
  work.estimated[position] = 0;
  work.presumedEnded[position] = 0;
  work.anticipated[position] = 0;
}

export function setEstimate(work: OpenWork, position: number, { count, presumedEnded, at }: WorkEstimate): void {
  work.estimated[position] = count;
  work.presumedEnded[position] = presumedEnded;
  work.estimatedAt[position] = at;
}

/** Brings the estimate of a position to `now`, in place and without objects: each decision does it once. */
function settle({ taskMs }: CandidatePool, work: OpenWork, position: number, now: number): void {
  const part = remainingPart(now - work.estimatedAt[position]!, taskMs[position]!);
  const count = work.estimated[position]!;
  work.estimated[position] = count * part;
  work.anticipated[position]! *= part;
  work.presumedEnded[position] = work.presumedEnded[position]! * part + count * (1 - part);
  work.estimatedAt[position] = now;
}

/** Smaller values become 0: subnormal numbers are slow to compute with and would never reach 0. */
const MIN_RECENT = 1e-300;

/** Decays `recent`, so that a new or returning component does not receive all the work that it missed. */
export function decayRecent({ recent }: OpenWork, factor: number): void {
  for (let at = 0; at < recent.length; at++) {
    const faded = recent[at]! * factor;
    recent[at] = faded < MIN_RECENT ? 0 : faded;
  }
}

/** Grows the arrays to at least this many positions. */
export function resizeWork(work: OpenWork, positions: number): void {
  if (positions <= work.known.length) return;
  const length = Math.max(positions, work.known.length * 2);
  for (const name of ARRAYS) {
    const next = new Float64Array(length);
    next.set(work[name]);
    work[name] = next;
  }
}
