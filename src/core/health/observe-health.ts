/**
 * The health state machine: one signal in, the next state and what happened out.
 *
 * Thresholds follow the usual rise/fall scheme: `unhealthyThreshold` failed checks in a row bring a
 * component down, `healthyThreshold` good ones bring it back. A first good check of a component
 * never seen before, or of one that is merely degraded, counts at once. One that comes back too often is held
 * down for a while (`flap-damping.ts`).
 */
import { endEjection } from './ejection.ts';
import type { FlapPolicy, FlapState } from './flap-damping.ts';
import { dampedStatus, noteFailure, noteHeldFall, noteFall, releaseIfOver } from './flap-damping.ts';
import type { FailureDetail, HealthSample, HealthState } from './health-state.ts';
import type { HealthStatus } from './health-status.ts';
import { worseStatus } from './health-state.ts';
import { noteTime } from './samples/response-times.ts';

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
      /** How long the last attempt took, ms, where it was answered. */
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
    }
  | { readonly kind: 'failed'; readonly source: FailureSource; readonly error: FailureDetail }
  /** It fell too often: it is held down, until then if it does not fail again. */
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

export function observeHealth(state: HealthState, signal: HealthSignal, policy: HealthPolicy, now: number): HealthStep {
  const sample = sampleOf(signal, now);
  switch (signal.kind) {
    case 'check-passed':
      return settle(state, passCheck(state, signal, policy, now), { sample, failed: null, policy, now });
    case 'check-failed': {
      const failed: Failed = { source: 'check', error: signal.error };
      return fail(state, failCheck(state, signal, policy, now), { sample, failed, policy, now });
    }
    case 'suspected':
      return { next: { ...state, suspect: true }, events: [] };
    case 'doubt-ended':
      return { next: { ...state, suspect: false }, events: [] };
    case 'heartbeat':
      return heartbeat(state, signal.status, { sample, failed: null, policy, now });
    case 'heartbeat-expired': {
      const failed: Failed = { source: 'heartbeat', error: expiredAfter(signal.ttlMs) };
      return fail(state, { heartbeatStatus: 'unhealthy' }, { sample, failed, policy, now });
    }
    case 'reported': {
      const failed: Failed = { source: 'report', error: signal.error };
      return fail(state, { suspect: true }, { sample, failed, policy, now });
    }
    default:
      return signal satisfies never;
  }
}

const SAYS_UNHEALTHY: FailureDetail = { code: 'REPORTED_UNHEALTHY', message: 'says of itself that it is unhealthy' };

const expiredAfter = (ttlMs: number): FailureDetail => ({
  code: 'HEARTBEAT_EXPIRED',
  message: `no heartbeat for ${ttlMs} ms`,
});

/** What can change a status, as it is kept beside the change; null for what cannot. */
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
      return signal.status === 'unhealthy' ? silent(SAYS_UNHEALTHY, now) : silent(null, now);
    case 'heartbeat-expired':
      return silent(expiredAfter(signal.ttlMs), now);
    case 'suspected':
    case 'doubt-ended':
    case 'reported':
      return null;
    default:
      return signal satisfies never;
  }
}

const silent = (error: FailureDetail | null, now: number): HealthSample => ({
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
  const held = state.checkStatus === 'unhealthy' && consecutiveSuccesses < policy.healthyThreshold;
  const usual = state.usualResponseTimeMs;
  return {
    checkStatus: held ? 'unhealthy' : signal.status,
    suspect: false,
    details: signal.details,
    lastCheckAt: now,
    responseTimeMs: signal.responseTimeMs,
    usualResponseTimeMs: usual === null ? signal.responseTimeMs : usual + EWMA_WEIGHT * (signal.responseTimeMs - usual),
    responseTimesMs: noteTime(state.responseTimesMs, signal.responseTimeMs),
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

function heartbeat(state: HealthState, status: 'healthy' | 'degraded' | 'unhealthy', seen: Seen): HealthStep {
  if (status !== 'unhealthy') {
    // Where nothing is checked, no good check will ever end a doubt: the heartbeat does.
    const unchecked = state.checkStatus === 'unknown' && state.consecutiveFailures === 0;
    return settle(state, { heartbeatStatus: status, suspect: state.suspect && !unchecked }, seen);
  }
  // Said once, it is one failure; the same word repeated every heartbeat is not news.
  if (state.heartbeatStatus === 'unhealthy') return { next: state, events: [] };
  const failed: Failed = { source: 'heartbeat', error: SAYS_UNHEALTHY };
  return fail(state, { heartbeatStatus: 'unhealthy' }, { ...seen, failed });
}

interface Failed {
  readonly source: FailureSource;
  readonly error: FailureDetail;
}

/** What a signal brings beside what it says of the component. */
interface Seen {
  readonly sample: HealthSample | null;
  readonly failed: Failed | null;
  readonly policy: HealthPolicy;
  readonly now: number;
}

const fail = (state: HealthState, patch: StatePatch, seen: Seen): HealthStep =>
  settle(state, { ...patch, errorCount: state.errorCount + 1, lastFailureAt: seen.now }, seen);

function settle(state: HealthState, patch: StatePatch, seen: Seen): HealthStep {
  const { failed, now } = seen;
  const merged = { ...state, ...patch };
  const seenStatus = worseStatus(merged.checkStatus, merged.heartbeatStatus);
  const flap = damped(state, seenStatus, seen);
  const status = dampedStatus(seenStatus, flap);
  const recovered = status === 'healthy' && !merged.suspect && !failed;
  const changed = status !== state.status;
  const reason = reasonOf(state, { ...merged, status, flap }, failed);
  const next: HealthState = {
    ...merged,
    status,
    reason,
    since: changed ? now : state.since,
    backSince: backSinceOf(state, status, now),
    errorCount: recovered ? 0 : merged.errorCount,
    lastTransition: changed
      ? { from: state.status, to: status, at: now, reason, sample: seen.sample }
      : state.lastTransition,
    flap,
    ejection: changed && status === 'unhealthy' ? endEjection(state.ejection, now) : state.ejection,
  };
  const events: HealthEvent[] = failed ? [{ kind: 'failed', ...failed }] : [];
  if (changed) events.push({ kind: 'status-changed', from: state.status, to: status, reason });
  if (changed && flap.heldUntil !== null)
    events.push({ kind: 'held', falls: flap.falls.length, until: flap.heldUntil });
  return { next, events };
}

function damped(before: HealthState, seenStatus: HealthStatus, { failed, policy, now }: Seen): FlapState {
  // A hold that is over ends with the next good sign, not with a failure that is one too few.
  if (seenStatus !== 'unhealthy') return failed ? before.flap : releaseIfOver(before.flap, now);
  const seenBefore = worseStatus(before.checkStatus, before.heartbeatStatus);
  if (seenBefore === 'healthy' || seenBefore === 'degraded')
    return before.status === 'unhealthy' ? noteHeldFall(before.flap, policy, now) : noteFall(before.flap, policy, now);
  return failed ? noteFailure(before.flap, policy, now) : before.flap;
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
      if (worseStatus(now.checkStatus, now.heartbeatStatus) !== 'unhealthy') return whyHeld(now.flap);
      return failed ? `${failed.error.code}: ${failed.error.message}` : before.reason;
    default:
      return now.status satisfies never;
  }
}

const whyHeld = ({ falls, heldUntil }: FlapState): string =>
  `flapping: down ${falls.length} times of late, held until ${new Date(heldUntil ?? 0).toISOString()}`;

/** Told from the state, because the sense that degrades it need not be the one that has just spoken. */
function whyDegraded({ checkStatus, details, responseTimeMs }: HealthState): string {
  if (checkStatus !== 'degraded') return 'says of itself that it is degraded';
  if (details) return `answers, degraded: ${details}`;
  return responseTimeMs === null ? 'answered slowly' : `answers slowly: ${Math.round(responseTimeMs)} ms`;
}
