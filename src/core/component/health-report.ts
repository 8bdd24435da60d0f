/** The full health report of one component. Timestamps are ISO 8601, durations ms. */
import type { FilterRule } from '../balancing/candidate.ts';
import { whyNotRoutable } from '../balancing/candidate.ts';
import { routingStatusOf } from '../health/at-new-address.ts';
import type { Availability } from '../health/samples/availability.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { Detection } from '../health/check-schedule.ts';
import type { ComponentRecord } from './component-record.ts';
import type { LifecycleState } from './lifecycle.ts';
import type { HealthView } from './resource.ts';
import { toHealthView, toIso, toIsoOrNull } from './resource.ts';

export interface HealthReport extends HealthView {
  /** Status by checks and by heartbeats; `status` is the worse of the two. */
  readonly checkStatus: HealthStatus;
  readonly heartbeatStatus: HealthStatus;
  readonly consecutiveFailures: number;
  readonly consecutiveSuccesses: number;
  /** When the component came back into service. Slow start raises its share from then on. */
  readonly slowStartSince: string | null;
  /** Null when the component registered no health check. */
  readonly nextCheck: string | null;
  /** Deadline of the next heartbeat; null when the component registered no heartbeat. */
  readonly heartbeatDue: string | null;
  readonly detection: Detection;
  readonly lifecycle: LifecycleReport;
  /** The rule that excludes the component from routing; null when it is routable. */
  readonly notRoutable: FilterRule | null;
  readonly recoveryId: string | null;
  readonly availability: Availability;
}

interface LifecycleReport {
  readonly state: LifecycleState;
  readonly since: string;
  readonly until: string | null;
  readonly next: 'active' | 'standby' | 'removed' | null;
  readonly reason: string | null;
}

export interface ReportContext {
  readonly detection: Detection;
  readonly availability: Availability;
  /** Epoch ms; meaningful only for a component with a health check. */
  readonly nextCheckAt: number;
  readonly heartbeatDueAt: number | null;
  /** Epoch ms. */
  readonly now: number;
}

export function toHealthReport(record: ComponentRecord, context: ReportContext): HealthReport {
  const { health, lifecycle, registration } = record;
  const { detection, availability, nextCheckAt, heartbeatDueAt } = context;
  return {
    ...toHealthView(record, context.now),
    checkStatus: health.checkStatus,
    heartbeatStatus: health.heartbeatStatus,
    consecutiveFailures: health.consecutiveFailures,
    consecutiveSuccesses: health.consecutiveSuccesses,
    slowStartSince: toIsoOrNull(health.backSince ?? null),
    nextCheck: registration.healthCheck ? toIso(nextCheckAt) : null,
    heartbeatDue: registration.heartbeat ? toIsoOrNull(heartbeatDueAt) : null,
    detection,
    lifecycle: {
      state: lifecycle.state,
      since: toIso(lifecycle.since ?? record.registeredAt),
      until: toIsoOrNull(lifecycle.until),
      next: lifecycle.next,
      reason: lifecycle.reason ?? null,
    },
    notRoutable: whyNotRoutable({
      lifecycle: lifecycle.state,
      weight: registration.weight,
      status: routingStatusOf(health),
    }),
    recoveryId: record.recovery.active?.order.recoveryId ?? null,
    availability,
  };
}
