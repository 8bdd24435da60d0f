/** Drops what a sense has told when the component no longer has that sense: it can say nothing any more. */
import { dampedStatus, releaseIfOver } from './flap-damping.ts';
import type { HealthState } from './health-state.ts';
import { worseStatus } from './health-state.ts';

export interface HealthSources {
  readonly checks: boolean;
  readonly heartbeats: boolean;
}

export function keepHealthSource(state: HealthState, senses: HealthSources, now: number): HealthState {
  const checkStatus = senses.checks ? state.checkStatus : 'unknown';
  const heartbeatStatus = senses.heartbeats ? state.heartbeatStatus : 'unknown';
  const flap = releaseIfOver(state.flap, now);
  // Whoever registers otherwise does not escape its hold by it.
  const status = dampedStatus(worseStatus(checkStatus, heartbeatStatus), flap);
  const suspect = state.suspect && senses.checks;
  if (status === state.status) return { ...state, checkStatus, heartbeatStatus, suspect, flap };
  const reason = status === 'unknown' ? 'not checked yet' : null;
  const lastTransition = { from: state.status, to: status, at: now, reason, sample: null };
  return { ...state, checkStatus, heartbeatStatus, status, since: now, reason, suspect: false, flap, lastTransition };
}
