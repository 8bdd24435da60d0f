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
  it('answers a new component with 201, where it is and its ETag', async () => {
    const id = freshId();
    const answer = await call('POST', '/v1/components', silentRegistration(id));
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/components/${id}`);
    expect(answer.headers.get('etag')).toMatch(/^"\d+"$/);
    const read = await call('GET', answer.headers.get('location')!);
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe(answer.headers.get('etag'));
    expect(read.body).toMatchObject({ id, registeredAt: answer.body.registeredAt, revision: answer.body.revision });
  });

  it('takes the example of the plan as it stands', async () => {
    const answer = await call('POST', '/v1/components', PLAN_EXAMPLE);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject(PLAN_EXAMPLE);
    expect(answer.body).toMatchObject({
      lifecycle: 'active',
      health: { status: 'unknown' },
      load: { activeConnections: 0 },
    });
    expect(ComponentSchema.parse(answer.body)).toEqual(answer.body);
    expect((await call('DELETE', `/v1/components/${PLAN_EXAMPLE.id}`)).status).toBe(204);
  });

  it('carries how soon a death is noticed', async () => {
    const healthCheck = registrationFor(freshId())['healthCheck'];
    const answer = await call(
      'POST',
      '/v1/components',
      silentRegistration(freshId(), { healthCheck, heartbeat: undefined }),
    );
    // The default bound of 10 s shortens the 30 s asked for to 4 s between rounds.
    expect(answer.body.detection.intervalMs).toBe(4_000);
    expect(answer.body.detection.worstCaseMs).toBeLessThanOrEqual(10_000);
  });

  it('fills in what was left out', async () => {
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

  it('keeps a standby apart', async () => {
    const answer = await call('POST', '/v1/components', silentRegistration(freshId(), { role: 'standby' }));
    expect(answer.body).toMatchObject({ role: 'standby', lifecycle: 'standby' });
  });

  it('answers the same registration again with 200 and changes nothing to be seen', async () => {
    const id = freshId();
    const first = await call('POST', '/v1/components', silentRegistration(id));
    const again = await call('POST', '/v1/components', silentRegistration(id));
    expect(again.status).toBe(200);
    const { revision, registeredAt, updatedAt } = first.body;
    expect(again.body).toMatchObject({ id, revision, registeredAt, updatedAt });
  });

  it('answers a changed registration with 200 and takes it over whole', async () => {
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

  it('makes one component of many simultaneous registrations', async () => {
    const id = freshId();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', '/v1/components', silentRegistration(id))),
    );
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    const { body } = await call('GET', '/v1/components?limit=500');
    expect(body.items.filter((item: { id: string }) => item.id === id)).toHaveLength(1);
  });

  it('gives an id that two types want at once to one of them', async () => {
    const id = freshId();
    const types = ['task_router', 'caws_validator'];
    const answers = await Promise.all(
      types.map((type) => call('POST', '/v1/components', silentRegistration(id, { type }))),
    );
    const won = answers.findIndex((answer) => answer.status === 201);
    expect(won).toBeGreaterThanOrEqual(0);
    expectProblem(answers[1 - won]!, 409, 'type-conflict');
    expect((await call('GET', `/v1/components/${id}`)).body.type).toBe(types[won]);
  });
});
