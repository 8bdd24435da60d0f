/**
 * Events as they are written where something happened, and as they are read from the log.
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

/** An event before the log has given it its place. */
export interface EventDraft {
  /** Unique where it was made; publishing the same draft again adds nothing. */
  readonly key: string;
  readonly type: EventType;
  /**
   * What it is about: a component; of a `config.changed` the type, the component, or `global`; of `system.…` and
   * `load.…` the type; of `webhook.…` the webhook.
   */
  readonly subject: string;
  /** Epoch ms. */
  readonly time: number;
  readonly data: JsonObject;
  /** Of what was removed: under which number its id was claimed; not part of the event that is read. */
  readonly claim?: number;
  /** For the audit, when somebody's call made it happen; not part of the event that is read. */
  readonly audit?: AuditNote;
}

export interface LoggedEvent extends EventDraft {
  readonly sequence: number;
}

/** Where the registry publishes: the coordinator, reached through its binding and never imported. */
export interface EventSink {
  /** Appends drafts not seen before, in order, and takes the type's roll-up when one is given. */
  publish(drafts: readonly EventDraft[], health: TypeHealth | null): Promise<void>;
  /** Repairs what is known of dependencies by how the type's components really stand. */
  reconcile(conditions: TypeConditions): Promise<void>;
}
