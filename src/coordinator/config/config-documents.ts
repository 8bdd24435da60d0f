/**
 * The coordinator's side of the configuration: documents are put, judged together with all others, stored under
 * the next revision and handed to the edges; those of components are owed to their registries instead. Putting the same
 * document again changes nothing. Going back to an earlier revision is putting its document anew.
 */
import { typeNames } from '../../core/config/component-types.ts';
import type { ComponentConfig } from '../../core/config/component-config.ts';
import { ComponentConfigSchema, NO_COMPONENT_CONFIG } from '../../core/config/component-config.ts';
import type { ConfigDocuments, ConfigScope, DocumentScope, Revised } from '../../core/config/config-documents.ts';
import { changedSettings, documentOf, forEdges, withDocument } from '../../core/config/config-documents.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import { configAt, levelsOf } from '../../core/config/config-levels.ts';
import type { KeptRevision, RevisionEntry } from '../../core/config/config-revision.ts';
import type { ConfigConflict } from '../../core/config/config-rules.ts';
import { judgeDocuments, ruleFaults } from '../../core/config/config-rules.ts';
import { judgeComponents } from '../../core/config/judge-components.ts';
import { judgeValues, valueFaultsAt } from '../../core/config/judge-values.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import { GlobalConfigSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { validateValues } from './validate-values.ts';
import type { ComponentConfigStore } from './component-config-store.ts';
import type { ConfigRollback } from '../contract/config-api.ts';
import { configChangedEvent } from './config-event.ts';
import type { ConfigStore } from './config-store.ts';
import type { ConfigPut, ConfigRefusal, StoredConfig } from '../contract/config-api.ts';

type Announce = (draft: EventDraft) => void;

const SCHEMA_OF = { global: GlobalConfigSchema, type: TypeConfigSchema, component: ComponentConfigSchema };

export class ConfigDocumentRevisions {
  private readonly store: ConfigStore;
  private readonly components: ComponentConfigStore;
  /** The type of a registered component. */
  private readonly typeOf: (id: string) => string | undefined;
  private held: ConfigDocuments | null = null;

  constructor(store: ConfigStore, components: ComponentConfigStore, typeOf: (id: string) => string | undefined) {
    this.store = store;
    this.components = components;
    this.typeOf = typeOf;
  }

  /** Those of all types and of each, whole. */
  documents(): ConfigDocuments {
    return (this.held ??= this.store.load());
  }

  /** All documents unless an edge has them as they are. */
  since(revision: number): ConfigDocuments | null {
    const documents = this.documents();
    return documents.revision === revision ? null : forEdges(documents);
  }

  /** What is put at the levels of a component; null when it is not registered. */
  levels(id: string): ConfigLevels | null {
    const type = this.typeOf(id);
    return type === undefined ? null : levelsOf(this.documents(), type, this.component(id));
  }

  /** The same, only how new it is: asked again and again by those who wait. */
  revisionFor(id: string): number | null {
    const type = this.typeOf(id);
    if (type === undefined) return null;
    const { global, types } = this.documents();
    return Math.max(global.revision, types.get(type)?.revision ?? 0, this.components.revisionOf(id));
  }

  /** The document in force at a scope; undefined when there is no such type or component. */
  current(scope: DocumentScope): Revised<TypeConfig> | undefined {
    if (scope.kind === 'component') return this.typeOf(scope.id) === undefined ? undefined : this.component(scope.id);
    const isKnown = scope.kind === 'global' || typeNames(this.documents()).includes(scope.type);
    return isKnown ? documentOf(this.documents(), scope) : undefined;
  }

  history(scope: DocumentScope, before: number, limit: number): RevisionEntry[] | null {
    return this.current(scope) ? this.store.history(scope, before, limit) : null;
  }

  revision(scope: DocumentScope, revision: number): KeptRevision | undefined {
    return this.current(scope) ? this.store.revision(scope, revision) : undefined;
  }

  /** Of the last change of any document. */
  lastRevision(): number {
    return this.store.lastRevision();
  }

  /** Within a transaction; `announce` is given the event of a change. */
  put(request: ConfigPut, now: number, announce: Announce): Result<StoredConfig, never> | ConfigRefusal {
    const { scope, document, ifRevision, actor, restores = null } = request;
    const current = this.current(scope);
    if (!current && scope.kind === 'component') return fail('unknown-component', `${scope.id} is not registered`);
    const before = current ?? NO_COMPONENT_CONFIG;
    if (ifRevision !== null && ifRevision !== before.revision)
      return fail('precondition-failed', `the document is number ${before.revision}, If-Match says ${ifRevision}`);
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
    this.store.save(scope, { ...after, changedAt: now, changedBy: { keyId, keyName }, changed, restores });
    announce(configChangedEvent(request, before, after, now));
    if (scope.kind === 'component') {
      this.components.save(scope.id, this.typeOf(scope.id)!, after);
      return ok({ ...after, documents: null, created });
    }
    const documents = forEdges(withDocument(this.documents(), scope, after));
    // Read anew when it is asked for next: what the transaction takes back must not be remembered.
    this.held = null;
    return ok({ ...after, documents, created });
  }

  /** Puts an earlier document anew; within a transaction. */
  rollBack(request: ConfigRollback, now: number, announce: Announce): Result<StoredConfig, never> | ConfigRefusal {
    const { scope, revision } = request;
    const kept = this.revision(scope, revision);
    if (!kept) return fail('not-found', `there is no revision ${revision} of it any more, or never was`);
    // What was right then may not be any more: bounds move with versions.
    const parsed = SCHEMA_OF[scope.kind].safeParse(kept.document);
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
      return { ...fail('invalid-request', `revision ${revision} is not valid any more`), faults };
    }
    return this.put({ ...request, document: parsed.data, restores: revision }, now, announce);
  }

  /** Forgets the documents of components that did not return. */
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
