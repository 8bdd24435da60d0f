/** Event `config.changed` of a stored document, with its audit note. */
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
