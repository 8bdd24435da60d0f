import { describe, expect, it } from 'vitest';
import { ComponentSchema } from '../../../src/api/schemas/component.ts';
import { call, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

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
  role: 'active',
  weight: 1,
  heartbeat: { ttl: 15000 },
  control: { endpoint: 'https://registry.example.com/control', actions: ['restart', 'scale_up'] },
  deregisterAfter: 3600000,
};

describe('POST /v1/components', () => {
  it('returns 201 with location and ETag for a new component', async () => {
    const id = freshId();
    const response = await call('POST', '/v1/components', silentRegistration(id));
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v1/components/${id}`);
    expect(response.headers.get('etag')).toMatch(/^"\d+"$/);
    const read = await call('GET', response.headers.get('location')!);
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe(response.headers.get('etag'));
    expect(read.body).toMatchObject({ id, registeredAt: response.body.registeredAt, revision: response.body.revision });
  });

  it('accepts the example of the plan unchanged', async () => {
    const response = await call('POST', '/v1/components', PLAN_EXAMPLE);
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject(PLAN_EXAMPLE);
    expect(response.body).toMatchObject({
      lifecycle: 'active',
      health: { status: 'unknown' },
      load: { activeConnections: 0 },
    });
    expect(ComponentSchema.parse(response.body)).toEqual(response.body);
    expect((await call('DELETE', `/v1/components/${PLAN_EXAMPLE.id}`)).status).toBe(204);
  });

  it('returns the detection times', async () => {
    const healthCheck = registrationFor(freshId())['healthCheck'];
    const response = await call(
      'POST',
      '/v1/components',
      silentRegistration(freshId(), { healthCheck, heartbeat: undefined }),
    );
    // The default detection bound of 10 s shortens the requested interval of 30 s to 4 s.
    expect(response.body.detection.intervalMs).toBe(4_000);
    expect(response.body.detection.worstCaseMs).toBeLessThanOrEqual(10_000);
  });

  it('names a component by its id when the registration has no name', async () => {
    const id = freshId();
    const response = await call('POST', '/v1/components', silentRegistration(id, { name: undefined }));
    expect(response.status).toBe(201);
    expect(response.body.name).toBe(id);
    expect((await call('GET', `/v1/components/${id}`)).body.name).toBe(id);
    const renamed = await call('PATCH', `/v1/components/${id}`, { name: 'Router' });
    expect(renamed.body.name).toBe('Router');
    expect((await call('PATCH', `/v1/components/${id}`, { name: null })).body.name).toBe(id);
  });

  it('fills in defaults', async () => {
    const id = freshId();
    const { body } = await call('POST', '/v1/components', {
      id,
      name: 'n',
      type: 'task_router',
      endpoint: 'https://a.example.com',
      heartbeat: { ttl: 9_000 },
    });
    expect(body).toMatchObject({
      dependencies: [],
      metadata: {},
      role: 'active',
      weight: 1,
      capabilities: { supportedTaskTypes: [] },
    });
    expect(body.detection.intervalMs).toBeNull();
  });

  it('registers a standby with the lifecycle standby', async () => {
    const response = await call('POST', '/v1/components', silentRegistration(freshId(), { role: 'standby' }));
    expect(response.body).toMatchObject({ role: 'standby', lifecycle: 'standby' });
  });

  it('returns 200 for a repeated registration and changes nothing visible', async () => {
    const id = freshId();
    const first = await call('POST', '/v1/components', silentRegistration(id));
    const again = await call('POST', '/v1/components', silentRegistration(id));
    expect(again.status).toBe(200);
    const { revision, registeredAt, updatedAt } = first.body;
    expect(again.body).toMatchObject({ id, revision, registeredAt, updatedAt });
  });

  it('returns 200 for a changed registration and replaces it whole', async () => {
    const id = freshId();
    const first = await call(
      'POST',
      '/v1/components',
      silentRegistration(id, { metadata: { version: '1' }, weight: 3 }),
    );
    const again = await call('POST', '/v1/components', silentRegistration(id, { metadata: { location: 'enam' } }));
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({
      metadata: { location: 'enam' },
      weight: 1,
      registeredAt: first.body.registeredAt,
    });
    expect(again.body.metadata).not.toHaveProperty('version');
    expect(again.body.revision).toBeGreaterThan(first.body.revision);
    expect(again.headers.get('etag')).not.toBe(first.headers.get('etag'));
    expect((await call('GET', `/v1/components/${id}`)).body.metadata).toEqual({ location: 'enam' });
  });

  it('creates one component for simultaneous registrations of an id', async () => {
    const id = freshId();
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', '/v1/components', silentRegistration(id))),
    );
    expect(responses.map((response) => response.status).toSorted((a, b) => a - b)).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    const { body } = await call('GET', '/v1/components?limit=500');
    expect(body.items.filter((item: { id: string }) => item.id === id)).toHaveLength(1);
  });

  it('gives an id registered simultaneously under two types to one of them', async () => {
    const id = freshId();
    const types = ['task_router', 'caws_validator'];
    const responses = await Promise.all(
      types.map((type) => call('POST', '/v1/components', silentRegistration(id, { type }))),
    );
    const won = responses.findIndex((response) => response.status === 201);
    expect(won).toBeGreaterThanOrEqual(0);
    expectProblem(responses[1 - won]!, 409, 'type-conflict');
    expect((await call('GET', `/v1/components/${id}`)).body.type).toBe(types[won]);
  });
});
