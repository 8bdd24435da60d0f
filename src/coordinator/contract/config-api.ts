/** What the coordinator answers of the configuration, as the rest of the house sees it. */
import type { Actor } from '../../core/access/actor.ts';
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { ConfigDocuments, DocumentScope, Revised } from '../../core/config/config-documents.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import type { KeptRevision, RevisionEntry } from '../../core/config/config-revision.ts';
import type { ConfigConflict, ConfigFault } from '../../core/config/config-rules.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import type { Failure, Result } from '../../core/result.ts';

export interface ConfigApi {
  /** Those for all types and for each, all of them and whole. */
  configDocuments(): Promise<ConfigDocuments>;
  /** The same for an edge that holds a revision, without values: null when that is the last one. */
  syncConfig(since: number): Promise<ConfigDocuments | null>;
  /** Stores a document in the place of the one before, if it agrees with all others; of a type unknown so far, adds the type. */
  putConfig(request: ConfigPut): Promise<Result<StoredConfig, never> | ConfigRefusal>;
  /** Puts the document of an earlier revision anew. */
  rollBackConfig(request: ConfigRollback): Promise<Result<StoredConfig, never> | ConfigRefusal>;
  /** The document in force; null when there is no such type or component. */
  configAt(scope: DocumentScope): Promise<Revised<TypeConfig> | null>;
  /** Revisions kept of a document, the newest first, older than one; null when there is no such type or component. */
  configHistory(scope: DocumentScope, before: number, limit: number): Promise<RevisionEntry[] | null>;
  configRevision(scope: DocumentScope, revision: number): Promise<KeptRevision | null>;
  /**
   * Another number after each change of a document and each removal of a component; waits for it to be another than the
   * known one, a second at most.
   */
  configSequence(known: number | null, holdMs: number): Promise<number>;
  /** What is put for a component and above it, unless that is of revision `unless`. */
  componentConfig(request: ComponentConfigRequest): Promise<ComponentConfigResult>;
}

export interface ComponentConfigRequest {
  readonly id: string;
  readonly only: OwnerFilter;
  /** Null to be answered in any case. */
  readonly unless: number | null;
}

export type ComponentConfigResult =
  | { readonly kind: 'levels'; readonly type: string; readonly levels: ConfigLevels }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknown-component' };

export interface ConfigPut {
  readonly scope: DocumentScope;
  readonly document: TypeConfig;
  /** Only over exactly this revision; null for any. */
  readonly ifRevision: number | null;
  readonly actor: Actor;
  /** The earlier revision whose document it is; absent or null when it is put as it is. */
  readonly restores?: number | null;
}

export interface ConfigRollback {
  readonly scope: DocumentScope;
  readonly revision: number;
  readonly ifRevision: number | null;
  readonly actor: Actor;
}

export interface StoredConfig extends Revised<TypeConfig> {
  /** A type was added by it. */
  readonly created: boolean;
  /** Those for all types and for each as they are now, as edges have them; null of a component's, which are not among them. */
  readonly documents: ConfigDocuments | null;
}

export interface ConfigRefusal extends Failure<
  ConfigConflict['reason'] | 'precondition-failed' | 'unauthorized' | 'unknown-component' | 'not-found'
> {
  readonly faults?: readonly ConfigFault[];
}
