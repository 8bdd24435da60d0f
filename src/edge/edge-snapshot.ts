/**
 * A fleet as an isolate holds it: compiled from what the registry told, kept up by deltas, with the work that
 * this isolate gave and was told the end of since.
 */
import type { BalancingSettings } from '../core/balancing/balancing-settings.ts';
import type { Candidate } from '../core/balancing/candidate.ts';
import type { CandidatePool } from '../core/balancing/candidate-pool.ts';
import {
  advancePool,
  compilePool,
  forgetTimes,
  isOutgrown,
  learnTime,
  patchPool,
} from '../core/balancing/candidate-pool.ts';
import type { OpenWork } from '../core/balancing/open-work.ts';
import { decay, resizeWork, noWork, noteAssigned } from '../core/balancing/open-work.ts';
import type { EdgeMember, Aperture } from '../core/balancing/aperture.ts';
import { apertureOf } from '../core/balancing/aperture.ts';
import type { EdgePosition, SnapshotDelta } from '../core/balancing/snapshot-delta.ts';
import { LIVE_STATS_WIDTH, unpackLiveStats } from '../core/balancing/snapshot-delta.ts';
import type { Outcomes } from '../core/component/load.ts';
import type { AssignmentCounts, ReportedOutcomes } from '../registry/contract/snapshot-api.ts';

export interface EdgeSnapshot {
  fleet: CandidatePool;
  readonly work: OpenWork;
  place: EdgePosition | null;
  revision: number;
  nextCheckAt: number | null;
  /** Given since the registry was told last, by position. */
  untold: Map<number, number>;
  /** What callers reported since the registry was told last, by component. */
  reported: Map<string, Outcomes>;
  /** Positions whose open work this isolate has counted itself since the registry told it last. */
  readonly counted: Set<number>;
  /** The part of the healthy ones that this isolate keeps to; null for all of them. */
  segment: Aperture | null;
}

/** What `lately` keeps of itself from one refresh to the next: two seconds are half forgotten. */
const FADE = 0.7;

export const newEdgeSnapshot = (settings: BalancingSettings): EdgeSnapshot => ({
  fleet: compilePool([], settings, 0),
  work: noWork(0),
  place: null,
  revision: -1,
  nextCheckAt: null,
  untold: new Map(),
  reported: new Map(),
  counted: new Set(),
  segment: null,
});

/** Counts one piece of work given to the component at a position. */
export function assign(edge: EdgeSnapshot, position: number): void {
  noteAssigned(edge.work, position);
  edge.counted.add(position);
  edge.untold.set(position, (edge.untold.get(position) ?? 0) + 1);
}

/** A piece of work there has ended; with its own count of open work where somebody told it. */
export function endWork(edge: EdgeSnapshot, id: string, inFlight: number | null): void {
  const position = edge.fleet.positions.get(id);
  if (position === undefined) return;
  edge.counted.add(position);
  edge.work.open[position] = inFlight ?? Math.max(0, edge.work.open[position]! - 1);
}

/** Takes in how long work took there: the registry would tell of it a second later. */
export function observeLatency({ fleet }: EdgeSnapshot, id: string, latencyMs: number, now: number): void {
  const position = fleet.positions.get(id);
  if (position !== undefined) learnTime(fleet, position, latencyMs, now);
}

/** Keeps what callers reported, for the registry. */
export function countOutcomes(
  { reported }: EdgeSnapshot,
  id: string,
  { ended, failed, latencyMs, timed }: Outcomes,
): void {
  const before = reported.get(id) ?? NO_OUTCOMES;
  reported.set(id, {
    ended: before.ended + ended,
    failed: before.failed + failed,
    latencyMs: before.latencyMs + latencyMs,
    timed: before.timed + timed,
  });
}

const NO_OUTCOMES: Outcomes = { ended: 0, failed: 0, latencyMs: 0, timed: 0 };

/** What was reported since the last call, for the registry; it is told once. */
export function drainOutcomes(edge: EdgeSnapshot): ReportedOutcomes {
  const reported = Array.from(edge.reported);
  edge.reported = new Map();
  return reported;
}

/** What was given since the last call, for the registry; it is told once. */
export function drainAssignments(edge: EdgeSnapshot): AssignmentCounts {
  const given = Array.from(edge.untold);
  edge.untold = new Map();
  return given;
}

/** The registry did not hear of it after all. */
export function restoreAssignments(edge: EdgeSnapshot, given: AssignmentCounts): void {
  for (const [position, count] of given) edge.untold.set(position, (edge.untold.get(position) ?? 0) + count);
}

/** What else a refresh brings: how to decide, and the isolate's place among all that do. */
export interface SnapshotContext {
  readonly settings: BalancingSettings;
  readonly decider: EdgeMember | null;
}

/** Brings the fleet to what the registry told. */
export function applyDelta(
  edge: EdgeSnapshot,
  delta: SnapshotDelta,
  { settings, decider }: SnapshotContext,
  now: number,
): void {
  if (delta.full) replace(edge, delta, settings, now);
  else patch(edge, delta, now);
  // A number that did not move is not told: what was counted here meanwhile is not on top of it.
  for (const position of edge.counted) recount(edge, position);
  edge.counted.clear();
  advancePool(edge.fleet, now);
  if (edge.fleet.settings !== settings || isOutgrown(edge.fleet))
    edge.fleet = compilePool(edge.fleet.candidates, settings, now);
  forgetTimes(edge.fleet, now);
  decay(edge.work, FADE);
  edge.place = { epoch: delta.epoch, version: delta.version };
  edge.revision = delta.revision;
  edge.nextCheckAt = delta.nextCheckAt;
  edge.segment = decider && apertureOf(edge.fleet, decider, edge.segment);
}

/** Has the fleet decide by other settings from now on. */
export function applySettings(edge: EdgeSnapshot, settings: BalancingSettings, now: number): void {
  if (edge.fleet.settings !== settings) edge.fleet = compilePool(edge.fleet.candidates, settings, now);
}

function replace(edge: EdgeSnapshot, delta: SnapshotDelta, settings: BalancingSettings, now: number): void {
  const candidates: (Candidate | null)[] = Array.from({ length: delta.size }, () => null);
  for (const [position, candidate] of delta.changed) candidates[position] = candidate;
  // Work is counted by position: what was given meanwhile moves along with its component.
  const ids = new Map(Array.from(edge.untold, ([position, count]) => [edge.fleet.candidates[position]?.id, count]));
  edge.fleet = compilePool(candidates, settings, now);
  edge.untold = new Map();
  edge.work.lately.fill(0);
  resizeWork(edge.work, delta.size);
  candidates.forEach((candidate, position) => {
    const untold = (candidate && ids.get(candidate.id)) ?? 0;
    if (untold > 0) edge.untold.set(position, untold);
    recount(edge, position);
  });
}

function patch(edge: EdgeSnapshot, delta: SnapshotDelta, now: number): void {
  resizeWork(edge.work, delta.size);
  for (const [position, candidate] of delta.changed) put(edge, position, candidate, now);
  for (const [position, condition] of delta.turned) {
    const known = edge.fleet.candidates[position];
    if (known) put(edge, position, { ...known, ...condition }, now);
  }
  for (let row = 0; row < delta.vitals.length / LIVE_STATS_WIDTH; row++) {
    const { position, vitals } = unpackLiveStats(delta.vitals, row);
    const known = edge.fleet.candidates[position];
    if (known) put(edge, position, { ...known, vitals }, now);
  }
}

function put(edge: EdgeSnapshot, position: number, candidate: Candidate | null, now: number): void {
  // Work of whoever sat there before is not that of the next one.
  if (edge.fleet.candidates[position]?.id !== candidate?.id) edge.untold.delete(position);
  patchPool(edge.fleet, position, candidate, now);
  recount(edge, position);
}

/** What was given or ended while the call was under way is not in its answer yet. */
function recount({ fleet, work, untold, reported }: EdgeSnapshot, position: number): void {
  const candidate = fleet.candidates[position];
  const given = untold.get(position) ?? 0;
  const ended = (candidate && reported.get(candidate.id)?.ended) ?? 0;
  work.open[position] = Math.max(0, (candidate?.vitals.inFlight ?? 0) + given - ended);
}
