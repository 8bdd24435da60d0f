/** `component` of a routing response: the whole registration with its status, and no secret. */
import { beforeAll, describe, expect, it } from 'vitest';
import { RouteResponseSchema } from '../../../src/api/schemas/route.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';

const TYPE = 'agent_registry';
const SECRET = 'Bearer secret-of-the-health-check';
const id = freshId();
const base = registrationFor(id, { type: TYPE }) as { endpoint: string; healthCheck: object };

/** Every field that a registration can have. */
const registration = {
  ...base,
  name: 'Agents of "weur" \u2028 \u{1F600}',
  healthCheck: { ...base.healthCheck, headers: { authorization: SECRET } },
  heartbeat: { ttl: 600_000 },
  capabilities: { maxConcurrentTasks: 7, supportedTaskTypes: ['find'], performanceMetrics: true },
  metadata: { location: 'weur', version: '2.1.0', nested: { list: [1, null, 'x'] } },
  weight: 3,
  control: { endpoint: '/control', actions: ['restart'] },
  deregisterAfter: 86_400_000,
};

const route = async (body: object) => (await call('POST', '/v1/route', { type: TYPE, ...body })).body;

/** Fields of the component resource that are no part of the registration and not in a routing response. */
const STATE_FIELDS = [
  'health',
  'lifecycleUntil',
  'lifecycleReason',
  'load',
  'detection',
  'recoveryId',
  'revision',
  'generation',
  'registeredAt',
  'updatedAt',
];

/** The registration and the lifecycle as reading the component returns them. */
async function readRegistration(): Promise<Record<string, unknown>> {
  const { body } = await call('GET', `/v1/components/${id}`);
  return Object.fromEntries(Object.entries(body).filter(([name]) => !STATE_FIELDS.includes(name)));
}

beforeAll(async () => {
  await setMode(id, 'healthy');
  await call('POST', '/v1/components', registration);
  await call('POST', `/v1/components/${id}/heartbeat`, { status: 'healthy' });
  await eventually(
    () => call('GET', `/v1/components/${id}`),
    ({ body }) => body.health?.status === 'healthy',
  );
  await eventually(
    () => route({}),
    (body) => body.component?.id === id,
  );
});

describe('the component of a routing response', () => {
  it.each([
    ['in edge mode', {}],
    ['with an explanation', { explain: true }],
    ['in a dry run under another policy', { dryRun: { policy: 'score' } }],
    ['with a lease', { lease: {} }],
    ['with a lease and an explanation', { lease: {}, explain: true }],
  ])('is the whole registration with its status: %s', async (_, body) => {
    const response = await route(body);
    const { health, ...registered } = response.component;
    expect(registered).toEqual(await readRegistration());
    expect(Object.keys(registered)).toEqual(expect.arrayContaining([...Object.keys(registration), 'lifecycle']));
    expect(health).toEqual({ status: 'healthy', suspect: false, reason: null });
    expect(RouteResponseSchema.parse(response)).toEqual(response);
  });

  it('contains no value of a header', async () => {
    for (const body of [{}, { lease: {} }]) {
      const response = await route(body);
      expect(JSON.stringify(response)).not.toContain('secret-of-the-health-check');
      expect(response.component.healthCheck.headers).toEqual({ authorization: '***' });
    }
  });

  it('follows a change of the registration and of the status', async () => {
    await call('PATCH', `/v1/components/${id}`, { name: 'renamed', metadata: { version: '3' } });
    const changed = await eventually(
      () => route({}),
      (body) => body.component?.name === 'renamed',
    );
    expect(changed.component.metadata).toMatchObject({ version: '3', location: 'weur' });
    await call('POST', `/v1/components/${id}/heartbeat`, { status: 'degraded' });
    const degraded = await eventually(
      () => route({}),
      (body) => body.component?.health.status === 'degraded',
    );
    expect(degraded).toMatchObject({
      component: { name: 'renamed', lifecycle: 'active', health: { reason: expect.stringMatching(/\S/) } },
      decision: { fallback: 'suspect' },
    });
    expect((await route({ lease: {} })).component).toMatchObject({ name: 'renamed', health: { status: 'degraded' } });
  });
});
