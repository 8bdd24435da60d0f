/** Outbox drafts of the registry: events for the log, failures for the failure manager. */
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { ComponentResource } from '../../core/component/resource.ts';
import { toIso } from '../../core/component/resource.ts';
import { injectedFailure } from '../../core/drill/drill.ts';
import type { EventDraft, EventType } from '../../core/event/coordinator-event.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import type { HealthEvent } from '../../core/health/observe-health.ts';
import type { JsonObject } from '../../core/json.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

export interface DraftContext {
  readonly now: number;
  readonly newId: () => string;
  readonly resource: () => ComponentResource;
  /** The audit note of the caller that requested the change, if any. */
  readonly audit?: AuditNote | null;
  /** Claim number of a component that is removed. */
  readonly claim?: number;
}

/** Interval at which failures of a component that stays down are recorded, after the first few. */
const REPEATED_FAILURES_EVERY_MS = 60_000;

/** An event about a component. The data name its type, because the component may be gone when a reader asks. */
export const componentEventDraft = (
  type: EventType,
  record: ComponentRecord,
  data: JsonObject,
  context: DraftContext,
): OutboxDraft => draft(type, record, { componentType: record.registration.type, ...data }, context);

function draft(type: EventType, record: ComponentRecord, data: JsonObject, context: DraftContext): OutboxDraft {
  const componentId = record.registration.id;
  const key = context.newId();
  const audit = context.audit ? { audit: context.audit } : {};
  const claim = context.claim === undefined ? {} : { claim: context.claim };
  const payload: EventDraft = { key, type, subject: componentId, time: context.now, data, ...claim, ...audit };
  return { kind: 'event', key, componentId, payload };
}

/** An event about the type as a whole. */
export function typeEventDraft(
  type: EventType,
  subject: string,
  data: JsonObject,
  { now, audit = null }: Pick<DraftContext, 'now' | 'audit'>,
): OutboxDraft {
  const key = crypto.randomUUID();
  const payload: EventDraft = { key, type, subject, time: now, data, ...(audit ? { audit } : {}) };
  return { kind: 'event', key, componentId: subject, payload };
}

/** An event that carries the component's resource as of the change. */
export const componentEvent = (
  type: EventType,
  record: ComponentRecord,
  data: JsonObject,
  context: DraftContext,
): OutboxDraft => draft(type, record, { ...data, component: context.resource() as unknown as JsonObject }, context);

export function failureDraft(
  record: ComponentRecord,
  failed: Extract<HealthEvent, { kind: 'failed' }>,
  failureContext: JsonObject | null,
  context: DraftContext,
): OutboxDraft & { payload: FailureReport } {
  const { registration } = record;
  const id = `f-${context.newId()}`;
  const payload: FailureReport = {
    id,
    componentId: registration.id,
    componentType: registration.type,
    source: failed.source,
    code: failed.error.code === '' ? null : failed.error.code,
    message: failed.error.message,
    context: failureContext,
    rootCause: record.dependencyState.rootCause,
    occurredAt: context.now,
    // A drill injects failures into checks only, so it never causes a caller's report.
    ...(failed.source === 'check' && injectedFailure(record) ? { drillId: record.recovery.drill!.id } : {}),
  };
  return { kind: 'failure', key: id, componentId: registration.id, payload };
}

/** Returns the drafts for the events of one state machine step. `record` is the state after the step. */
export function healthEventDrafts(
  record: ComponentRecord,
  events: readonly HealthEvent[],
  failureThreshold: number,
  context: DraftContext,
): OutboxDraft[] {
  return events.flatMap((event): OutboxDraft[] => {
    if (event.kind === 'failed')
      return isWorthRecording(record, failureThreshold, context.now)
        ? [failureDraft(record, event, null, context)]
        : [];
    if (event.kind === 'held') {
      const data = { falls: event.falls, heldUntil: toIso(event.until) };
      return [componentEvent('component.flapping', record, data, context)];
    }
    const { from, to, reason, mergedChanges = 0 } = event;
    const data = { from, to, reason, ...(mergedChanges > 0 ? { mergedChanges } : {}) };
    const drafts = [componentEvent('component.health-changed', record, data, context)];
    if (to === 'unhealthy') drafts.push(componentEvent('component.failed', record, { reason }, context));
    if (from === 'unhealthy') drafts.push(componentEvent('component.recovered', record, { to }, context));
    return drafts;
  });
}

/** A running recovery already deals with the failures of its component. During maintenance, failures are expected. */
function isWorthRecording(record: ComponentRecord, failureThreshold: number, now: number): boolean {
  if (record.recovery.active || record.lifecycle.state === 'maintenance') return false;
  const { recentFailures, settledUntil } = record.recovery;
  if (recentFailures.filter((at) => at > settledUntil).length < failureThreshold) return true;
  return now - (recentFailures.at(-1) ?? 0) >= REPEATED_FAILURES_EVERY_MS;
}
