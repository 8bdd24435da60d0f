/**
 * The load of a component: its own report, assignments by edges, and slots occupied by leases.
 *
 * An assignment counts as in flight until its outcome is reported. Without a report it expires after the
 * component's typical response time, at most 30 s (the plan's decay).
 */
export interface ReportedLoad {
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** Percent of capacity; null when the component does not report it. */
  readonly loadPercentage: number | null;
}

export interface LoadState {
  readonly reported: ReportedLoad;
  /** Assignments by edges, oldest first. */
  readonly assigned: readonly Assignment[];
  /** Slots occupied by leases and lease blocks. */
  readonly leased: number;
  /** EWMA of the work durations that callers reported, ms; null before the first report. */
  readonly workMs: number | null;
}

interface Assignment {
  readonly count: number;
  /** Epoch ms at which the assignments stop counting. */
  readonly until: number;
}

export interface ComponentLoad {
  readonly loadPercentage: number;
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** The share of the type's traffic intended for this component, 0 to 1. */
  readonly share: number;
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
  assigned: [],
  leased: 0,
  workMs: null,
};

const UNKNOWN_WORK_MS = 1_000;
const MAX_WORK_MS = 30_000;
/** EWMA weight of one report. A batch weighs as much as its reports would one after the other. */
const REPORT_WEIGHT = 0.1;

/** Counts `count` further assignments from `now` on; `typicalMs` is the typical response time. */
export function addAssignments(load: LoadState, count: number, typicalMs: number | null, now: number): LoadState {
  const until = now + Math.min(MAX_WORK_MS, Math.max(1, typicalMs ?? UNKNOWN_WORK_MS));
  return { ...load, assigned: [...load.assigned.filter((each) => each.until > now), { count, until }] };
}

/** Applies reported outcomes: ends the oldest assignments and updates the average duration. */
export function applyOutcomes(load: LoadState, { ended, latencyMs, timed }: Outcomes, now: number): LoadState {
  let remaining = ended;
  const assigned = load.assigned.flatMap(({ count, until }): Assignment[] => {
    if (until <= now) return [];
    const finished = Math.min(remaining, count);
    remaining -= finished;
    return finished === count ? [] : [{ count: count - finished, until }];
  });
  return { ...load, assigned, workMs: timed === 0 ? load.workMs : ewmaAfter(load.workMs, latencyMs / timed, timed) };
}

/** The EWMA after `times` reports that average `value`. */
export function ewmaAfter(before: number | null, value: number, times: number): number {
  if (before === null) return value;
  return before + (1 - (1 - REPORT_WEIGHT) ** times) * (value - before);
}

/** Number of pieces of work in flight: leased slots, assignments and the component's own connections. */
export const inFlight = (load: LoadState, now: number): number =>
  load.leased +
  load.assigned.reduce((sum, each) => (each.until > now ? sum + each.count : sum), load.reported.activeConnections);

/** Percent of capacity in use: as reported, else in-flight work over the maximum; 0 when neither is known. */
export function loadPercentage(load: LoadState, maxConcurrentTasks: number | undefined, now: number): number {
  if (load.reported.loadPercentage !== null) return load.reported.loadPercentage;
  if (maxConcurrentTasks === undefined) return 0;
  return Math.min(100, (100 * inFlight(load, now)) / maxConcurrentTasks);
}
