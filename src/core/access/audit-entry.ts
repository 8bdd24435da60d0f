/** One change, for the audit: who, what, when, from where, before and after. */
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
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What a change adds to the event that tells of it. */
export interface AuditNote {
  readonly actor: Actor;
  readonly action: AuditAction;
  /** What was changed, when it is not what the event is about. */
  readonly subject?: string;
  /** What was there before and after; null where there was nothing. Never a secret. */
  readonly before: Json | null;
  readonly after: Json | null;
}

export interface AuditEntry extends AuditNote {
  /** Unique: writing it again adds nothing. */
  readonly id: string;
  /** Epoch ms */
  readonly at: number;
  /** What was changed: a component, key, recovery or incident. */
  readonly subject: string;
}
