/**
 * Passive detection (Envoy's outlier detection): who fails at the work it is given leaves routing for a while, though
 * its checks may be good.
 *
 * So many failures in a row do it, or half of at least twenty pieces of work within about 20 s. An ejection ends by
 * its time, never by a good check: a component that answers its checks and fails at its work would flap.
 * Each one lasts longer by `ejectionMs` than the one before, and one is forgiven for each `ejectionMs` spent well.
 */

export interface EjectionState {
  /** Failed pieces of work since one went well. */
  readonly inRow: number;
  /** Work of late, in two slices of time, the newer last. */
  readonly recent: readonly WorkSlice[];
  /** Out of routing until then, epoch ms; null when it is not ejected. */
  readonly until: number | null;
  /** Why it is ejected; null when it is not. */
  readonly reason: string | null;
  /** Ejections not forgiven yet: what the next one is reckoned by. */
  readonly times: number;
  /** When the last one ended, epoch ms. */
  readonly endedAt: number;
}

interface WorkSlice {
  /** Epoch ms of its beginning. */
  readonly at: number;
  readonly ended: number;
  readonly failed: number;
}

export interface EjectionPolicy {
  /** Failures in a row that eject. */
  readonly ejectionFailures: number;
  /** How long the first ejection lasts, ms; 0: nobody is ejected. */
  readonly ejectionMs: number;
}

/** Pieces of work that are over, and how many of them failed. */
export type WorkDone = Pick<WorkSlice, 'ended' | 'failed'>;

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
const LEAST_WORK = 20;
const FAILED_PART = 0.5;

/** Takes in work that is over. While it is ejected nothing counts: what comes in was given to it before. */
export function noteWork(state: EjectionState, { ended, failed }: WorkDone, now: number): EjectionState {
  if (state.until !== null || ended <= 0) return state;
  // In which order they ended is not known: one that went well ends the row.
  const inRow = failed >= ended ? state.inRow + failed : 0;
  const recent = recentAt(state.recent, now);
  const last = recent.at(-1);
  const isOpen = last !== undefined && now - last.at < SLICE_MS;
  const slice = isOpen
    ? { at: last.at, ended: last.ended + ended, failed: last.failed + failed }
    : { at: now, ended, failed };
  return { ...state, inRow, recent: [...(isOpen ? recent.slice(0, -1) : recent), slice].slice(-2) };
}

/** Why it should be ejected, or null. */
export function whyEject(state: EjectionState, policy: EjectionPolicy, now: number): string | null {
  if (state.until !== null || policy.ejectionMs === 0) return null;
  if (state.inRow >= policy.ejectionFailures) return `${state.inRow} failures of work in a row`;
  let ended = 0;
  let failed = 0;
  for (const slice of recentAt(state.recent, now)) {
    ended += slice.ended;
    failed += slice.failed;
  }
  const isBad = ended >= LEAST_WORK && failed >= FAILED_PART * ended;
  return isBad ? `${failed} of ${ended} pieces of work failed` : null;
}

/** Whether one more may be ejected: at most half of those that could be given work, so never the last one. */
export const mayEject = (ejected: number, routable: number): boolean => ejected + 1 <= Math.floor(routable / 2);

export function eject(state: EjectionState, why: string, policy: EjectionPolicy, now: number): EjectionState {
  const forgiven = Math.floor(Math.max(0, now - state.endedAt) / policy.ejectionMs);
  const times = Math.max(0, state.times - forgiven) + 1;
  const until = now + Math.min(MAX_EJECTION_MS, times * policy.ejectionMs);
  const reason = `ejected until ${new Date(until).toISOString()}: ${why}`;
  return { inRow: 0, recent: [], until, reason, times, endedAt: until };
}

/** Whether its time is over. Longer than any ejection lasts: the clock went back. */
export const isOver = ({ until }: EjectionState, now: number): boolean =>
  until !== null && (now >= until || until - now > MAX_EJECTION_MS);

/** Back, before its time when checks have found it down: they decide then when it is well again. */
export const endEjection = (state: EjectionState, now: number): EjectionState =>
  state.until === null ? state : { ...state, until: null, reason: null, endedAt: now };

const recentAt = (recent: readonly WorkSlice[], now: number): readonly WorkSlice[] =>
  recent.filter(({ at }) => Math.abs(now - at) < 2 * SLICE_MS);
