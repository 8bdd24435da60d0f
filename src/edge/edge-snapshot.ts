/**
 * An isolate's snapshot of the components of one type: compiled from the registry's data and updated by deltas. Keeps
 * the assignments and outcomes of this isolate until a sync reports them to the registry.
 */
import type { BalancingSettings } from '../core/balancing/balancing-settings.ts';
import type { Candidate } from '../core/balancing/candidate.ts';
import type { CandidatePool } from '../core/balancing/candidate-pool.ts';
import {
  advanceSlowStart,
  compilePool,
  fadeTimes,
  needsRecompile,
  recordTime,
  patchPool,
} from '../core/balancing/candidate-pool.ts';
import type { OpenWork } from '../core/balancing/open-work.ts';
import {
  anticipate,
  countAssignment,
  countEnded,
  decayRecent,
  noWork,
  resizeWork,
  setEstimate,
  setKnown,
} from '../core/balancing/open-work.ts';
import type { EdgeMember, Aperture } from '../core/balancing/aperture.ts';
import { apertureOf, sharingOf } from '../core/balancing/aperture.ts';
import type { SnapshotVersion, SnapshotDelta } from '../core/balancing/snapshot-delta.ts';
import { LIVE_STATS_WIDTH, unpackLiveStats } from '../core/balancing/snapshot-delta.ts';
import type { Outcomes } from '../core/component/load.ts';
import type { WorkEstimate } from '../core/component/work-estimate.ts';
import { withAssigned, withEnded } from '../core/component/work-estimate.ts';
import type { AssignmentCounts, ReportedOutcomes } from '../registry/contract/snapshot-api.ts';

export interface EdgeSnapshot {
  pool: CandidatePool;
  readonly work: OpenWork;
  /** By position: the registration as JSON text, for responses. Empty for an unused position. */
  registrations: string[];
  /** The version that the last sync brought; null before the first. */
  syncedTo: SnapshotVersion | null;
  revision: number;
  nextCheckAt: number | null;
  /** Assignments since the last sync, by position. */
  pendingAssignments: Map<number, number>;
  /** Outcomes that callers reported since the last sync, by component id. */
  pendingOutcomes: Map<string, Outcomes>;
  /** Positions whose open work this isolate has counted itself since the last sync. */
  readonly countedHere: Set<number>;
  /** Clock of the registry minus that of this isolate at the last sync, ms. */
  clockAheadMs: number;
  /** Number of isolates that share a component, see `sharingOf`. Each assignment here stands for so many. */
  sharing: number;
  /** The subset of the healthy components that this isolate uses; null for all of them. */
  aperture: Aperture | null;
}

/** The share of recent assignments that remains after a refresh: about half after 2 s. */
const RECENT_DECAY = 0.7;

export const newEdgeSnapshot = (settings: BalancingSettings): EdgeSnapshot => ({
  pool: compilePool([], settings, 0),
  work: noWork(0),
  registrations: [],
  syncedTo: null,
  revision: -1,
  nextCheckAt: null,
  pendingAssignments: new Map(),
  pendingOutcomes: new Map(),
  countedHere: new Set(),
  clockAheadMs: 0,
  sharing: 1,
  aperture: null,
});

/** Counts one assignment to the component at a position. */
export function assign(edge: EdgeSnapshot, position: number, now: number): void {
  countAssignment(edge.pool, edge.work, position, now);
  anticipate(edge.work, position, edge.sharing - 1);
  edge.countedHere.add(position);
  edge.pendingAssignments.set(position, (edge.pendingAssignments.get(position) ?? 0) + 1);
}

/**
 * Counts the end of pieces of work. `inFlight` is the component's own count of its open work where it is known; until
 * the next sync the snapshot takes it for all work there.
 */
export function endWork(
  edge: EdgeSnapshot,
  id: string,
  { ended, inFlight }: { readonly ended: number; readonly inFlight: number | null },
  now: number,
): void {
  const position = edge.pool.positions.get(id);
  if (position === undefined) return;
  edge.countedHere.add(position);
  if (inFlight === null) countEnded(edge.pool, edge.work, position, ended, now);
  else setKnown(edge.work, position, inFlight);
}

/** Records a latency at once, about 1 s before the registry would send it. */
export function observeLatency({ pool }: EdgeSnapshot, id: string, latencyMs: number, now: number): void {
  const position = pool.positions.get(id);
  if (position !== undefined) recordTime(pool, position, latencyMs, now);
}

/** Adds outcomes to those that the next sync reports. */
export function countOutcomes(
  { pendingOutcomes }: EdgeSnapshot,
  id: string,
  { ended, failed, latencyMs, timed }: Outcomes,
): void {
  const before = pendingOutcomes.get(id) ?? NO_OUTCOMES;
  pendingOutcomes.set(id, {
    ended: before.ended + ended,
    failed: before.failed + failed,
    latencyMs: before.latencyMs + latencyMs,
    timed: before.timed + timed,
  });
}

const NO_OUTCOMES: Outcomes = { ended: 0, failed: 0, latencyMs: 0, timed: 0 };

/** Returns the pending outcomes and clears them: the registry must count each once. */
export function drainOutcomes(edge: EdgeSnapshot): ReportedOutcomes {
  const outcomes = Array.from(edge.pendingOutcomes);
  edge.pendingOutcomes = new Map();
  return outcomes;
}

/** Returns the pending assignments and clears them: the registry must count each once. */
export function drainAssignments(edge: EdgeSnapshot): AssignmentCounts {
  const assignments = Array.from(edge.pendingAssignments);
  edge.pendingAssignments = new Map();
  return assignments;
}

/** Makes assignments pending again that the registry did not count. */
export function restoreAssignments({ pendingAssignments }: EdgeSnapshot, assignments: AssignmentCounts): void {
  for (const [position, count] of assignments)
    pendingAssignments.set(position, (pendingAssignments.get(position) ?? 0) + count);
}

/** Input that a delta does not contain: how to decide, and the membership of this isolate among the edges. */
export interface SnapshotContext {
  readonly settings: BalancingSettings;
  readonly edgeMember: EdgeMember | null;
}

/** Brings the snapshot to the state that the registry sent. */
export function applyDelta(
  edge: EdgeSnapshot,
  delta: SnapshotDelta,
  { settings, edgeMember }: SnapshotContext,
  now: number,
): void {
  edge.clockAheadMs = delta.sentAt - now;
  if (delta.full) replace(edge, delta, settings, now);
  else patch(edge, delta, now);
  // A delta omits unchanged counts: work that was counted here before the sync is part of the omitted count.
  for (const position of edge.countedHere) recount(edge, position, now);
  edge.countedHere.clear();
  advanceSlowStart(edge.pool, now);
  if (edge.pool.settings !== settings || needsRecompile(edge.pool))
    edge.pool = compilePool(edge.pool.candidates, settings, now);
  fadeTimes(edge.pool, now);
  decayRecent(edge.work, RECENT_DECAY);
  edge.syncedTo = { epoch: delta.epoch, version: delta.version };
  edge.revision = delta.revision;
  edge.nextCheckAt = delta.nextCheckAt;
  edge.aperture = edgeMember && apertureOf(edge.pool, edgeMember, edge.aperture);
  edge.sharing = edgeMember && edge.aperture ? sharingOf(edge.aperture, edgeMember) : 1;
}

export function applySettings(edge: EdgeSnapshot, settings: BalancingSettings, now: number): void {
  if (edge.pool.settings !== settings) edge.pool = compilePool(edge.pool.candidates, settings, now);
}

function replace(edge: EdgeSnapshot, delta: SnapshotDelta, settings: BalancingSettings, now: number): void {
  const candidates: (Candidate | null)[] = Array.from({ length: delta.size }, () => null);
  edge.registrations = Array.from({ length: delta.size }, () => '');
  for (const [position, candidate, registration = ''] of delta.changed) {
    candidates[position] = candidate;
    edge.registrations[position] = registration;
  }
  // Assignments are counted by position, so those made since the sync move along with their component.
  const counts = new Map(
    Array.from(edge.pendingAssignments, ([position, count]) => [edge.pool.candidates[position]?.id, count]),
  );
  edge.pool = compilePool(candidates, settings, now);
  edge.pendingAssignments = new Map();
  edge.work.recent.fill(0);
  resizeWork(edge.work, delta.size);
  candidates.forEach((candidate, position) => {
    const assigned = (candidate && counts.get(candidate.id)) ?? 0;
    if (assigned > 0) edge.pendingAssignments.set(position, assigned);
    recount(edge, position, now);
  });
}

function patch(edge: EdgeSnapshot, delta: SnapshotDelta, now: number): void {
  resizeWork(edge.work, delta.size);
  for (const [position, candidate, registration = ''] of delta.changed) {
    put(edge, position, candidate, now);
    edge.registrations[position] = registration;
  }
  for (const [position, condition] of delta.conditions) {
    const known = edge.pool.candidates[position];
    if (known) put(edge, position, { ...known, ...condition }, now);
  }
  for (let row = 0; row < delta.liveStats.length / LIVE_STATS_WIDTH; row++) {
    const { position, liveStats } = unpackLiveStats(delta.liveStats, row);
    const known = edge.pool.candidates[position];
    if (known) put(edge, position, { ...known, liveStats }, now);
  }
}

function put(edge: EdgeSnapshot, position: number, candidate: Candidate | null, now: number): void {
  // Pending assignments to the previous component at this position must not count for its successor.
  if (edge.pool.candidates[position]?.id !== candidate?.id) edge.pendingAssignments.delete(position);
  patchPool(edge.pool, position, candidate, now);
  recount(edge, position, now);
}

/**
 * Applies the counts of the registry. Adds what was assigned or ended while the sync was in flight, since its response
 * does not contain that.
 */
function recount(edge: EdgeSnapshot, position: number, now: number): void {
  const { pool, work, clockAheadMs } = edge;
  const candidate = pool.candidates[position];
  setKnown(work, position, candidate?.liveStats.inFlight ?? 0);
  if (!candidate) return;
  const { estimated, estimatedAt } = candidate.liveStats;
  const received: WorkEstimate = { count: estimated, presumedEnded: 0, at: estimatedAt - clockAheadMs };
  const assigned = { count: edge.pendingAssignments.get(position) ?? 0, overMs: 0 };
  const ended = edge.pendingOutcomes.get(candidate.id)?.ended ?? 0;
  const taskMs = pool.taskMs[position]!;
  setEstimate(work, position, withEnded(withAssigned(received, assigned, taskMs, now), ended, taskMs, now));
  anticipate(work, position, Math.max(0, assigned.count - ended) * (edge.sharing - 1));
}
