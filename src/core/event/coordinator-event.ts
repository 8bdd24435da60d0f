/**
 * Event types, the drafts that publishers write, and the events that readers get from the log.
 * The wire form is CloudEvents 1.0: `id` equals `sequence`, a gapless integer as a string.
 */
import type { AuditNote } from '../access/audit-entry.ts';
import type { JsonObject } from '../json.ts';
import type { TypeConditions } from '../health/root-cause-update.ts';
import type { TypeHealth } from '../health/system-health.ts';

export const EVENT_TYPES = [
  'component.registered',
  'component.updated',
  'component.unregistered',
  'component.health-changed',
  'component.flapping',
  'component.ejected',
  'component.readmitted',
  'component.lifecycle-changed',
  'component.control-secret-rotated',
  'component.failed',
  'component.recovered',
  'component.dependency-available',
  'component.dependency-lost',
  'component.root-cause-changed',
  'failure.recorded',
  'recovery.started',
  'recovery.action',
  'recovery.cancel-requested',
  'recovery.succeeded',
  'recovery.failed',
  'recovery.cancelled',
  'incident.opened',
  'incident.repeated',
  'incident.acknowledged',
  'incident.resolved',
  'drill.began',
  'drill.ended',
  'config.changed',
  'config.controller-secret-rotated',
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'webhook.enabled',
  'webhook.disabled',
  'webhook.delivery-dead',
  'load.redistributed',
  'system.self-doubt-began',
  'system.self-doubt-ended',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** An event before the log assigns its sequence. */
export interface EventDraft {
  /** Unique per publisher. Publishing the same draft again adds nothing. */
  readonly key: string;
  readonly type: EventType;
  /**
   * Usually a component id. `config.changed` has the type, the component, or `global`; `system.*` and `load.*` have the
   * type; `webhook.*` has the webhook.
   */
  readonly subject: string;
  /** Epoch ms. */
  readonly time: number;
  readonly data: JsonObject;
  /** For a removal: the sequence under which the component's id was claimed. Readers do not see this field. */
  readonly claim?: number;
  /** For the audit, if a caller caused the event. Readers do not see this field. */
  readonly audit?: AuditNote;
}

export interface LoggedEvent extends EventDraft {
  readonly sequence: number;
}

/** Receives the events of a registry. The coordinator implements it; registries reach it through a binding. */
export interface EventSink {
  /** Appends the drafts that are new, in order, and stores the type's health roll-up if there is one. */
  publish(drafts: readonly EventDraft[], health: TypeHealth | null): Promise<void>;
  /** Corrects the coordinator's view of dependencies to the current conditions of the type's components. */
  reconcile(conditions: TypeConditions): Promise<void>;
}
