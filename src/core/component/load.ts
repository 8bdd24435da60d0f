/**
 * The load of a component: known from its own report and from the slots that leases occupy, and estimated from the
 * assignments by edges since. An assignment counts until its outcome is reported, and decays over the typical task time
 * of the component: as measured from outcomes, otherwise as the type's `assumedTaskMs`.
 */
import { ewmaAfter } from './typical-time.ts';
import type { Assigned, WorkEstimate } from './work-estimate.ts';
import { NO_ESTIMATE, decayed, typicalTaskMs, withAssigned, withEnded } from './work-estimate.ts';

export interface ReportedLoad {
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** Percent of capacity; null when the component does not report it. */
  readonly loadPercentage: number | null;
}

export interface LoadState {
  readonly reported: ReportedLoad;
  /** Assignments by edges since the last report. */
  readonly estimate: WorkEstimate;
  /** Slots occupied by leases and lease blocks. */
  readonly leased: number;
  /** Moving average of the work durations that callers reported, ms; null before the first report. */
  readonly workMs: number | null;
  /** Epoch ms of the last report of a duration. */
  readonly workMeasuredAt: number;
}

export interface ComponentLoad {
  readonly loadPercentage: number;
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** The share of the type's work that this component would get now, 0 to 1. */
  readonly share: number;
  /** The part of the figures above that is estimated from assignments. */
  readonly estimated: { readonly loadPercentage: number; readonly activeConnections: number };
}

/** Sum of the work results that callers reported for one component. */
export interface Outcomes {
  readonly ended: number;
  readonly failed: number;
  /** Sum of the durations, ms. */
  readonly latencyMs: number;
  /** Number of results in `latencyMs`. */
  readonly timed: number;
}

export const NO_LOAD: LoadState = {
  reported: { activeConnections: 0, queueDepth: 0, loadPercentage: null },
  estimate: NO_ESTIMATE,
  leased: 0,
  workMs: null,
  workMeasuredAt: 0,
};

/** Settings and time for an estimate of work. */
export interface EstimateContext {
  /** Task time before the first outcome, ms. */
  readonly assumedTaskMs: number;
  /** Epoch ms. */
  readonly now: number;
}

/** Replaces what is known by a report of the component, which includes all work assigned before. */
export const reportLoad = (load: LoadState, reported: ReportedLoad): LoadState => ({
  ...load,
  reported,
  estimate: NO_ESTIMATE,
});

/** Counts further assignments. */
export const addAssignments = (
  load: LoadState,
  assigned: Assigned,
  { assumedTaskMs, now }: EstimateContext,
): LoadState => ({
  ...load,
  estimate: withAssigned(load.estimate, assigned, typicalTaskMs(load.workMs, assumedTaskMs), now),
});

/** Applies reported outcomes: ends assignments and updates the average duration. */
export function applyOutcomes(load: LoadState, outcomes: Outcomes, { assumedTaskMs, now }: EstimateContext): LoadState {
  const estimate = withEnded(load.estimate, outcomes.ended, typicalTaskMs(load.workMs, assumedTaskMs), now);
  return { ...load, ...measuredWork(load, outcomes, now), estimate };
}

/** The average duration after outcomes. By time like at the edge: one slow piece of work weighs little and fades. */
function measuredWork(
  { workMs, workMeasuredAt }: LoadState,
  { latencyMs, timed }: Outcomes,
  now: number,
): Pick<LoadState, 'workMs' | 'workMeasuredAt'> {
  if (timed === 0) return { workMs, workMeasuredAt };
  const mean = latencyMs / timed;
  const average = workMs === null ? mean : ewmaAfter(workMs, mean, now - workMeasuredAt, timed);
  return { workMs: average, workMeasuredAt: now };
}

/** Known work in flight: leased slots and the component's own connections. */
export const knownInFlight = ({ leased, reported }: LoadState): number => leased + reported.activeConnections;

/** Estimated work in flight, in whole pieces. */
export const estimatedInFlight = (load: LoadState, { assumedTaskMs, now }: EstimateContext): number =>
  Math.round(decayed(load.estimate, typicalTaskMs(load.workMs, assumedTaskMs), now).count);

/** Pieces of work in flight, known and estimated. */
export const inFlight = (load: LoadState, context: EstimateContext): number =>
  knownInFlight(load) + estimatedInFlight(load, context);

/** Known load in percent: as reported, else known work over the maximum; 0 when neither is known. */
export const knownLoadPercentage = (load: LoadState, maxConcurrentTasks: number | undefined): number =>
  load.reported.loadPercentage ?? percentOf(knownInFlight(load), maxConcurrentTasks);

/** Load in percent: the known one and the estimated work on top, and the estimated part. */
export function loadPercentage(
  load: LoadState,
  maxConcurrentTasks: number | undefined,
  context: EstimateContext,
): { readonly total: number; readonly estimated: number } {
  const known = knownLoadPercentage(load, maxConcurrentTasks);
  const total = Math.min(100, known + percentOf(estimatedInFlight(load, context), maxConcurrentTasks));
  return { total, estimated: total - known };
}

const percentOf = (work: number, maxConcurrentTasks: number | undefined): number =>
  maxConcurrentTasks === undefined ? 0 : Math.min(100, (100 * work) / maxConcurrentTasks);
