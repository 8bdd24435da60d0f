/** The documents of the configuration as the coordinator keeps them and hands them to the edges. Plain data. */
import type { Json } from '../json.ts';
import { isSameJson } from '../json-diff.ts';
import type { GlobalConfig, TypeConfig } from './settings.ts';

/** What a document is for that all edges have. */
export type ConfigScope = { readonly kind: 'global' } | { readonly kind: 'type'; readonly type: string };

/** What any document is for: those of components no edge has. */
export type DocumentScope = ConfigScope | { readonly kind: 'component'; readonly id: string };

export const GLOBAL: ConfigScope = { kind: 'global' };

export interface Revised<T> {
  /** Of the change that made it so; 0 when nobody ever put it. */
  readonly revision: number;
  readonly document: T;
}

export interface ConfigDocuments {
  /** Of the last change of any of them. */
  readonly revision: number;
  readonly global: Revised<GlobalConfig>;
  /** By type: those that somebody put. */
  readonly types: ReadonlyMap<string, Revised<TypeConfig>>;
}

const NEVER_PUT = { revision: 0, document: {} };

export const NO_DOCUMENTS: ConfigDocuments = { revision: 0, global: NEVER_PUT, types: new Map() };

/** What is named after it in events and in the audit. */
export function subjectOf(scope: DocumentScope): string {
  if (scope.kind === 'component') return scope.id;
  return scope.kind === 'global' ? 'global' : scope.type;
}

export const documentOf = (documents: ConfigDocuments, scope: ConfigScope): Revised<TypeConfig> =>
  scope.kind === 'global' ? documents.global : (documents.types.get(scope.type) ?? NEVER_PUT);

/** The documents with another one in the place of that scope's. */
export function withDocument(
  documents: ConfigDocuments,
  scope: ConfigScope,
  put: Revised<TypeConfig>,
): ConfigDocuments {
  const { revision } = put;
  if (scope.kind === 'global') return { ...documents, revision, global: put };
  return { ...documents, revision, types: new Map([...documents.types, [scope.type, put]]) };
}

/** The settings in which two documents differ, by name. */
export function changedSettings(before: TypeConfig, after: TypeConfig): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof TypeConfig>;
  return Array.from(names).filter((name) => !isSameJson(before[name] as Json, after[name] as Json));
}

/** As edges have them: without what is none of their business, so that it may be large. */
export function forEdges(documents: ConfigDocuments): ConfigDocuments {
  const { global, types } = documents;
  const stripped = Array.from(types, ([type, put]) => [type, withoutFree(put)] as const);
  return { ...documents, global: withoutFree(global), types: new Map(stripped) };
}

function withoutFree<T extends TypeConfig>({ revision, document }: Revised<T>): Revised<T> {
  const { values: _, valuesSchema: __, ...rest } = document;
  return { revision, document: rest as T };
}
