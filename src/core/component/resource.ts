/** The component as callers see it in register, get, list and events. Timestamps are ISO 8601. */
import { failuresLastHour } from '../failure/failure-count.ts';
import { effectiveStatus } from '../health/effective-status.ts';
import type { HealthSample, HealthState, HealthTransition } from '../health/health-state.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { ResponseView } from '../health/response/kept-response.ts';
import type { TimeSummary } from '../health/samples/response-times.ts';
import { summarizeTimes } from '../health/samples/response-times.ts';
import type { Detection } from '../health/check-schedule.ts';
import { redactHeaderValues } from './header-values.ts';
import type { ComponentRecord } from './component-record.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { ComponentLoad } from './load.ts';
import { estimatedInFlight, knownInFlight, loadPercentage } from './load.ts';
import type { Registration } from './registration.ts';

export interface HealthView {
  readonly status: HealthStatus;
  /** `unhealthy` while a dependency is down, else the same as `status`. */
  readonly effectiveStatus: HealthStatus;
  /** Ids of the failed dependencies, direct or transitive; empty when none is down. */
  readonly rootCause: string[];
  readonly suspect: boolean;
  readonly lastCheck: string | null;
  /** ms */
  readonly responseTime: number | null;
  readonly errorCount: number;
  /** Recorded failures within the last hour, at most 200. */
  readonly failuresLastHour: number;
  readonly since: string;
  readonly reason: string | null;
  readonly details: string | null;
  readonly lastFailure: string | null;
  /** End of the flap-damping hold, provided that the component does not fail again. */
  readonly heldUntil: string | null;
  /** End of the outlier ejection. Until then the component is routed to only as a fallback. */
  readonly ejectedUntil: string | null;
  readonly lastTransition: TransitionView | null;
  /** Of the most recent passed checks, ms; null before the first. */
  readonly responseTimes: (TimeSummary & { readonly average: number }) | null;
  /**
   * The last response to a check; null before the first. Absent unless the registration keeps responses, and in lists,
   * snapshots and events.
   */
  readonly response?: ResponseView | null;
}

export interface TransitionView {
  readonly from: HealthStatus;
  readonly to: HealthStatus;
  readonly at: string;
  readonly reason: string | null;
  readonly sample: SampleView | null;
}

/** The observation that changed the status. */
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
  /** Grows with every visible change of the component. */
  readonly revision: number;
  /** Grows with changes of the registration only; the registration's ETag. */
  readonly generation: number;
  readonly registeredAt: string;
  readonly updatedAt: string;
};

export interface ResourceContext {
  readonly detection: Detection;
  /** Share of the type's traffic, 0 to 1. */
  readonly share: number;
  /** Task time of components without a reported outcome, ms. */
  readonly assumedTaskMs: number;
  readonly now: number;
}

export const toIso = (time: number): string => new Date(time).toISOString();
export const toIsoOrNull = (time: number | null): string | null => (time === null ? null : toIso(time));

export function toResource(record: ComponentRecord, context: ResourceContext): ComponentResource {
  const { registration, lifecycle } = record;
  return {
    ...redactHeaderValues(registration),
    health: toHealthView(record, context.now),
    lifecycle: lifecycle.state,
    lifecycleUntil: toIsoOrNull(lifecycle.until),
    lifecycleReason: lifecycle.reason ?? null,
    load: toLoadView(record, context),
    detection: context.detection,
    recoveryId: record.recovery.active?.order.recoveryId ?? null,
    revision: record.revision,
    generation: record.generation,
    registeredAt: toIso(record.registeredAt),
    updatedAt: toIso(record.updatedAt),
  };
}

function toLoadView({ registration, load }: ComponentRecord, context: ResourceContext): ComponentLoad {
  const percent = loadPercentage(load, registration.capabilities.maxConcurrentTasks, context);
  const estimated = estimatedInFlight(load, context);
  return {
    loadPercentage: Math.round(percent.total),
    activeConnections: knownInFlight(load) + estimated,
    queueDepth: load.reported.queueDepth,
    share: context.share,
    estimated: { loadPercentage: Math.round(percent.estimated), activeConnections: estimated },
  };
}

export function toHealthView(record: ComponentRecord, now: number): HealthView {
  const { health, dependencyState: dependencies } = record;
  return {
    status: health.status,
    effectiveStatus: effectiveStatus(health.status, dependencies.rootCause),
    rootCause: [...dependencies.rootCause],
    suspect: health.suspect,
    lastCheck: toIsoOrNull(health.lastCheckAt),
    responseTime: health.responseTimeMs === null ? null : Math.round(health.responseTimeMs),
    errorCount: health.errorCount,
    failuresLastHour: failuresLastHour(record, now),
    since: toIso(health.since),
    reason: reasonOf(health),
    details: health.details,
    lastFailure: toIsoOrNull(health.lastFailureAt),
    heldUntil: toIsoOrNull(health.flap.heldUntil),
    ejectedUntil: toIsoOrNull(health.ejection.until),
    lastTransition: health.lastTransition && toTransitionView(health.lastTransition),
    responseTimes: toTimes(health),
  };
}

/** The reason of the status; for a component whose checks pass, the reason of its outlier ejection. */
export const reasonOf = ({ reason, ejection }: HealthState): string | null => reason ?? ejection.reason;

function toTransitionView({ from, to, at, reason, sample }: HealthTransition): TransitionView {
  return { from, to, at: toIso(at), reason, sample: sample && toSampleView(sample) };
}

function toSampleView({ responseTimeMs, at, ...sample }: HealthSample): SampleView {
  return { ...sample, responseTime: responseTimeMs === null ? null : Math.round(responseTimeMs), at: toIso(at) };
}

function toTimes({ ewmaResponseTimeMs: ewmaMs, responseTimesMs }: HealthState): HealthView['responseTimes'] {
  const summary = summarizeTimes(responseTimesMs);
  return summary && { average: Math.round(10 * (ewmaMs ?? summary.p50)) / 10, ...summary };
}
