/**
 * The observed state of a component, as plain data.
 *
 * Checks (active) and heartbeats (passive) have separate statuses. `status` is the worse of the two, or unhealthy
 * during a flap-damping hold. `suspect` is set while a failure is unconfirmed, for example while retries are pending.
 */
import type { EjectionState } from './outlier-ejection.ts';
import { NEVER_EJECTED } from './outlier-ejection.ts';
import type { FlapState } from './flap-damping.ts';
import { NOT_FLAPPING } from './flap-damping.ts';
import type { HealthStatus } from './health-status.ts';
import type { UnreportedStatus } from './unreported-status.ts';

export interface FailureDetail {
  /** Stable code such as `ECONNREFUSED`, `TIMEOUT`, `HTTP_503`, `HEARTBEAT_EXPIRED`. */
  readonly code: string;
  readonly message: string;
}

/** The observation that led to a verdict. */
export interface HealthSample {
  readonly source: 'check' | 'heartbeat';
  readonly outcome: 'passed' | 'failed';
  /** Failure code; null when the observation passed. */
  readonly code: string | null;
  readonly message: string | null;
  /** ms; null for heartbeats and for checks without a response. */
  readonly responseTimeMs: number | null;
  readonly details: string | null;
  /** Epoch ms. */
  readonly at: number;
}

export interface HealthTransition {
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  /** Epoch ms. */
  readonly at: number;
  readonly reason: string | null;
  /** The observation; null when a registration dropped a health source. */
  readonly sample: HealthSample | null;
}

export interface HealthState {
  readonly status: HealthStatus;
  readonly checkStatus: HealthStatus;
  readonly heartbeatStatus: HealthStatus;
  readonly suspect: boolean;
  /** Epoch ms of the last change of `status`. */
  readonly since: number;
  /** Epoch ms of the return from unhealthy; null when the component is unhealthy or never was. */
  readonly backSince: number | null;
  /** Reason of the status in one sentence; null when healthy. */
  readonly reason: string | null;
  /** The component's statement at the last check, at most 256 printable characters. */
  readonly details: string | null;
  readonly lastCheckAt: number | null;
  readonly responseTimeMs: number | null;
  /** EWMA of the response times of passed checks, ms. */
  readonly ewmaResponseTimeMs: number | null;
  /** Response times of recent passed checks, ms, newest last: see `response-times.ts`. */
  readonly responseTimesMs: readonly number[];
  /** Failed checks, expired heartbeats and callers' failure reports since the component was last healthy. */
  readonly errorCount: number;
  readonly consecutiveFailures: number;
  readonly consecutiveSuccesses: number;
  readonly lastFailureAt: number | null;
  /** Passed checks and good heartbeats since the last failure. */
  readonly goodInRow: number;
  /** Epoch ms of the last passed check or good heartbeat. */
  readonly lastGoodAt: number | null;
  /** The last change of `status`; null before the first. */
  readonly lastTransition: HealthTransition | null;
  /** Changes of `status` that the event log does not show yet; null if there are none. */
  readonly unreported: UnreportedStatus | null;
  readonly flap: FlapState;
  /** Outlier ejection, by the outcomes of assigned work. */
  readonly ejection: EjectionState;
}

export const initialHealth = (now: number): HealthState => ({
  status: 'unknown',
  checkStatus: 'unknown',
  heartbeatStatus: 'unknown',
  suspect: false,
  since: now,
  backSince: null,
  reason: 'not checked yet',
  details: null,
  lastCheckAt: null,
  responseTimeMs: null,
  ewmaResponseTimeMs: null,
  responseTimesMs: [],
  errorCount: 0,
  consecutiveFailures: 0,
  consecutiveSuccesses: 0,
  lastFailureAt: null,
  goodInRow: 0,
  lastGoodAt: null,
  lastTransition: null,
  unreported: null,
  flap: NOT_FLAPPING,
  ejection: NEVER_EJECTED,
});

const SEVERITY: Readonly<Record<HealthStatus, number>> = { unknown: 0, healthy: 1, degraded: 2, unhealthy: 3 };

/** The worse of two statuses; any known status is worse than `unknown`. */
export const worseStatus = (a: HealthStatus, b: HealthStatus): HealthStatus => (SEVERITY[a] >= SEVERITY[b] ? a : b);
