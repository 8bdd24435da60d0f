/**
 * The health state machine: one signal in, the next state and what happened out.
 *
 * Thresholds follow the usual rise/fall scheme: `unhealthyThreshold` failed checks in a row bring a
 * component down, `healthyThreshold` good ones bring it back. A first good check of a component
 * never seen before, or of one that is merely degraded, counts at once.
 */
import type { FailureDetail, HealthState, HealthStatus } from './health-state.ts';
import { worseStatus } from './health-state.ts';

export type HealthSignal =
  | {
      readonly kind: 'check-passed';
      readonly status: 'healthy' | 'degraded';
      readonly responseTimeMs: number;
      readonly details: string | null;
    }
  | { readonly kind: 'check-failed'; readonly error: FailureDetail; readonly details: string | null }
  | { readonly kind: 'suspected'; readonly error: FailureDetail }
  | { readonly kind: 'doubt-ended' }
  | { readonly kind: 'heartbeat'; readonly status: 'healthy' | 'degraded' | 'unhealthy' }
  | { readonly kind: 'heartbeat-expired'; readonly ttlMs: number }
  | { readonly kind: 'reported'; readonly error: FailureDetail };

export type FailureSource = 'check' | 'heartbeat' | 'report';

export type HealthEvent =
  | {
      readonly kind: 'status-changed';
      readonly from: HealthStatus;
      readonly to: HealthStatus;
      readonly reason: string | null;
    }
  | { readonly kind: 'failed'; readonly source: FailureSource; readonly error: FailureDetail };

export interface HealthPolicy {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export interface HealthStep {
  readonly next: HealthState;
  readonly events: readonly HealthEvent[];
}

const EWMA_WEIGHT = 0.3;

export function observeHealth(state: HealthState, signal: HealthSignal, policy: HealthPolicy, now: number): HealthStep {
  switch (signal.kind) {
    case 'check-passed':
      return settle(state, passCheck(state, signal, policy, now), explain(signal), [], now);
    case 'check-failed':
      return fail(state, failCheck(state, policy, now), { source: 'check', error: signal.error }, signal.details, now);
    case 'suspected':
      return { next: { ...state, suspect: true }, events: [] };
    case 'doubt-ended':
      return { next: { ...state, suspect: false }, events: [] };
    case 'heartbeat':
      return heartbeat(state, signal.status, now);
    case 'heartbeat-expired': {
      const error = { code: 'HEARTBEAT_EXPIRED', message: `no heartbeat for ${signal.ttlMs} ms` };
      return fail(state, { heartbeatStatus: 'unhealthy' }, { source: 'heartbeat', error }, null, now);
    }
    case 'reported':
      return fail(state, { suspect: true }, { source: 'report', error: signal.error }, state.details, now);
    default:
      return signal satisfies never;
  }
}

type CheckPassed = Extract<HealthSignal, { kind: 'check-passed' }>;
type StatePatch = Partial<HealthState>;

function passCheck(state: HealthState, signal: CheckPassed, policy: HealthPolicy, now: number): StatePatch {
  const consecutiveSuccesses = state.consecutiveSuccesses + 1;
  const held = state.checkStatus === 'unhealthy' && consecutiveSuccesses < policy.healthyThreshold;
  const usual = state.usualResponseTimeMs;
  return {
    checkStatus: held ? 'unhealthy' : signal.status,
    suspect: false,
    details: signal.details,
    lastCheckAt: now,
    responseTimeMs: signal.responseTimeMs,
    usualResponseTimeMs: usual === null ? signal.responseTimeMs : usual + EWMA_WEIGHT * (signal.responseTimeMs - usual),
    consecutiveFailures: 0,
    consecutiveSuccesses,
    errorCount: held ? state.errorCount : 0,
  };
}

function failCheck(state: HealthState, policy: HealthPolicy, now: number): StatePatch {
  const consecutiveFailures = state.consecutiveFailures + 1;
  const down = consecutiveFailures >= policy.unhealthyThreshold;
  return {
    checkStatus: down ? 'unhealthy' : state.checkStatus,
    suspect: !down,
    lastCheckAt: now,
    responseTimeMs: null,
    consecutiveFailures,
    consecutiveSuccesses: 0,
  };
}

function heartbeat(state: HealthState, status: 'healthy' | 'degraded' | 'unhealthy', now: number): HealthStep {
  if (status !== 'unhealthy') {
    const reason = status === 'degraded' ? 'says of itself that it is degraded' : null;
    return settle(state, { heartbeatStatus: status }, reason, [], now);
  }
  const error = { code: 'REPORTED_UNHEALTHY', message: 'says of itself that it is unhealthy' };
  // Said once, it is one failure; the same word repeated every heartbeat is not news.
  if (state.heartbeatStatus === 'unhealthy') return { next: state, events: [] };
  return fail(state, { heartbeatStatus: 'unhealthy' }, { source: 'heartbeat', error }, null, now);
}

interface Failed {
  readonly source: FailureSource;
  readonly error: FailureDetail;
}

function fail(state: HealthState, patch: StatePatch, failed: Failed, details: string | null, now: number): HealthStep {
  const counted = { ...patch, errorCount: state.errorCount + 1, lastFailureAt: now, details };
  const reason = `${failed.error.code}: ${failed.error.message}`;
  return settle(state, counted, reason, [{ kind: 'failed', ...failed }], now);
}

function settle(
  state: HealthState,
  patch: StatePatch,
  reason: string | null,
  events: readonly HealthEvent[],
  now: number,
): HealthStep {
  const merged = { ...state, ...patch };
  const status = worseStatus(merged.checkStatus, merged.heartbeatStatus);
  if (status === state.status) {
    const isNewsOfDown = status === 'unhealthy' && events.length > 0;
    return { next: { ...merged, status, reason: isNewsOfDown ? reason : state.reason }, events };
  }
  const why = status === 'healthy' ? null : reason;
  const changed: HealthEvent = { kind: 'status-changed', from: state.status, to: status, reason: why };
  return { next: { ...merged, status, since: now, reason: why }, events: [...events, changed] };
}

function explain(signal: CheckPassed): string | null {
  if (signal.status === 'healthy') return null;
  return signal.details
    ? `answers, degraded: ${signal.details}`
    : `answers slowly: ${Math.round(signal.responseTimeMs)} ms`;
}
