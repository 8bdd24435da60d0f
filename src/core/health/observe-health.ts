/**
 * The health state machine: one signal in, the next state and its events out.
 *
 * Thresholds follow the rise/fall scheme: `unhealthyThreshold` consecutive failed checks make a component unhealthy,
 * `healthyThreshold` consecutive passed checks make it healthy again. From unknown or degraded one passed check is
 * enough. A component that falls too often is held unhealthy for a while (`flap-damping.ts`).
 */
import { boundedOutlier } from '../component/typical-time.ts';
import { endEjection } from './outlier-ejection.ts';
import type { FlapPolicy, FlapState } from './flap-damping.ts';
import { dampedStatus, extendHold, recordFallWhileHeld, recordFall, releaseIfExpired } from './flap-damping.ts';
import type { FailureDetail, HealthSample, HealthState } from './health-state.ts';
import type { HealthStatus } from './health-status.ts';
import { worseStatus } from './health-state.ts';
import { appendTime } from './samples/response-times.ts';

export type HealthSignal =
  | {
      readonly kind: 'check-passed';
      readonly status: 'healthy' | 'degraded';
      readonly responseTimeMs: number;
      readonly details: string | null;
    }
  | {
      readonly kind: 'check-failed';
      readonly error: FailureDetail;
      readonly details: string | null;
      /** Response time of the last attempt, ms; null or absent without a response. */
      readonly responseTimeMs?: number | null;
    }
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
      /** Earlier changes that this one stands for in the event log; absent for none. */
      readonly mergedChanges?: number;
    }
  | { readonly kind: 'failed'; readonly source: FailureSource; readonly error: FailureDetail }
  /** Flap damping holds the component unhealthy; `until` (epoch ms) moves with each further failure. */
  | { readonly kind: 'held'; readonly falls: number; readonly until: number };

export interface HealthPolicy extends FlapPolicy {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export interface HealthStep {
  readonly next: HealthState;
  readonly events: readonly HealthEvent[];
}

const EWMA_WEIGHT = 0.3;

/** Checks come at an even pace, so each weighs the same; one slow check is bounded. */
const averageAfter = (ewmaMs: number | null, responseTimeMs: number): number =>
  ewmaMs === null ? responseTimeMs : ewmaMs + EWMA_WEIGHT * (boundedOutlier(ewmaMs, responseTimeMs) - ewmaMs);

export function observeHealth(state: HealthState, signal: HealthSignal, policy: HealthPolicy, now: number): HealthStep {
  const sample = sampleOf(signal, now);
  switch (signal.kind) {
    case 'check-passed':
      return applyPatch(state, passCheck(state, signal, policy, now), { sample, failed: null, policy, now });
    case 'check-failed': {
      const failed: ObservedFailure = { source: 'check', error: signal.error };
      return applyFailure(state, failCheck(state, signal, policy, now), { sample, failed, policy, now });
    }
    case 'suspected':
      return { next: { ...state, suspect: true }, events: [] };
    case 'doubt-ended':
      return { next: { ...state, suspect: false }, events: [] };
    case 'heartbeat':
      return heartbeat(state, signal.status, { sample, failed: null, policy, now });
    case 'heartbeat-expired': {
      const failed: ObservedFailure = { source: 'heartbeat', error: expiredAfter(signal.ttlMs) };
      return applyFailure(state, { heartbeatStatus: 'unhealthy' }, { sample, failed, policy, now });
    }
    case 'reported': {
      const failed: ObservedFailure = { source: 'report', error: signal.error };
      return applyFailure(state, { suspect: true }, { sample, failed, policy, now });
    }
    default:
      return signal satisfies never;
  }
}

const SELF_REPORTED_UNHEALTHY: FailureDetail = {
  code: 'REPORTED_UNHEALTHY',
  message: 'says of itself that it is unhealthy',
};

const expiredAfter = (ttlMs: number): FailureDetail => ({
  code: 'HEARTBEAT_EXPIRED',
  message: `no heartbeat for ${ttlMs} ms`,
});

/** The sample stored with a status change; null for signals that cannot change the status. */
function sampleOf(signal: HealthSignal, now: number): HealthSample | null {
  switch (signal.kind) {
    case 'check-passed': {
      const { responseTimeMs, details } = signal;
      return { source: 'check', outcome: 'passed', code: null, message: null, responseTimeMs, details, at: now };
    }
    case 'check-failed': {
      const { error, responseTimeMs = null, details } = signal;
      return { source: 'check', outcome: 'failed', ...error, responseTimeMs, details, at: now };
    }
    case 'heartbeat':
      return signal.status === 'unhealthy' ? heartbeatSample(SELF_REPORTED_UNHEALTHY, now) : heartbeatSample(null, now);
    case 'heartbeat-expired':
      return heartbeatSample(expiredAfter(signal.ttlMs), now);
    case 'suspected':
    case 'doubt-ended':
    case 'reported':
      return null;
    default:
      return signal satisfies never;
  }
}

const heartbeatSample = (error: FailureDetail | null, now: number): HealthSample => ({
  source: 'heartbeat',
  outcome: error ? 'failed' : 'passed',
  code: error?.code ?? null,
  message: error?.message ?? null,
  responseTimeMs: null,
  details: null,
  at: now,
});

type CheckPassed = Extract<HealthSignal, { kind: 'check-passed' }>;
type CheckFailed = Extract<HealthSignal, { kind: 'check-failed' }>;
type StatePatch = Partial<HealthState>;

function passCheck(state: HealthState, signal: CheckPassed, policy: HealthPolicy, now: number): StatePatch {
  const consecutiveSuccesses = state.consecutiveSuccesses + 1;
  const isBelowThreshold = state.checkStatus === 'unhealthy' && consecutiveSuccesses < policy.healthyThreshold;
  return {
    checkStatus: isBelowThreshold ? 'unhealthy' : signal.status,
    suspect: false,
    details: signal.details,
    lastCheckAt: now,
    responseTimeMs: signal.responseTimeMs,
    ewmaResponseTimeMs: averageAfter(state.ewmaResponseTimeMs, signal.responseTimeMs),
    responseTimesMs: appendTime(state.responseTimesMs, signal.responseTimeMs),
    consecutiveFailures: 0,
    consecutiveSuccesses,
  };
}

function failCheck(state: HealthState, signal: CheckFailed, policy: HealthPolicy, now: number): StatePatch {
  const consecutiveFailures = state.consecutiveFailures + 1;
  const isDown = consecutiveFailures >= policy.unhealthyThreshold;
  return {
    checkStatus: isDown ? 'unhealthy' : state.checkStatus,
    suspect: !isDown,
    details: signal.details,
    lastCheckAt: now,
    responseTimeMs: null,
    consecutiveFailures,
    consecutiveSuccesses: 0,
  };
}

function heartbeat(
  state: HealthState,
  status: 'healthy' | 'degraded' | 'unhealthy',
  observation: Observation,
): HealthStep {
  if (status !== 'unhealthy') {
    // Without checks no passed check can ever clear `suspect`, so the heartbeat clears it.
    const unchecked = state.checkStatus === 'unknown' && state.consecutiveFailures === 0;
    return applyPatch(state, { heartbeatStatus: status, suspect: state.suspect && !unchecked }, observation);
  }
  // The first unhealthy heartbeat is one failure; repetitions are not counted.
  if (state.heartbeatStatus === 'unhealthy') return { next: state, events: [] };
  const failed: ObservedFailure = { source: 'heartbeat', error: SELF_REPORTED_UNHEALTHY };
  return applyFailure(state, { heartbeatStatus: 'unhealthy' }, { ...observation, failed });
}

interface ObservedFailure {
  readonly source: FailureSource;
  readonly error: FailureDetail;
}

/** Everything about a signal except its patch of the state. */
interface Observation {
  readonly sample: HealthSample | null;
  readonly failed: ObservedFailure | null;
  readonly policy: HealthPolicy;
  readonly now: number;
}

const applyFailure = (state: HealthState, patch: StatePatch, observation: Observation): HealthStep =>
  applyPatch(state, { ...patch, errorCount: state.errorCount + 1, lastFailureAt: observation.now }, observation);

function applyPatch(state: HealthState, patch: StatePatch, observation: Observation): HealthStep {
  const { failed, now } = observation;
  const merged = { ...state, ...patch };
  const observedStatus = worseStatus(merged.checkStatus, merged.heartbeatStatus);
  const flap = nextFlapState(state, observedStatus, observation);
  const status = dampedStatus(observedStatus, flap);
  const isRecovered = status === 'healthy' && !merged.suspect && !failed;
  const isChanged = status !== state.status;
  const isGood = !failed && observation.sample?.outcome === 'passed';
  const reason = reasonOf(state, { ...merged, status, flap }, failed);
  const next: HealthState = {
    ...merged,
    status,
    reason,
    since: isChanged ? now : state.since,
    backSince: backSinceOf(state, status, now),
    errorCount: isRecovered ? 0 : merged.errorCount,
    goodInRow: failed ? 0 : state.goodInRow + (isGood ? 1 : 0),
    lastGoodAt: isGood ? now : state.lastGoodAt,
    lastTransition: isChanged
      ? { from: state.status, to: status, at: now, reason, sample: observation.sample }
      : state.lastTransition,
    flap,
    ejection: isChanged && status === 'unhealthy' ? endEjection(state.ejection, now) : state.ejection,
  };
  const events: HealthEvent[] = failed ? [{ kind: 'failed', ...failed }] : [];
  if (isChanged) events.push({ kind: 'status-changed', from: state.status, to: status, reason });
  if (isChanged && flap.heldUntil !== null)
    events.push({ kind: 'held', falls: flap.falls.length, until: flap.heldUntil });
  return { next, events };
}

function nextFlapState(
  before: HealthState,
  observedStatus: HealthStatus,
  { failed, policy, now }: Observation,
): FlapState {
  // An expired hold ends with the next good signal, not with a failure below the threshold.
  if (observedStatus !== 'unhealthy') return failed ? before.flap : releaseIfExpired(before.flap, now);
  const observedBefore = worseStatus(before.checkStatus, before.heartbeatStatus);
  if (observedBefore === 'healthy' || observedBefore === 'degraded')
    return before.status === 'unhealthy'
      ? recordFallWhileHeld(before.flap, policy, now)
      : recordFall(before.flap, policy, now);
  return failed ? extendHold(before.flap, policy, now) : before.flap;
}

function backSinceOf(before: HealthState, status: HealthStatus, now: number): number | null {
  if (status === 'unhealthy') return null;
  return before.status === 'unhealthy' ? now : before.backSince;
}

/** The reason of the current status: the earlier reason, unless the signal provides a new one. */
function reasonOf(before: HealthState, now: HealthState, failed: ObservedFailure | null): string | null {
  switch (now.status) {
    case 'healthy':
      return null;
    case 'unknown':
      return before.reason;
    case 'degraded': {
      const isUnchanged = now.checkStatus === before.checkStatus && now.heartbeatStatus === before.heartbeatStatus;
      return isUnchanged ? before.reason : degradedReason(now);
    }
    case 'unhealthy':
      if (worseStatus(now.checkStatus, now.heartbeatStatus) !== 'unhealthy') return heldReason(now.flap);
      return failed ? `${failed.error.code}: ${failed.error.message}` : before.reason;
    default:
      return now.status satisfies never;
  }
}

const heldReason = ({ falls, heldUntil }: FlapState): string =>
  `flapping: down ${falls.length} times recently, held until ${new Date(heldUntil ?? 0).toISOString()}`;

/** Derived from the state, because the degrading health source need not be the source of the current signal. */
function degradedReason({ checkStatus, details, responseTimeMs }: HealthState): string {
  if (checkStatus !== 'degraded') return 'says of itself that it is degraded';
  if (details) return `answers, degraded: ${details}`;
  return responseTimeMs === null ? 'answered slowly' : `answers slowly: ${Math.round(responseTimeMs)} ms`;
}
