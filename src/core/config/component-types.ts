/** Component types and the request types that each serves: built-in ones, overridden and extended by configuration. */
import type { ConfigDocuments } from './config-documents.ts';

/** Request types of each built-in component type. A type's own document can replace them. */
export const BUILT_IN_REQUEST_TYPES: Readonly<Record<string, readonly string[]>> = {
  agent_registry: ['agent_registration', 'agent_lookup', 'agent_update'],
  task_router: ['task_routing', 'task_assignment'],
  caws_validator: ['caws_validation', 'spec_validation'],
  performance_tracker: ['performance_tracking', 'metrics_collection'],
  task_orchestrator: ['task_orchestration', 'task_execution'],
  constitutional_runtime: ['constitutional_validation', 'compliance_check'],
};

export const BUILT_IN_TYPES: readonly string[] = Object.keys(BUILT_IN_REQUEST_TYPES);

/** All types: the built-in ones in their declared order, then the configured ones in alphabetical order. */
export function typeNames({ types }: Pick<ConfigDocuments, 'types'>): string[] {
  const added = Array.from(types.keys()).filter((name) => !BUILT_IN_TYPES.includes(name));
  return [...BUILT_IN_TYPES, ...added.toSorted()];
}

/** Request types that the type serves. A configured list replaces the built-in one. */
export function requestTypesOf({ types }: Pick<ConfigDocuments, 'types'>, type: string): readonly string[] {
  const builtIn = Object.hasOwn(BUILT_IN_REQUEST_TYPES, type) ? BUILT_IN_REQUEST_TYPES[type] : undefined;
  return types.get(type)?.document.requestTypes ?? builtIn ?? [];
}
