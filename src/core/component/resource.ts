/** The component as callers see it: in register, get, list and events. Timestamps are ISO 8601. */
import { effectiveStatus } from '../health/effective-status.ts';
import type { HealthSample, HealthState, HealthTransition } from '../health/health-state.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { TimeSummary } from '../health/samples/response-times.ts';
import { summarizeTimes } from '../health/samples/response-times.ts';
import type { Detection } from '../health/schedule.ts';
import { withoutHeaderValues } from './header-values.ts';
import type { ComponentRecord } from './component-record.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { ComponentLoad } from './load.ts';
import { inFlight, loadPercentage } from './load.ts';
import type { Registration } from './registration.ts';

export interface HealthView {
  readonly status: HealthStatus;
  /** The same, or `unhealthy` while something it depends on is down. */
  readonly effectiveStatus: HealthStatus;
  /** The dependencies that explain it, direct or not; empty when all are there. */
  readonly rootCause: string[];
  readonly suspect: boolean;
  readonly lastCheck: string | null;
  /** ms */
  readonly responseTime: number | null;
  readonly errorCount: number;
  readonly since: string;
  readonly reason: string | null;
  readonly details: string | null;
  readonly lastFailure: string | null;
  /** Held down by flap damping until then, if it fails no more. */
  readonly heldUntil: string | null;
  /** Failing at its work, and asked until then only when nothing better is left. */
  readonly ejectedUntil: string | null;
  readonly lastTransition: TransitionView | null;
  /** Of the last good checks, ms; null before the first. */
  readonly responseTimes: (TimeSummary & { readonly average: number }) | null;
}

export interface TransitionView {
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly at: string;
  readonly reason: string | null;
  readonly sample: SampleView | null;
}

/** The one observation that made it change. */
export interface SampleView {
  readonly source: HealthSample['source'];
  readonly outcome: HealthSample['outcome'];
  readonly code: string | null;
  readonly message: string | null;
  /** ms */
  readonly responseTime: number | null;
  readonly details: string | null;
  readonly at: string;
}

export type ComponentResource = Registration & {
  readonly health: HealthView;
  readonly lifecycle: LifecycleState;
  readonly lifecycleUntil: string | null;
  readonly lifecycleReason: string | null;
  readonly load: ComponentLoad;
  readonly detection: Detection;
  /** The running recovery, or null. */
  readonly recoveryId: string | null;
  /** Moves with whatever can be seen of it. */
  readonly revision: number;
  /** Moves with the registration alone; its ETag. */
  readonly generation: number;
  readonly registeredAt: string;
  readonly updatedAt: string;
};

export interface ResourceContext {
  readonly detection: Detection;
  /** Part of its type's traffic, 0 to 1. */
  readonly share: number;
  readonly now: number;
}

export const toIso = (time: number): string => new Date(time).toISOString();
export const toIsoOrNull = (time: number | null): string | null => (time === null ? null : toIso(time));

export function toResource(record: ComponentRecord, context: ResourceContext): ComponentResource {
  const { registration, load, lifecycle } = record;
  return {
    ...withoutHeaderValues(registration),
    health: toHealthView(record),
    lifecycle: lifecycle.state,
    lifecycleUntil: toIsoOrNull(lifecycle.until),
    lifecycleReason: lifecycle.reason ?? null,
    load: {
      loadPercentage: Math.round(loadPercentage(load, registration.capabilities.maxConcurrentTasks, context.now)),
      activeConnections: inFlight(load, context.now),
      queueDepth: load.reported.queueDepth,
      share: context.share,
    },
    detection: context.detection,
    recoveryId: record.recovery.active?.order.recoveryId ?? null,
    revision: record.revision,
    generation: record.generation,
    registeredAt: toIso(record.registeredAt),
    updatedAt: toIso(record.updatedAt),
  };
}

export function toHealthView({ health, shadow }: ComponentRecord): HealthView {
  return {
    status: health.status,
    effectiveStatus: effectiveStatus(health.status, shadow.rootCause),
    rootCause: [...shadow.rootCause],
    suspect: health.suspect,
    lastCheck: toIsoOrNull(health.lastCheckAt),
    responseTime: health.responseTimeMs === null ? null : Math.round(health.responseTimeMs),
    errorCount: health.errorCount,
    since: toIso(health.since),
    reason: shownReason(health),
    details: health.details,
    lastFailure: toIsoOrNull(health.lastFailureAt),
    heldUntil: toIsoOrNull(health.flap.heldUntil),
    ejectedUntil: toIsoOrNull(health.ejection.until),
    lastTransition: health.lastTransition && toTransitionView(health.lastTransition),
    responseTimes: toTimes(health),
  };
}

/** Why it is as it is; of one that is well by its checks, why it is out of routing all the same. */
export const shownReason = ({ reason, ejection }: HealthState): string | null => reason ?? ejection.reason;

function toTransitionView({ from, to, at, reason, sample }: HealthTransition): TransitionView {
  return { from, to, at: toIso(at), reason, sample: sample && toSampleView(sample) };
}

function toSampleView({ responseTimeMs, at, ...sample }: HealthSample): SampleView {
  return { ...sample, responseTime: responseTimeMs === null ? null : Math.round(responseTimeMs), at: toIso(at) };
}

function toTimes({ usualResponseTimeMs, responseTimesMs }: HealthState): HealthView['responseTimes'] {
  const summary = summarizeTimes(responseTimesMs);
  return summary && { average: Math.round(10 * (usualResponseTimeMs ?? summary.p50)) / 10, ...summary };
}
