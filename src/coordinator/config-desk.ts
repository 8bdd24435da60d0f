/**
 * The coordinator's side of the configuration: documents are put, judged together with all others, stored under
 * the next revision and handed to the edges. Putting the same document again changes nothing.
 */
import type { AuditNote } from '../core/access/audit-entry.ts';
import { auditedChange } from '../core/access/audited-change.ts';
import { typeNames } from '../core/config/component-types.ts';
import type { ConfigDocuments, Revised } from '../core/config/config-documents.ts';
import { changedSettings, documentOf, subjectOf, withDocument } from '../core/config/config-documents.ts';
import { judgeDocuments } from '../core/config/config-rules.ts';
import type { TypeConfig } from '../core/config/settings.ts';
import type { EventDraft } from '../core/event/coordinator-event.ts';
import type { JsonObject } from '../core/json.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { ConfigStore } from './config-store.ts';
import type { ConfigPut, ConfigRefusal, StoredConfig } from './coordinator-api.ts';

export class ConfigDesk {
  private readonly store: ConfigStore;
  private held: ConfigDocuments | null = null;

  constructor(store: ConfigStore) {
    this.store = store;
  }

  documents(): ConfigDocuments {
    return (this.held ??= this.store.load());
  }

  /** All documents unless an edge has them as they are. */
  since(revision: number): ConfigDocuments | null {
    const documents = this.documents();
    return documents.revision === revision ? null : documents;
  }

  /** Within a transaction; `announce` is given the event of a change. */
  put(
    request: ConfigPut,
    now: number,
    announce: (draft: EventDraft) => void,
  ): Result<StoredConfig, never> | ConfigRefusal {
    const { scope, document, ifRevision } = request;
    const documents = this.documents();
    const before = documentOf(documents, scope);
    if (ifRevision !== null && ifRevision !== before.revision)
      return fail('precondition-failed', `the document is number ${before.revision}, If-Match says ${ifRevision}`);
    const isNewType = scope.kind === 'type' && !typeNames(documents).includes(scope.type);
    if (!isNewType && changedSettings(before.document, document).length === 0)
      return ok({ ...before, documents, created: false });
    const after: Revised<TypeConfig> = { revision: documents.revision + 1, document };
    const next = withDocument(documents, scope, after);
    const conflict = judgeDocuments(next, scope);
    if (conflict) {
      const message = conflict.faults.map((fault) => fault.message).join('; ');
      return { ...fail(conflict.reason, message), faults: conflict.faults };
    }
    this.store.save(scope, after, now);
    announce(toEvent(request, before, after, now));
    // Read anew when it is asked for next: what the transaction takes back must not be remembered.
    this.held = null;
    return ok({ ...after, documents: next, created: isNewType });
  }
}

function toEvent(
  { scope, actor }: ConfigPut,
  before: Revised<TypeConfig>,
  after: Revised<TypeConfig>,
  now: number,
): EventDraft {
  const subject = subjectOf(scope);
  const [was, is] = [before.document, after.document] as unknown as [JsonObject, JsonObject];
  const audit: AuditNote = { actor, action: 'config.change', ...auditedChange('config.change', was, is) };
  const { revision } = after;
  return {
    key: `config:${scope.kind}:${subject}:${revision}`,
    type: 'config.changed',
    subject,
    time: now,
    data: { scope: scope.kind, revision, changed: changedSettings(before.document, after.document) },
    audit,
  };
}
