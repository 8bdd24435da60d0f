/** Audit entry of one change: actor, action, subject, time, and the state before and after. */
import type { Json } from '../json.ts';
import type { Actor } from './actor.ts';

export const AUDIT_ACTIONS = [
  'component.register',
  'component.update',
  'component.remove',
  'component.drain',
  'component.restore',
  'component.isolate',
  'component.maintenance',
  'component.restart',
  'component.scale_up',
  'component.switchover',
  'component.switchback',
  'control-secret.rotate',
  'controller-secret.rotate',
  'key.create',
  'key.rotate',
  'key.change',
  'key.revoke',
  'session.open',
  'session.close',
  'recovery.cancel',
  'incident.acknowledge',
  'incident.resolve',
  'load.redistribute',
  'silence.begin',
  'silence.end',
  'drill.begin',
  'config.change',
  'webhook.create',
  'webhook.change',
  'webhook.delete',
  'webhook.rotate-secret',
  'webhook.replay',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Audit part of a change, attached to the event that reports it. */
export interface AuditNote {
  readonly actor: Actor;
  readonly action: AuditAction;
  /** Subject of the change, if different from the subject of the event. */
  readonly subject?: string;
  /** State before and after; null for no state. Never contains a secret. */
  readonly before: Json | null;
  readonly after: Json | null;
}

export interface AuditEntry extends AuditNote {
  /** Unique; writing an entry again adds nothing. */
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  /** Id of the changed component, key, recovery or incident. */
  readonly subject: string;
}
