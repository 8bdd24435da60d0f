/** Configuration API of the coordinator: types that its callers see. */
import type { Actor } from '../../core/access/actor.ts';
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { ConfigDocuments, DocumentScope, Revised } from '../../core/config/config-documents.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import type { StoredRevision, RevisionEntry } from '../../core/config/config-revision.ts';
import type { ConfigConflict, ConfigFault } from '../../core/config/config-rules.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import type { ActorRefusal } from '../../core/quota/change-quota.ts';
import type { Failure, Result } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';

export interface ConfigApi {
  /** The global document and the documents of all types, values included. */
  configDocuments(): Promise<ConfigDocuments>;
  /** The same without values, for an edge at revision `since`; null if the edge is up to date. */
  syncConfig(since: number): Promise<ConfigDocuments | null>;
  /**
   * Replaces the document of a scope, if it is valid together with all others. A document of an unknown type adds the
   * type.
   */
  putConfig(request: ConfigPut): Promise<Result<StoredConfig, never> | ConfigRefusal>;
  /** Stores the document of an earlier revision under a new one. */
  rollBackConfig(request: ConfigRollback): Promise<Result<StoredConfig, never> | ConfigRefusal>;
  /** Removes a type without components, or the settings of a built-in one. Returns the documents that are left. */
  removeType(
    removal: TypeRemoval,
  ): Promise<Result<ConfigDocuments, 'not-found' | 'type-not-empty' | 'precondition-failed' | ActorRefusal>>;
  /** Document in force; null if the type or component does not exist. */
  configAt(scope: DocumentScope): Promise<Revised<TypeConfig> | null>;
  /** Kept revisions older than `before`, newest first; null if the type or component does not exist. */
  configHistory(scope: DocumentScope, before: number, limit: number): Promise<RevisionEntry[] | null>;
  configRevision(scope: DocumentScope, revision: number): Promise<StoredRevision | null>;
  /**
   * A number that differs after each change of a document and each removal of a component. Waits up to `holdMs`, at
   * most one second, while the number equals `known`.
   */
  configSequence(known: number | null, holdMs: number): Promise<number>;
  /** Documents that apply to a component, unless their newest revision equals `knownRevision`. */
  componentConfig(request: ComponentConfigRequest): Promise<ComponentConfigResult>;
}

export interface ComponentConfigRequest {
  readonly id: string;
  readonly ownerFilter: OwnerFilter;
  /** Revision that the caller already has; null to get the documents in any case. */
  readonly knownRevision: number | null;
}

export type ComponentConfigResult =
  | { readonly kind: 'levels'; readonly type: string; readonly levels: ConfigLevels }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknown-component' };

export interface ConfigPut {
  readonly scope: DocumentScope;
  readonly document: TypeConfig;
  /** Condition on the revision in force. */
  readonly ifRevision: VersionCondition;
  readonly actor: Actor;
  /** Revision that a rollback restores; absent or null otherwise. */
  readonly restoredRevision?: number | null;
}

export interface ConfigRollback {
  readonly scope: DocumentScope;
  readonly revision: number;
  readonly ifRevision: VersionCondition;
  readonly actor: Actor;
}

export interface TypeRemoval {
  readonly type: string;
  /** Condition on the revision in force. */
  readonly ifRevision: VersionCondition;
  readonly actor: Actor;
}

export interface StoredConfig extends Revised<TypeConfig> {
  /** True if the request created the document, for example by adding a type. */
  readonly created: boolean;
  /** Documents of all types after the change, as edges get them; null if the scope is a component. */
  readonly documents: ConfigDocuments | null;
}

export interface ConfigRefusal extends Failure<
  ConfigConflict['reason'] | 'precondition-failed' | ActorRefusal | 'unknown-component' | 'not-found'
> {
  readonly faults?: readonly ConfigFault[];
}
