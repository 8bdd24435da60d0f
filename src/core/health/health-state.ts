/**
 * The observed side of a component, as plain data.
 *
 * Two senses are kept apart, checks (we ask) and heartbeats (it tells); `status` is the worse of the
 * two, or unhealthy while flap damping holds it. `suspect` is a running doubt: an attempt went wrong and its
 * retries are not in yet.
 */
import type { EjectionState } from './ejection.ts';
import { NEVER_EJECTED } from './ejection.ts';
import type { FlapState } from './flap-damping.ts';
import { NOT_FLAPPING } from './flap-damping.ts';
import type { HealthStatus } from './health-status.ts';

export interface FailureDetail {
  /** Stable code such as `ECONNREFUSED`, `TIMEOUT`, `HTTP_503`, `HEARTBEAT_EXPIRED`. */
  readonly code: string;
  readonly message: string;
}

/** The one observation behind a verdict. */
export interface HealthSample {
  readonly source: 'check' | 'heartbeat';
  readonly outcome: 'passed' | 'failed';
  /** Of the failure; null when it passed. */
  readonly code: string | null;
  readonly message: string | null;
  /** ms; null when nothing was asked. */
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
  /** What was seen; null when a sense was dropped by a registration. */
  readonly sample: HealthSample | null;
}

export interface HealthState {
  readonly status: HealthStatus;
  readonly checkStatus: HealthStatus;
  readonly heartbeatStatus: HealthStatus;
  readonly suspect: boolean;
  /** Epoch ms of the last change of `status`. */
  readonly since: number;
  /** Epoch ms since when it is back after it was unhealthy; null when it never was, or is. */
  readonly backSince: number | null;
  /** Why it has this status: one sentence, or null when there is nothing to explain. */
  readonly reason: string | null;
  /** What the component said of itself at the last check, at most 256 printable characters. */
  readonly details: string | null;
  readonly lastCheckAt: number | null;
  readonly responseTimeMs: number | null;
  /** EWMA of response times of successful checks, in ms. */
  readonly usualResponseTimeMs: number | null;
  /** Of the last good checks, ms, the newest last: see `response-times.ts`. */
  readonly responseTimesMs: readonly number[];
  /** Failed checks, expired heartbeats and reports since it was last healthy. */
  readonly errorCount: number;
  readonly consecutiveFailures: number;
  readonly consecutiveSuccesses: number;
  readonly lastFailureAt: number | null;
  /** The last change of `status`; null before the first. */
  readonly lastTransition: HealthTransition | null;
  readonly flap: FlapState;
  /** What the work it was given tells of it. */
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
  usualResponseTimeMs: null,
  responseTimesMs: [],
  errorCount: 0,
  consecutiveFailures: 0,
  consecutiveSuccesses: 0,
  lastFailureAt: null,
  lastTransition: null,
  flap: NOT_FLAPPING,
  ejection: NEVER_EJECTED,
});

const BADNESS: Readonly<Record<HealthStatus, number>> = { unknown: 0, healthy: 1, degraded: 2, unhealthy: 3 };

/** The worse of two statuses; `unknown` gives way to anything known. */
export const worseStatus = (a: HealthStatus, b: HealthStatus): HealthStatus => (BADNESS[a] >= BADNESS[b] ? a : b);
