/**
 * Passive detection (Envoy's outlier detection): a component that fails its work leaves routing for a while, even
 * though its checks pass.
 *
 * Consecutive failures cause an ejection, as does half of at least twenty pieces of work failing within about 20 s. An
 * ejection ends with its time, never with a passed check: a component whose work fails but whose checks pass would
 * flap. Each ejection lasts `ejectionMs` longer than the previous one. Each `ejectionMs` without an ejection forgives a
 * previous one.
 */

export interface EjectionState {
  /** Failed pieces of work since the last success. */
  readonly inRow: number;
  /** Recent work in two time slices, the newer last. */
  readonly recent: readonly WorkSlice[];
  /** End of the ejection, epoch ms; null when the component is not ejected. */
  readonly until: number | null;
  /** Reason of the ejection; null when the component is not ejected. */
  readonly reason: string | null;
  /** Ejections not yet forgiven; determines the duration of the next one. */
  readonly times: number;
  /** End of the last ejection, epoch ms; in the future while it runs. */
  readonly endedAt: number;
}

interface WorkSlice {
  /** Start of the slice, epoch ms. */
  readonly at: number;
  readonly ended: number;
  readonly failed: number;
}

export interface EjectionPolicy {
  /** Consecutive failures that cause an ejection. */
  readonly ejectionFailures: number;
  /** Duration of the first ejection, ms; 0 disables ejection. */
  readonly ejectionMs: number;
}

/** Number of finished pieces of work, and how many of them failed. */
export type WorkCounts = Pick<WorkSlice, 'ended' | 'failed'>;

export const NEVER_EJECTED: EjectionState = {
  inRow: 0,
  recent: [],
  until: null,
  reason: null,
  times: 0,
  endedAt: 0,
};

const MAX_EJECTION_MS = 300_000;
const SLICE_MS = 10_000;
const MIN_WORK = 20;
const FAILURE_RATIO = 0.5;

/** Counts finished work. During an ejection nothing counts, because that work was assigned before the ejection. */
export function recordWork(state: EjectionState, { ended, failed }: WorkCounts, now: number): EjectionState {
  if (state.until !== null || ended <= 0) return state;
  // The order within a report is unknown, so a single success resets the count of consecutive failures.
  const inRow = failed >= ended ? state.inRow + failed : 0;
  const recent = slicesInWindow(state.recent, now);
  const last = recent.at(-1);
  const isOpen = last !== undefined && now - last.at < SLICE_MS;
  const slice = isOpen
    ? { at: last.at, ended: last.ended + ended, failed: last.failed + failed }
    : { at: now, ended, failed };
  return { ...state, inRow, recent: [...(isOpen ? recent.slice(0, -1) : recent), slice].slice(-2) };
}

/** The reason to eject the component now, or null. */
export function ejectionReason(state: EjectionState, policy: EjectionPolicy, now: number): string | null {
  if (state.until !== null || policy.ejectionMs === 0) return null;
  if (state.inRow >= policy.ejectionFailures) return `${state.inRow} failures of work in a row`;
  let ended = 0;
  let failed = 0;
  for (const slice of slicesInWindow(state.recent, now)) {
    ended += slice.ended;
    failed += slice.failed;
  }
  const isBad = ended >= MIN_WORK && failed >= FAILURE_RATIO * ended;
  return isBad ? `${failed} of ${ended} pieces of work failed` : null;
}

/** True when one more component may be ejected: at most half of the routable ones, so never the last one. */
export const mayEject = (ejected: number, routable: number): boolean => ejected + 1 <= Math.floor(routable / 2);

export function eject(state: EjectionState, cause: string, policy: EjectionPolicy, now: number): EjectionState {
  const forgiven = Math.floor(Math.max(0, now - state.endedAt) / policy.ejectionMs);
  const times = Math.max(0, state.times - forgiven) + 1;
  const until = now + Math.min(MAX_EJECTION_MS, times * policy.ejectionMs);
  const reason = `ejected until ${new Date(until).toISOString()}: ${cause}`;
  return { inRow: 0, recent: [], until, reason, times, endedAt: until };
}

/** True when the ejection has expired. A remaining time above the maximum means that the clock was set back. */
export const hasEjectionExpired = ({ until }: EjectionState, now: number): boolean =>
  until !== null && (now >= until || until - now > MAX_EJECTION_MS);

/** Ends the ejection. Also used early when checks find the component down: then checks decide when it is back. */
export const endEjection = (state: EjectionState, now: number): EjectionState =>
  state.until === null ? state : { ...state, until: null, reason: null, endedAt: now };

const slicesInWindow = (recent: readonly WorkSlice[], now: number): readonly WorkSlice[] =>
  recent.filter(({ at }) => Math.abs(now - at) < 2 * SLICE_MS);
