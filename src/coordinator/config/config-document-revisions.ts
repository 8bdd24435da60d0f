/**
 * Configuration documents of the coordinator: validates each new document together with all others, and stores it under
 * the next revision. Edges fetch the documents of all types. Component documents become pending for the registries
 * instead. Storing an identical document changes nothing. A rollback stores an earlier document under a new revision.
 */
import { typeNames } from '../../core/config/component-types.ts';
import type { ComponentConfig } from '../../core/config/component-config.ts';
import { ComponentConfigSchema, NO_COMPONENT_CONFIG } from '../../core/config/component-config.ts';
import type { ConfigDocuments, ConfigScope, DocumentScope, Revised } from '../../core/config/config-documents.ts';
import {
  changedSettings,
  documentOf,
  forEdges,
  withDocument,
  withoutType,
} from '../../core/config/config-documents.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import { configAt, levelsOf } from '../../core/config/config-levels.ts';
import type { StoredRevision, RevisionEntry } from '../../core/config/config-revision.ts';
import type { ConfigConflict } from '../../core/config/config-rules.ts';
import { judgeDocuments, ruleFaults } from '../../core/config/config-rules.ts';
import { judgeComponents } from '../../core/config/judge-components.ts';
import { judgeValues, valueFaultsAt } from '../../core/config/judge-values.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import { GlobalConfigSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { failedCondition } from '../../core/version-condition.ts';
import { validateValues } from './validate-values.ts';
import type { ComponentDocumentStore } from './component-document-store.ts';
import { configChangedEvent, typeRemovedEvent } from './config-event.ts';
import type { ConfigStore } from './config-store.ts';
import type { ConfigPut, ConfigRefusal, ConfigRollback, StoredConfig, TypeRemoval } from '../contract/config-api.ts';

type PublishEvent = (draft: EventDraft) => void;

const SCHEMA_OF = { global: GlobalConfigSchema, type: TypeConfigSchema, component: ComponentConfigSchema };

export class ConfigDocumentRevisions {
  private readonly store: ConfigStore;
  private readonly components: ComponentDocumentStore;
  /** Type of a registered component; undefined if the id is not registered. */
  private readonly typeOf: (id: string) => string | undefined;
  private cached: ConfigDocuments | null = null;

  constructor(store: ConfigStore, components: ComponentDocumentStore, typeOf: (id: string) => string | undefined) {
    this.store = store;
    this.components = components;
    this.typeOf = typeOf;
  }

  /** The global document and the documents of all types, values included. */
  documents(): ConfigDocuments {
    return (this.cached ??= this.store.load());
  }

  /** Documents for an edge, without values; null if the edge already has this revision. */
  since(revision: number): ConfigDocuments | null {
    const documents = this.documents();
    return documents.revision === revision ? null : forEdges(documents);
  }

  /** Documents that apply to a component, level by level; null if the component is not registered. */
  levels(id: string): ConfigLevels | null {
    const type = this.typeOf(id);
    return type === undefined ? null : levelsOf(this.documents(), type, this.component(id));
  }

  /**
   * Newest revision among the documents that `levels` returns; null if the component is not registered. Kept cheap,
   * because blocking queries call it repeatedly.
   */
  revisionFor(id: string): number | null {
    const type = this.typeOf(id);
    if (type === undefined) return null;
    const { global, types } = this.documents();
    return Math.max(global.revision, types.get(type)?.revision ?? 0, this.components.revisionOf(id));
  }

  /** Document in force for a scope; undefined if the type or component does not exist. */
  current(scope: DocumentScope): Revised<TypeConfig> | undefined {
    if (scope.kind === 'component') return this.typeOf(scope.id) === undefined ? undefined : this.component(scope.id);
    const isKnown = scope.kind === 'global' || typeNames(this.documents()).includes(scope.type);
    return isKnown ? documentOf(this.documents(), scope) : undefined;
  }

  history(scope: DocumentScope, before: number, limit: number): RevisionEntry[] | null {
    return this.current(scope) ? this.store.history(scope, before, limit) : null;
  }

  revision(scope: DocumentScope, revision: number): StoredRevision | undefined {
    return this.current(scope) ? this.store.revision(scope, revision) : undefined;
  }

  /** Revision of the last change of any document; 0 before the first. */
  lastRevision(): number {
    return this.store.lastRevision();
  }

  /** Must run within a transaction. `publish` receives the event of the change. */
  put(request: ConfigPut, now: number, publish: PublishEvent): Result<StoredConfig, never> | ConfigRefusal {
    const { scope, document, ifRevision, actor, restoredRevision = null } = request;
    const current = this.current(scope);
    if (!current && scope.kind === 'component') return fail('unknown-component', `${scope.id} is not registered`);
    const before = current ?? NO_COMPONENT_CONFIG;
    const version = current?.revision ?? null;
    const failed = failedCondition(ifRevision, { name: 'the document', counter: 'revision', version });
    if (failed) return failed;
    const created = current === undefined;
    const changed = changedSettings(before.document, document);
    if (!created && changed.length === 0)
      return ok({
        ...before,
        documents: scope.kind === 'component' ? null : forEdges(this.documents()),
        created: false,
      });
    const after: Revised<TypeConfig> = { revision: this.store.nextRevision(), document };
    const conflict =
      scope.kind === 'component' ? this.judgeComponent(scope.id, after) : this.judge(scope, before.document, after);
    if (conflict) {
      const message = conflict.faults.map((fault) => fault.message).join('; ');
      return { ...fail(conflict.reason, message.slice(0, 2_048)), faults: conflict.faults };
    }
    const { keyId, keyName } = actor;
    this.store.save(scope, { ...after, changedAt: now, changedBy: { keyId, keyName }, changed, restoredRevision });
    publish(configChangedEvent(request, before, after, now));
    if (scope.kind === 'component') {
      this.components.save(scope.id, this.typeOf(scope.id)!, after);
      return ok({ ...after, documents: null, created });
    }
    const documents = forEdges(withDocument(this.documents(), scope, after));
    // The next read loads the documents from storage. A rolled-back transaction must leave nothing in the cache.
    this.cached = null;
    return ok({ ...after, documents, created });
  }

  /**
   * Removes a type, or the settings of a built-in one, which exists without a document. Returns the documents that are
   * left, as edges get them. Must run within a transaction.
   */
  removeType(
    { type, ifRevision, actor }: TypeRemoval,
    now: number,
    publish: PublishEvent,
  ): Result<ConfigDocuments, 'not-found' | 'precondition-failed'> {
    const scope = { kind: 'type', type } as const;
    const current = this.current(scope);
    if (!current) return fail('not-found', `there is no component type ${type}`);
    const version = current.revision;
    const failed = failedCondition(ifRevision, { name: 'the document', counter: 'revision', version });
    if (failed) return failed;
    const documents = this.documents();
    if (!documents.types.has(type)) return ok(forEdges(documents));
    const revision = this.store.nextRevision();
    const changed = changedSettings(current.document, {});
    const { keyId, keyName } = actor;
    const entry = { revision, changedAt: now, changedBy: { keyId, keyName }, changed, restoredRevision: null };
    this.store.save(scope, { ...entry, document: null });
    publish(typeRemovedEvent({ type, actor, document: current.document }, { revision, changed }, now));
    this.cached = null;
    return ok(forEdges(withoutType(documents, type, revision)));
  }

  /** Stores an earlier document under a new revision. Must run within a transaction. */
  rollBack(request: ConfigRollback, now: number, publish: PublishEvent): Result<StoredConfig, never> | ConfigRefusal {
    const { scope, revision } = request;
    const stored = this.revision(scope, revision);
    if (!stored) return fail('not-found', `revision ${revision} of the document does not exist or is no longer kept`);
    // Bounds change between versions, so an earlier document may no longer be valid.
    const parsed = SCHEMA_OF[scope.kind].safeParse(stored.document);
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
      return { ...fail('invalid-request', `revision ${revision} is no longer valid`), faults };
    }
    return this.put({ ...request, document: parsed.data, restoredRevision: revision }, now, publish);
  }

  /** Deletes all revisions of components removed more than 30 days ago. */
  trim(now: number): void {
    for (const id of this.components.trim(now)) this.store.drop({ kind: 'component', id });
  }

  private component(id: string): Revised<ComponentConfig> {
    return this.components.find(id) ?? NO_COMPONENT_CONFIG;
  }

  private judge(scope: ConfigScope, before: TypeConfig, after: Revised<TypeConfig>): ConfigConflict | null {
    const next = withDocument(this.documents(), scope, after);
    const conflict = judgeDocuments(next, scope);
    if (conflict) return conflict;
    const faults = judgeValues(next, scope, validateValues);
    if (faults.length > 0) return { reason: 'invalid-request', faults };
    return judgeComponents(next, scope, before, { components: this.components, check: validateValues });
  }

  private judgeComponent(id: string, after: Revised<ComponentConfig>): ConfigConflict | null {
    const levels = levelsOf(this.documents(), this.typeOf(id)!, after);
    const faults = [...ruleFaults(configAt(levels), after.document, ''), ...valueFaultsAt(levels, validateValues)];
    return faults.length > 0 ? { reason: 'invalid-request', faults } : null;
  }
}
