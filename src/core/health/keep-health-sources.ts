/** Drops the status of checks or heartbeats when a registration no longer has that health source. */
import { dampedStatus, releaseIfExpired } from './flap-damping.ts';
import type { HealthState } from './health-state.ts';
import { worseStatus } from './health-state.ts';

export interface HealthSources {
  readonly checks: boolean;
  readonly heartbeats: boolean;
}

export function keepHealthSources(state: HealthState, sources: HealthSources, now: number): HealthState {
  const checkStatus = sources.checks ? state.checkStatus : 'unknown';
  const heartbeatStatus = sources.heartbeats ? state.heartbeatStatus : 'unknown';
  const flap = releaseIfExpired(state.flap, now);
  // Re-registering without a health check must not end a flap-damping hold.
  const status = dampedStatus(worseStatus(checkStatus, heartbeatStatus), flap);
  const suspect = state.suspect && sources.checks;
  if (status === state.status) return { ...state, checkStatus, heartbeatStatus, suspect, flap };
  const reason = status === 'unknown' ? 'not checked yet' : null;
  const lastTransition = { from: state.status, to: status, at: now, reason, sample: null };
  return { ...state, checkStatus, heartbeatStatus, status, since: now, reason, suspect: false, flap, lastTransition };
}
