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
      return settle(state, passCheck(state, signal, policy, now), null, now);
    case 'check-failed':
      return fail(state, failCheck(state, signal, policy, now), { source: 'check', error: signal.error }, now);
    case 'suspected':
      return { next: { ...state, suspect: true }, events: [] };
    case 'doubt-ended':
      return { next: { ...state, suspect: false }, events: [] };
    case 'heartbeat':
      return heartbeat(state, signal.status, now);
    case 'heartbeat-expired': {
      const error = { code: 'HEARTBEAT_EXPIRED', message: `no heartbeat for ${signal.ttlMs} ms` };
      return fail(state, { heartbeatStatus: 'unhealthy' }, { source: 'heartbeat', error }, now);
    }
    case 'reported':
      return fail(state, { suspect: true }, { source: 'report', error: signal.error }, now);
    default:
      return signal satisfies never;
  }
}

type CheckPassed = Extract<HealthSignal, { kind: 'check-passed' }>;
type CheckFailed = Extract<HealthSignal, { kind: 'check-failed' }>;
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
  };
}

function failCheck(state: HealthState, signal: CheckFailed, policy: HealthPolicy, now: number): StatePatch {
  const consecutiveFailures = state.consecutiveFailures + 1;
  const down = consecutiveFailures >= policy.unhealthyThreshold;
  return {
    checkStatus: down ? 'unhealthy' : state.checkStatus,
    suspect: !down,
    details: signal.details,
    lastCheckAt: now,
    responseTimeMs: null,
    consecutiveFailures,
    consecutiveSuccesses: 0,
  };
}

function heartbeat(state: HealthState, status: 'healthy' | 'degraded' | 'unhealthy', now: number): HealthStep {
  if (status !== 'unhealthy') {
    // Where nothing is checked, no good check will ever end a doubt: the heartbeat does.
    const unchecked = state.checkStatus === 'unknown' && state.consecutiveFailures === 0;
    return settle(state, { heartbeatStatus: status, suspect: state.suspect && !unchecked }, null, now);
  }
  const error = { code: 'REPORTED_UNHEALTHY', message: 'says of itself that it is unhealthy' };
  // Said once, it is one failure; the same word repeated every heartbeat is not news.
  if (state.heartbeatStatus === 'unhealthy') return { next: state, events: [] };
  return fail(state, { heartbeatStatus: 'unhealthy' }, { source: 'heartbeat', error }, now);
}

interface Failed {
  readonly source: FailureSource;
  readonly error: FailureDetail;
}

function fail(state: HealthState, patch: StatePatch, failed: Failed, now: number): HealthStep {
  return settle(state, { ...patch, errorCount: state.errorCount + 1, lastFailureAt: now }, failed, now);
}

function settle(state: HealthState, patch: StatePatch, failed: Failed | null, now: number): HealthStep {
  const merged = { ...state, ...patch };
  const status = worseStatus(merged.checkStatus, merged.heartbeatStatus);
  const recovered = status === 'healthy' && !merged.suspect && !failed;
  const next: HealthState = {
    ...merged,
    status,
    reason: reasonOf(state, { ...merged, status }, failed),
    since: status === state.status ? state.since : now,
    backSince: backSinceOf(state, status, now),
    errorCount: recovered ? 0 : merged.errorCount,
  };
  const events: HealthEvent[] = failed ? [{ kind: 'failed', ...failed }] : [];
  if (status !== state.status)
    events.push({ kind: 'status-changed', from: state.status, to: status, reason: next.reason });
  return { next, events };
}

function backSinceOf(before: HealthState, status: HealthStatus, now: number): number | null {
  if (status === 'unhealthy') return null;
  return before.status === 'unhealthy' ? now : before.backSince;
}

/** Why it has the status it has now: as before, unless there is news of it. */
function reasonOf(before: HealthState, now: HealthState, failed: Failed | null): string | null {
  switch (now.status) {
    case 'healthy':
      return null;
    case 'unknown':
      return before.reason;
    case 'degraded': {
      const asBefore = now.checkStatus === before.checkStatus && now.heartbeatStatus === before.heartbeatStatus;
      return asBefore ? before.reason : whyDegraded(now);
    }
    case 'unhealthy':
      return failed ? `${failed.error.code}: ${failed.error.message}` : before.reason;
    default:
      return now.status satisfies never;
  }
}

/** Told from the state, because the sense that degrades it need not be the one that has just spoken. */
function whyDegraded({ checkStatus, details, responseTimeMs }: HealthState): string {
  if (checkStatus !== 'degraded') return 'says of itself that it is degraded';
  if (details) return `answers, degraded: ${details}`;
  return responseTimeMs === null ? 'answered slowly' : `answers slowly: ${Math.round(responseTimeMs)} ms`;
}
