/**
 * Flap damping: a component that becomes unhealthy too often is held unhealthy for a while, even when its checks pass.
 * A fall is a change from healthy or degraded to unhealthy. The hold doubles with each further fall within the window.
 */
import type { HealthStatus } from './health-status.ts';

export interface FlapState {
  /** Times of the falls within the window, epoch ms, newest last. */
  readonly falls: readonly number[];
  /** The component stays unhealthy until then even when its checks pass, epoch ms; null without a hold. */
  readonly heldUntil: number | null;
}

export interface FlapPolicy {
  /** Time for which a fall counts, ms. */
  readonly flapWindow: number;
  /** Duration of the first hold, ms; 0 disables flap damping. */
  readonly flapHoldMs: number;
}

export const NOT_FLAPPING: FlapState = { falls: [], heldUntil: null };

/** Falls within the window that cause no hold. */
const FREE_FALLS = 2;
export const MAX_HOLD_MS = 300_000;
/** Enough doublings from the shortest to the longest hold. */
const MAX_FALLS = 16;

/** Records a fall and starts the hold that follows from it. */
export function recordFall({ falls }: FlapState, policy: FlapPolicy, now: number): FlapState {
  return withHold(
    { falls: [...fallsInWindow(falls, policy, now), now].slice(-MAX_FALLS), heldUntil: null },
    policy,
    now,
  );
}

/** Records a fall during a hold: it replaces the oldest fall, so that the hold restarts but does not grow. */
export const recordFallWhileHeld = ({ falls }: FlapState, policy: FlapPolicy, now: number): FlapState =>
  withHold({ falls: [...fallsInWindow(falls, policy, now).slice(1), now], heldUntil: null }, policy, now);

/** Restarts the hold after a further failure of an unhealthy component. */
export const extendHold = (state: FlapState, policy: FlapPolicy, now: number): FlapState =>
  withHold({ ...state, falls: fallsInWindow(state.falls, policy, now) }, policy, now);

/** Continues a hold after time in which no failure could be observed: that time does not count. */
export const resumeHold = (state: FlapState, unobservedMs: number, now: number): FlapState =>
  state.heldUntil === null || state.heldUntil <= now - unobservedMs
    ? state
    : { ...state, heldUntil: state.heldUntil + unobservedMs };

/** Ends an expired hold once checks pass; otherwise returns the same state. */
export const releaseIfExpired = (state: FlapState, now: number): FlapState =>
  state.heldUntil === null || isHeld(state, now) ? state : { ...state, heldUntil: null };

/** True during a hold. A remaining time above the maximum means that the clock was set back, and does not count. */
export const isHeld = ({ heldUntil }: FlapState, now: number): boolean =>
  heldUntil !== null && now < heldUntil && heldUntil - now <= MAX_HOLD_MS;

/** True when the recent falls exceed the number that causes no hold. */
export const isFlapping = ({ falls }: FlapState, policy: FlapPolicy, now: number): boolean =>
  fallsInWindow(falls, policy, now).length > FREE_FALLS;

/** The status after damping: during a hold, healthy and degraded become unhealthy. */
export const dampedStatus = (observed: HealthStatus, { heldUntil }: FlapState): HealthStatus =>
  heldUntil !== null && (observed === 'healthy' || observed === 'degraded') ? 'unhealthy' : observed;

/** Duration of the hold after `falls` falls within the window, ms. */
export const holdMs = (falls: number, { flapHoldMs }: FlapPolicy): number =>
  falls <= FREE_FALLS ? 0 : Math.min(MAX_HOLD_MS, flapHoldMs * 2 ** (falls - FREE_FALLS - 1));

function withHold(state: FlapState, policy: FlapPolicy, now: number): FlapState {
  const ms = holdMs(state.falls.length, policy);
  return { ...state, heldUntil: ms === 0 ? null : now + ms };
}

/** Falls with a time in the future happened before the clock was set back; they count by distance. */
const fallsInWindow = (falls: readonly number[], { flapWindow }: FlapPolicy, now: number): readonly number[] =>
  falls.filter((at) => Math.abs(now - at) < flapWindow);
