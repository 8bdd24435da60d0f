/**
 * The health of a component that registered at another address. A good verdict was about the other address: the status
 * becomes unknown until the first check. A bad status stays until a check passes: moving must not end a failure.
 */
import type { HealthState } from './health-state.ts';
import { initialHealth } from './health-state.ts';
import type { HealthStatus } from './health-status.ts';

export function atNewAddress(state: HealthState, now: number): HealthState {
  if (state.status !== 'healthy' && state.status !== 'degraded') return state;
  const { flap, backSince, errorCount, lastFailureAt, status } = state;
  const reason = 'registered at another address, not checked there yet';
  return {
    ...initialHealth(now),
    flap,
    backSince,
    errorCount,
    lastFailureAt,
    reason,
    lastTransition: { from: status, to: 'unknown', at: now, reason, sample: null },
  };
}

/**
 * The status as routing counts it. A component that was good until its registration changed is a fallback until its
 * first check, as a degraded one is. A component that was never checked gets no work.
 */
export const routingStatusOf = ({ status, lastTransition }: HealthState): HealthStatus =>
  status === 'unknown' && (lastTransition?.from === 'healthy' || lastTransition?.from === 'degraded')
    ? 'degraded'
    : status;
