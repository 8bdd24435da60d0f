import { describe, expect, it } from 'vitest';
import { degradedAfterMs } from '../../../src/core/component/health-check.ts';
import { COMPONENT_ID_PATTERN, locationOf, RegistrationSchema } from '../../../src/core/component/registration.ts';
import { inputOf, registrationOf } from './registration-of.ts';

/** The example of the original plan, field by field. */
const PLAN_EXAMPLE = {
  id: 'arbiter-001-agent-registry',
  name: 'Agent Registry',
  type: 'agent_registry',
  endpoint: 'https://registry.example.com',
  healthCheck: {
    endpoint: 'https://registry.example.com/health',
    method: 'GET',
    timeout: 5000,
    interval: 30000,
    retries: 3,
  },
  capabilities: {
    maxConcurrentTasks: 100,
    supportedTaskTypes: ['agent_registration', 'agent_lookup'],
    performanceMetrics: true,
    healthMonitoring: true,
    constitutionalCompliance: false,
  },
  dependencies: [],
  metadata: { version: '1.0.0', location: 'weur' },
};

const EXTENSIONS = {
  role: 'active',
  weight: 1,
  heartbeat: { ttl: 15000 },
  control: { endpoint: 'https://registry.example.com/control', actions: ['restart', 'scale_up'] },
  deregisterAfter: 3600000,
};

const issuesOf = (input: unknown) => RegistrationSchema.safeParse(input).error?.issues ?? [];

const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) });

describe('RegistrationSchema', () => {
  it('accepts the example of the original plan unchanged', () => {
    expect(RegistrationSchema.parse(PLAN_EXAMPLE)).toEqual({ ...PLAN_EXAMPLE, role: 'active', weight: 1 });
  });

  it('accepts every optional field', () => {
    expect(RegistrationSchema.parse({ ...PLAN_EXAMPLE, ...EXTENSIONS })).toEqual({ ...PLAN_EXAMPLE, ...EXTENSIONS });
  });

  it('fills in the defaults', () => {
    expect(RegistrationSchema.parse(inputOf())).toEqual({
      id: 'router-1',
      name: 'Router 1',
      type: 'task_router',
      endpoint: 'https://router.example.com',
      healthCheck: { endpoint: '/health', method: 'GET', timeout: 5_000, retries: 3 },
      capabilities: {
        supportedTaskTypes: [],
        performanceMetrics: false,
        healthMonitoring: false,
        constitutionalCompliance: false,
      },
      dependencies: [],
      metadata: {},
      role: 'active',
      weight: 1,
    });
  });

  it('names a component by its id unless the registration has a name', () => {
    expect(RegistrationSchema.parse(inputOf({ name: undefined }))).toMatchObject({ id: 'router-1', name: 'router-1' });
    expect(RegistrationSchema.parse(inputOf())).toMatchObject({ id: 'router-1', name: 'Router 1' });
  });

  it('returns a new object each time, so that no two registrations share a default', () => {
    const [first, second] = [registrationOf(), registrationOf()];
    expect(first.capabilities).not.toBe(second.capabilities);
    expect(first.metadata).not.toBe(second.metadata);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a heartbeat instead of a health check', { healthCheck: undefined, heartbeat: { ttl: 1_000 } }],
    ['both', { heartbeat: { ttl: 3_600_000 } }],
    ['an id of one character', { id: '7' }],
    ['an id of 128 characters', { id: 'a'.repeat(128) }],
    ['every character allowed in an id', { id: 'a.b_c-9' }],
    ['weight 0, which drains', { weight: 0 }],
    ['a fractional weight', { weight: 0.25 }],
    ['free metadata, nested', { metadata: { a: [1, { b: null }], 'any key': true, c: 'x' } }],
    ['64 keys of metadata', { metadata: Object.fromEntries(Array.from({ length: 64 }, (_, key) => [`k${key}`, key])) }],
    ['a type without configuration', { type: 'my_own_type' }],
    ['a dependency', { dependencies: ['registry-1', 'registry-2'] }],
    ['the shortest check', { healthCheck: { endpoint: '/', timeout: 100, interval: 1_000, retries: 0 } }],
    ['the longest check', { healthCheck: { endpoint: '/', timeout: 60_000, interval: 3_600_000, retries: 10 } }],
    ['another method', { healthCheck: { endpoint: '/', method: 'HEAD' } }],
    ['a standby', { role: 'standby' }],
  ])('accepts %s', (_, changes) => {
    expect(issuesOf(inputOf(changes))).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['neither health check nor heartbeat', { healthCheck: undefined }, 'healthCheck'],
    ['no id', { id: undefined }, 'id'],
    ['an empty id', { id: '' }, 'id'],
    ['an id in upper case', { id: 'Router' }, 'id'],
    ['an id that begins with a dot', { id: '.hidden' }, 'id'],
    ['an id with a slash', { id: 'a/b' }, 'id'],
    ['an id with a line break', { id: 'a\n' }, 'id'],
    ['an id of 129 characters', { id: 'a'.repeat(129) }, 'id'],
    ['an empty name', { name: '' }, 'name'],
    ['a name of 257 characters', { name: 'n'.repeat(257) }, 'name'],
    ['no type', { type: undefined }, 'type'],
    ['a type with a dash', { type: 'task-router' }, 'type'],
    ['no endpoint', { endpoint: undefined }, 'endpoint'],
    ['an endpoint that is not text', { endpoint: 7 }, 'endpoint'],
    ['a check without endpoint', { healthCheck: {} }, 'healthCheck.endpoint'],
    ['another HTTP method', { healthCheck: { endpoint: '/', method: 'DELETE' } }, 'healthCheck.method'],
    ['a timeout below 100 ms', { healthCheck: { endpoint: '/', timeout: 99 } }, 'healthCheck.timeout'],
    ['a timeout over a minute', { healthCheck: { endpoint: '/', timeout: 60_001 } }, 'healthCheck.timeout'],
    ['a fractional timeout', { healthCheck: { endpoint: '/', timeout: 500.5 } }, 'healthCheck.timeout'],
    ['an interval below 1 s', { healthCheck: { endpoint: '/', interval: 999 } }, 'healthCheck.interval'],
    ['an interval as text', { healthCheck: { endpoint: '/', interval: '30s' } }, 'healthCheck.interval'],
    ['11 retries', { healthCheck: { endpoint: '/', retries: 11 } }, 'healthCheck.retries'],
    ['a negative number of retries', { healthCheck: { endpoint: '/', retries: -1 } }, 'healthCheck.retries'],
    ['a task limit of 0', { capabilities: { maxConcurrentTasks: 0 } }, 'capabilities.maxConcurrentTasks'],
    ['an empty task type', { capabilities: { supportedTaskTypes: [''] } }, 'capabilities.supportedTaskTypes.0'],
    ['a dependency on itself', { dependencies: ['router-1'] }, 'dependencies'],
    ['a repeated dependency', { dependencies: ['a', 'a'] }, 'dependencies'],
    ['a dependency that is not an id', { dependencies: ['ok', 'No!'] }, 'dependencies.1'],
    ['65 dependencies', { dependencies: Array.from({ length: 65 }, (_, n) => `d${n}`) }, 'dependencies'],
    ['metadata that is a list', { metadata: [] }, 'metadata'],
    [
      '65 keys of metadata',
      { metadata: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, 1])) },
      'metadata',
    ],
    ['metadata of 8 KiB and more', { metadata: { text: 'x'.repeat(8_192) } }, 'metadata'],
    ['metadata nested 33 deep', { metadata: { deep: nested(33) } }, 'metadata'],
    ['an unknown role', { role: 'leader' }, 'role'],
    ['a negative weight', { weight: -0.1 }, 'weight'],
    ['a weight over 1000', { weight: 1_001 }, 'weight'],
    ['a weight of NaN', { weight: Number.NaN }, 'weight'],
    ['a heartbeat ttl below 1 s', { heartbeat: { ttl: 999 } }, 'heartbeat.ttl'],
    ['an unknown control action', { control: { endpoint: '/c', actions: ['reboot'] } }, 'control.actions.0'],
    ['no control action', { control: { endpoint: '/c', actions: [] } }, 'control.actions'],
    ['a removal after less than 10 s', { deregisterAfter: 9_999 }, 'deregisterAfter'],
  ])('refuses %s and names the field', (_, changes, path) => {
    expect(issuesOf(inputOf(changes)).map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['at the top', { colour: 'red' }, ''],
    ['in the health check', { healthCheck: { endpoint: '/', colour: 'red' } }, 'healthCheck'],
    ['in the capabilities', { capabilities: { colour: 'red' } }, 'capabilities'],
    ['in the heartbeat', { heartbeat: { ttl: 5_000, colour: 'red' } }, 'heartbeat'],
  ])('refuses an unknown field %s and names it', (_, changes, path) => {
    const [issue] = issuesOf(inputOf(changes));
    expect(issue).toMatchObject({ code: 'unrecognized_keys', keys: ['colour'] });
    expect(issue?.path.join('.')).toBe(path);
  });
});

describe('functions of a registration', () => {
  it('degradedAfter defaults to half the timeout', () => {
    expect(degradedAfterMs(registrationOf({ healthCheck: { endpoint: '/', timeout: 101 } }).healthCheck!)).toBe(51);
    expect(degradedAfterMs(registrationOf({ healthCheck: { endpoint: '/', degradedAfter: 7 } }).healthCheck!)).toBe(7);
  });

  it('the location is read from the metadata if it is text', () => {
    expect(locationOf({ metadata: { location: 'weur' } })).toBe('weur');
    expect(locationOf({ metadata: { location: 7 } })).toBeUndefined();
    expect(locationOf({ metadata: {} })).toBeUndefined();
  });

  it('the id pattern is anchored at both ends', () => {
    expect(COMPONENT_ID_PATTERN.test('a b')).toBe(false);
    expect(COMPONENT_ID_PATTERN.test(' a')).toBe(false);
  });
});
