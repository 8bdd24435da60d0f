/** Component types, and the request types that reach each of them: those of the original plan, and what was configured. */
import type { ConfigDocuments } from './config-documents.ts';

/** The types that exist from the start. */
export const COMPONENT_TYPES: Readonly<Record<string, readonly string[]>> = {
  agent_registry: ['agent_registration', 'agent_lookup', 'agent_update'],
  task_router: ['task_routing', 'task_assignment'],
  caws_validator: ['caws_validation', 'spec_validation'],
  performance_tracker: ['performance_tracking', 'metrics_collection'],
  task_orchestrator: ['task_orchestration', 'task_execution'],
  constitutional_runtime: ['constitutional_validation', 'compliance_check'],
};

export const TYPES_FROM_START: readonly string[] = Object.keys(COMPONENT_TYPES);

/** All types: those from the start in their order, then those that were added by name. */
export function typeNames({ types }: Pick<ConfigDocuments, 'types'>): string[] {
  const added = Array.from(types.keys()).filter((name) => !TYPES_FROM_START.includes(name));
  return [...TYPES_FROM_START, ...added.toSorted()];
}

/** Request types that reach a type. */
export function requestTypesOf({ types }: Pick<ConfigDocuments, 'types'>, type: string): readonly string[] {
  const fromStart = Object.hasOwn(COMPONENT_TYPES, type) ? COMPONENT_TYPES[type] : undefined;
  return types.get(type)?.document.requestTypes ?? fromStart ?? [];
}
