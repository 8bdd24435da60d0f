/**
 * How busy a component is: what it says of itself, and the work that edges gave it since.
 *
 * Edge work has no completion call in this mode, so an assignment counts as in flight for the
 * component's usual response time, 30 s at most (the plan's decay).
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
  readonly assigned: readonly { readonly count: number; readonly until: number }[];
}

export interface ComponentLoad {
  readonly loadPercentage: number;
  readonly activeConnections: number;
  readonly queueDepth: number;
  /** Part of its type's traffic this component is meant to get, 0 to 1. */
  readonly share: number;
}

export const NO_LOAD: LoadState = {
  reported: { activeConnections: 0, queueDepth: 0, loadPercentage: null },
  assigned: [],
};

const UNKNOWN_WORK_MS = 1_000;
const MAX_WORK_MS = 30_000;

/** Counts `count` further assignments from `now` on. */
export function assign(load: LoadState, count: number, usualMs: number | null, now: number): LoadState {
  const until = now + Math.min(MAX_WORK_MS, Math.max(1, usualMs ?? UNKNOWN_WORK_MS));
  return { ...load, assigned: [...load.assigned.filter((each) => each.until > now), { count, until }] };
}

/** Work in flight as far as anyone knows. */
export const inFlight = (load: LoadState, now: number): number =>
  load.assigned.reduce((sum, each) => (each.until > now ? sum + each.count : sum), load.reported.activeConnections);

/** Percent of capacity in use: as reported, else in-flight work over the maximum; 0 when neither is known. */
export function loadPercentage(load: LoadState, maxConcurrentTasks: number | undefined, now: number): number {
  if (load.reported.loadPercentage !== null) return load.reported.loadPercentage;
  if (maxConcurrentTasks === undefined) return 0;
  return Math.min(100, (100 * inFlight(load, now)) / maxConcurrentTasks);
}
