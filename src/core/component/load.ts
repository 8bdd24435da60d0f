/**
 * How busy a component is: what it says of itself, the work that edges gave it, and the slots that leases
 * hold.
 *
 * Work of edges counts as in flight until its outcome is reported; where nobody reports, for the component's
 * usual response time, 30 s at most (the plan's decay).
 */
export interface ReportedLoad {
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** Percent of what it can take, or null when it does not say. */
  readonly loadPercentage: number | null;
}

export interface LoadState {
  readonly reported: ReportedLoad;
  /** Assignments by edges, oldest first: how many, until when they count. */
  readonly assigned: readonly Assigned[];
  /** Slots taken by leases and blocks of leases. */
  readonly leased: number;
  /** EWMA of the time that work took, as callers reported it, ms; null before the first report. */
  readonly workMs: number | null;
}

interface Assigned {
  readonly count: number;
  readonly until: number;
}

export interface ComponentLoad {
  readonly loadPercentage: number;
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** Part of its type's traffic this component is meant to get, 0 to 1. */
  readonly share: number;
}

/** Results of work that callers report of one component, gathered. */
export interface Outcomes {
  readonly ended: number;
  readonly failed: number;
  /** Sum of the times it took, ms, and of how many. */
  readonly latencyMs: number;
  readonly timed: number;
}

export const NO_LOAD: LoadState = {
  reported: { activeConnections: 0, queueDepth: 0, loadPercentage: null },
  assigned: [],
  leased: 0,
  workMs: null,
};

const UNKNOWN_WORK_MS = 1_000;
const MAX_WORK_MS = 30_000;
/** Weight of one report; a gathered batch weighs more, as its reports would one after the other. */
const REPORT_WEIGHT = 0.1;

/** Counts `count` further assignments from `now` on. */
export function assign(load: LoadState, count: number, usualMs: number | null, now: number): LoadState {
  const until = now + Math.min(MAX_WORK_MS, Math.max(1, usualMs ?? UNKNOWN_WORK_MS));
  return { ...load, assigned: [...load.assigned.filter((each) => each.until > now), { count, until }] };
}

/** Takes in what callers report: the oldest assignments are over, the usual time moves. */
export function settle(load: LoadState, { ended, latencyMs, timed }: Outcomes, now: number): LoadState {
  let left = ended;
  const assigned = load.assigned.flatMap(({ count, until }): Assigned[] => {
    if (until <= now) return [];
    const over = Math.min(left, count);
    left -= over;
    return over === count ? [] : [{ count: count - over, until }];
  });
  return { ...load, assigned, workMs: timed === 0 ? load.workMs : loadChanged(load.workMs, latencyMs / timed, timed) };
}

/** An EWMA after `times` reports of about the same. */
export function loadChanged(before: number | null, value: number, times: number): number {
  if (before === null) return value;
  return before + (1 - (1 - REPORT_WEIGHT) ** times) * (value - before);
}

/** Work in flight as far as anyone knows. */
export const inFlight = (load: LoadState, now: number): number =>
  load.leased +
  load.assigned.reduce((sum, each) => (each.until > now ? sum + each.count : sum), load.reported.activeConnections);

/** Percent of capacity in use: as reported, else in-flight work over the maximum; 0 when neither is known. */
export function loadPercentage(load: LoadState, maxConcurrentTasks: number | undefined, now: number): number {
  if (load.reported.loadPercentage !== null) return load.reported.loadPercentage;
  if (maxConcurrentTasks === undefined) return 0;
  return Math.min(100, (100 * inFlight(load, now)) / maxConcurrentTasks);
}
