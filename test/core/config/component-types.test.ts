import { describe, expect, it } from 'vitest';
import { BUILT_IN_TYPES } from '../../../src/core/config/component-types.ts';
import { NO_DOCUMENTS } from '../../../src/core/config/config-documents.ts';
import { isComponentType, resolveConfig } from '../../../src/core/config/effective-config.ts';

const config = resolveConfig(NO_DOCUMENTS);

describe('component types', () => {
  it.each([
    ['agent_registration', 'agent_registry'],
    ['agent_lookup', 'agent_registry'],
    ['agent_update', 'agent_registry'],
    ['task_routing', 'task_router'],
    ['task_assignment', 'task_router'],
    ['caws_validation', 'caws_validator'],
    ['spec_validation', 'caws_validator'],
    ['performance_tracking', 'performance_tracker'],
    ['metrics_collection', 'performance_tracker'],
    ['task_orchestration', 'task_orchestrator'],
    ['task_execution', 'task_orchestrator'],
    ['constitutional_validation', 'constitutional_runtime'],
    ['compliance_check', 'constitutional_runtime'],
    ['task_router', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%s is served by %s', (requestType, type) => {
    expect(config.typeOfRequest.get(requestType)).toBe(type);
  });

  it('are the six of the original plan', () => {
    expect(BUILT_IN_TYPES).toHaveLength(6);
    expect([...config.types.keys()]).toEqual(BUILT_IN_TYPES);
  });

  it.each(['constructor', '__proto__', 'toString', '', 'Task_Router'])('do not include %j', (name) => {
    expect(isComponentType(config, name)).toBe(false);
  });
});
