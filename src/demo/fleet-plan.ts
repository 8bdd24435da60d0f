/** The components of the demo: the six ARBITER types, in the order of their dependencies. */
import { BUILT_IN_REQUEST_TYPES } from '../core/config/component-types.ts';
import type { RegistrationInput } from '../core/component/registration.ts';

export interface PlannedComponent {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly requestTypes: readonly string[];
  readonly dependencies: readonly string[];
}

/** Tasks require this capability, so they never reach a component that is not the demo's. */
export const DEMO_CAPABILITY = 'arbiter-demo';

interface TypePlan {
  readonly type: string;
  readonly name: string;
  readonly count: number;
  /** Each component depends on the first component of these types. */
  readonly needs: readonly string[];
}

const TYPES: readonly TypePlan[] = [
  { type: 'agent_registry', name: 'Agent Registry', count: 2, needs: [] },
  { type: 'performance_tracker', name: 'Performance Tracker', count: 2, needs: [] },
  { type: 'constitutional_runtime', name: 'Constitutional Runtime', count: 2, needs: [] },
  { type: 'caws_validator', name: 'CAWS Validator', count: 3, needs: ['constitutional_runtime'] },
  { type: 'task_router', name: 'Task Router', count: 3, needs: ['agent_registry', 'performance_tracker'] },
  {
    type: 'task_orchestrator',
    name: 'Task Orchestrator',
    count: 3,
    needs: ['agent_registry', 'constitutional_runtime'],
  },
];

const idOf = (type: string, number: number): string => `demo-${type.replaceAll('_', '-')}-${number}`;

export const FLEET_PLAN: readonly PlannedComponent[] = TYPES.flatMap(({ type, name, count, needs }) =>
  Array.from({ length: count }, (_, index) => ({
    id: idOf(type, index + 1),
    name: `${name} ${index + 1}`,
    type,
    requestTypes: BUILT_IN_REQUEST_TYPES[type] ?? [],
    dependencies: needs.map((needed) => idOf(needed, 1)),
  })),
);

/** The registration of a planned component that runs at `url` and restarts through `controlUrl`. */
export function registrationOf(planned: PlannedComponent, url: string, controlUrl: string): RegistrationInput {
  return {
    id: planned.id,
    name: planned.name,
    type: planned.type,
    endpoint: url,
    healthCheck: { endpoint: `${url}/health`, method: 'GET', timeout: 5_000, interval: 30_000, retries: 3 },
    capabilities: {
      maxConcurrentTasks: 50,
      supportedTaskTypes: [...planned.requestTypes, DEMO_CAPABILITY],
      healthMonitoring: true,
    },
    dependencies: [...planned.dependencies],
    metadata: { version: '1.0.0', location: 'local' },
    control: { endpoint: controlUrl, actions: ['restart'] },
  };
}
