/** Events `config.changed`, of a stored document or of a removed type, with their audit notes. */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import { auditedChange } from '../../core/access/audited-change.ts';
import type { Revised } from '../../core/config/config-documents.ts';
import { changedSettings, subjectOf } from '../../core/config/config-documents.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ConfigPut } from '../contract/config-api.ts';

export function configChangedEvent(
  { scope, actor, restoredRevision = null }: ConfigPut,
  before: Revised<TypeConfig>,
  after: Revised<TypeConfig>,
  now: number,
): EventDraft {
  const subject = subjectOf(scope);
  const [previous, current] = [before.document, after.document] as unknown as [JsonObject, JsonObject];
  const sides = auditedChange('config.change', previous, current);
  // A type and a component may have the same name.
  const context = {
    ...(scope.kind === 'component' ? { scope: 'component' } : {}),
    ...(restoredRevision === null ? {} : { restoredRevision }),
  };
  const audit: AuditNote = {
    actor,
    action: 'config.change',
    ...sides,
    after: { ...(sides.after as JsonObject), ...context },
  };
  const { revision } = after;
  const changed = changedSettings(before.document, after.document);
  return {
    key: `config:${scope.kind}:${subject}:${revision}`,
    type: 'config.changed',
    subject,
    time: now,
    data: { scope: scope.kind, revision, changed, ...(restoredRevision === null ? {} : { restoredRevision }) },
    audit,
  };
}

/** Event of a removed type, whose last document was `document`. */
export function typeRemovedEvent(
  { type, actor, document }: { readonly type: string; readonly actor: Actor; readonly document: TypeConfig },
  { revision, changed }: { readonly revision: number; readonly changed: readonly string[] },
  now: number,
): EventDraft {
  const sides = auditedChange('config.change', document as unknown as JsonObject, null);
  return {
    key: `config:type:${type}:${revision}`,
    type: 'config.changed',
    subject: type,
    time: now,
    data: { scope: 'type', revision, changed: [...changed], removed: true },
    audit: { actor, action: 'config.change', ...sides },
  };
}
