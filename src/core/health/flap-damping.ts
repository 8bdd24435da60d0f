import type { HealthStatus } from './health-status.ts';

export interface FlapState {
  /** When it fell, that is went from in routing to unhealthy, within the window. Epoch ms, the newest last. */
  readonly falls: readonly number[];
  /** It stays unhealthy until then, however good its answers are, epoch ms; null when nothing holds it. */
  readonly heldUntil: number | null;
}

export interface FlapPolicy {
  /** How long a fall counts, ms. */
  readonly flapWindow: number;
  /** The first hold, ms; 0 for none at all. */
  readonly flapHoldMs: number;
}

export const NOT_FLAPPING: FlapState = { falls: [], heldUntil: null };

/** Falls that cost nothing. */
const FREE_FALLS = 2;
export const MAX_HOLD_MS = 300_000;
/** Enough for the longest hold from the shortest. */
const MAX_FALLS = 16;

/** It has just fallen. */
export function noteFall({ falls }: FlapState, policy: FlapPolicy, now: number): FlapState {
  return holding({ falls: [...counted(falls, policy, now), now].slice(-MAX_FALLS), heldUntil: null }, policy, now);
}

/** It has just fallen from what would be good, were it not held: what it fell for counts from now on, but not more. */
export const noteHeldFall = ({ falls }: FlapState, policy: FlapPolicy, now: number): FlapState =>
  holding({ falls: [...counted(falls, policy, now).slice(1), now], heldUntil: null }, policy, now);

/** It failed once more while it was down: the hold begins anew. */
export const noteFailure = (state: FlapState, policy: FlapPolicy, now: number): FlapState =>
  holding({ ...state, falls: counted(state.falls, policy, now) }, policy, now);

/** As it is once its answers are good: held on, or free. */
export const releaseIfOver = (state: FlapState, now: number): FlapState =>
  state.heldUntil === null || isHeld(state, now) ? state : { ...state, heldUntil: null };

/** Longer than any hold: the clock went back, and nobody is held by that. */
export const isHeld = ({ heldUntil }: FlapState, now: number): boolean =>
  heldUntil !== null && now < heldUntil && heldUntil - now <= MAX_HOLD_MS;

/** It fell more often lately than costs nothing. */
export const isFlapping = ({ falls }: FlapState, policy: FlapPolicy, now: number): boolean =>
  counted(falls, policy, now).length > FREE_FALLS;

/** The status that follows from what is seen: one that looks well stays down while it is held. */
export const dampedStatus = (seen: HealthStatus, { heldUntil }: FlapState): HealthStatus =>
  heldUntil !== null && (seen === 'healthy' || seen === 'degraded') ? 'unhealthy' : seen;

/** How long the fall holds that makes `falls` of them, ms. */
export const holdMs = (falls: number, { flapHoldMs }: FlapPolicy): number =>
  falls <= FREE_FALLS ? 0 : Math.min(MAX_HOLD_MS, flapHoldMs * 2 ** (falls - FREE_FALLS - 1));

function holding(state: FlapState, policy: FlapPolicy, now: number): FlapState {
  const ms = holdMs(state.falls.length, policy);
  return { ...state, heldUntil: ms === 0 ? null : now + ms };
}

/** Those in the future fell before the clock went back. */
const counted = (falls: readonly number[], { flapWindow }: FlapPolicy, now: number): readonly number[] =>
  falls.filter((at) => Math.abs(now - at) < flapWindow);
