/** The component types that exist from the start, each with the request types that reach it. */
export const COMPONENT_TYPES: Readonly<Record<string, readonly string[]>> = {
  agent_registry: ['agent_registration', 'agent_lookup', 'agent_update'],
  task_router: ['task_routing', 'task_assignment'],
  caws_validator: ['caws_validation', 'spec_validation'],
  performance_tracker: ['performance_tracking', 'metrics_collection'],
  task_orchestrator: ['task_orchestration', 'task_execution'],
  constitutional_runtime: ['constitutional_validation', 'compliance_check'],
};

export const TYPE_NAMES: readonly string[] = Object.keys(COMPONENT_TYPES);

const TYPE_BY_REQUEST: ReadonlyMap<string, string> = new Map(
  Object.entries(COMPONENT_TYPES).flatMap(([type, requests]) => requests.map((request) => [request, type] as const)),
);

export const isComponentType = (type: string): boolean => Object.hasOwn(COMPONENT_TYPES, type);

/** The component type that serves a request type, or undefined when none does. */
export const typeForRequest = (requestType: string): string | undefined => TYPE_BY_REQUEST.get(requestType);
