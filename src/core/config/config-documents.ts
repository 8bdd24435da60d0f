/** Configuration documents as plain data, as the coordinator stores them and sends them to the edges. */
import { isSameJson } from '../is-same-json.ts';
import type { GlobalConfig, TypeConfig } from './settings.ts';

/** Scope of a document that every edge has. */
export type ConfigScope = { readonly kind: 'global' } | { readonly kind: 'type'; readonly type: string };

/** Scope of any document. Edges do not receive the documents of components. */
export type DocumentScope = ConfigScope | { readonly kind: 'component'; readonly id: string };

export const GLOBAL: ConfigScope = { kind: 'global' };

export interface Revised<T> {
  /** Configuration revision of the last change to this document; 0 if it was never written. */
  readonly revision: number;
  readonly document: T;
}

export interface ConfigDocuments {
  /** Revision of the last change to any document. */
  readonly revision: number;
  readonly global: Revised<GlobalConfig>;
  /** Written documents only, by type. */
  readonly types: ReadonlyMap<string, Revised<TypeConfig>>;
}

const UNSET = { revision: 0, document: {} };

export const NO_DOCUMENTS: ConfigDocuments = { revision: 0, global: UNSET, types: new Map() };

/** Subject of events and audit entries about a document of this scope. */
export function subjectOf(scope: DocumentScope): string {
  if (scope.kind === 'component') return scope.id;
  return scope.kind === 'global' ? 'global' : scope.type;
}

export const documentOf = (documents: ConfigDocuments, scope: ConfigScope): Revised<TypeConfig> =>
  scope.kind === 'global' ? documents.global : (documents.types.get(scope.type) ?? UNSET);

/** A copy in which `stored` replaces the document of `scope`. */
export function withDocument(
  documents: ConfigDocuments,
  scope: ConfigScope,
  stored: Revised<TypeConfig>,
): ConfigDocuments {
  const { revision } = stored;
  if (scope.kind === 'global') return { ...documents, revision, global: stored };
  return { ...documents, revision, types: new Map([...documents.types, [scope.type, stored]]) };
}

/** A copy without the type. Its removal has a revision of its own. */
export function withoutType(documents: ConfigDocuments, type: string, revision: number): ConfigDocuments {
  const types = new Map(documents.types);
  types.delete(type);
  return { ...documents, revision, types };
}

/** Names of the fields in which two documents differ. */
export function changedSettings(before: TypeConfig, after: TypeConfig): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof TypeConfig>;
  return Array.from(names).filter((name) => !isSameJson(before[name], after[name]));
}

/** A copy without `values` and `valuesSchema`, which edges do not read and which can be large. */
export function forEdges(documents: ConfigDocuments): ConfigDocuments {
  const { global, types } = documents;
  const stripped = Array.from(types, ([type, stored]) => [type, withoutFreeForm(stored)] as const);
  return { ...documents, global: withoutFreeForm(global), types: new Map(stripped) };
}

function withoutFreeForm<T extends TypeConfig>({ revision, document }: Revised<T>): Revised<T> {
  const { values: _, valuesSchema: __, ...rest } = document;
  return { revision, document: rest as T };
}
