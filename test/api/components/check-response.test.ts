import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const TYPE = 'task_router';

const keeping = (id: string, details: unknown) => {
  const registration = registrationFor(id);
  return { ...registration, healthCheck: { ...(registration['healthCheck'] as object), details } };
};

const healthOf = async (id: string) => (await call('GET', `/v1/components/${id}`)).body.health;

const untilResponse = (id: string, status: number) =>
  eventually(
    () => healthOf(id),
    ({ response }) => response?.status === status,
  );

describe('healthCheck.details', () => {
  it('shows the response to the last check, and keeps it up to date', async () => {
    const id = freshId();
    await call('POST', '/v1/components', keeping(id, true));
    const { response } = await untilResponse(id, 200);
    expect(response).toEqual({
      at: expect.stringMatching(/^\d{4}-/),
      status: 200,
      body: { status: 'healthy' },
      truncated: false,
    });
    expect((await call('GET', `/v1/components/${id}/health`)).body.response).toEqual(response);
    await setMode(id, 'unavailable');
    const probed = await call('POST', `/v1/components/${id}/probe`);
    expect(probed.body.health.response).toMatchObject({ status: 503, body: { status: 'unhealthy' } });
    await setMode(id, 'reset');
    const { health } = (await call('POST', `/v1/components/${id}/probe`)).body;
    expect(health.response).toEqual(probed.body.health.response);
    expect(health.lastCheck > health.response.at).toBe(true);
  });

  it('shows the values at pointers, and follows a change without a new verdict', async () => {
    const id = freshId();
    await call('POST', '/v1/components', keeping(id, ['/status', '/nothing']));
    const { response, since } = await untilResponse(id, 200);
    expect(response).toMatchObject({ pointers: { '/status': 'healthy' } });
    expect(response).not.toHaveProperty('body');
    const changed = await call('PATCH', `/v1/components/${id}`, { healthCheck: { details: true } });
    expect(changed.body.health).toMatchObject({ status: 'healthy', since });
    expect(await untilResponse(id, 200)).toMatchObject({ since, response: { body: { status: 'healthy' } } });
  });

  it('shows nothing unless the registration asks for it, and only of a single component', async () => {
    const [asking, silent] = [freshId(), freshId()];
    await call('POST', '/v1/components', keeping(asking, true));
    await call('POST', '/v1/components', registrationFor(silent));
    await untilResponse(asking, 200);
    const checked = await eventually(
      () => healthOf(silent),
      ({ status }) => status === 'healthy',
    );
    expect(checked).not.toHaveProperty('response');
    const listed = (await call('GET', `/v1/components?type=${TYPE}&limit=500`)).body.items;
    const snapshot = (await call('GET', `/v1/snapshot?type=${TYPE}`)).body.items;
    for (const items of [listed, snapshot]) {
      const found = items.find((each: { id: string }) => each.id === asking);
      expect(found.health.status).toBe('healthy');
      expect(found.health).not.toHaveProperty('response');
    }
    const ended = await call('PATCH', `/v1/components/${asking}`, { healthCheck: { details: false } });
    expect(ended.status).toBe(200);
    expect(await healthOf(asking)).not.toHaveProperty('response');
  });

  it('is null after an eviction until the next check', async () => {
    const id = freshId();
    await call('POST', '/v1/components', keeping(id, true));
    await untilResponse(id, 200);
    await setMode(id, 'hang');
    await evict(env.COMPONENT_REGISTRY.getByName(TYPE));
    expect((await healthOf(id)).response).toBeNull();
    await setMode(id, 'healthy');
    await call('POST', `/v1/components/${id}/probe`);
    expect((await untilResponse(id, 200)).response.body).toEqual({ status: 'healthy' });
  });

  it('refuses pointers that are none, and a method whose responses have no body', async () => {
    const refused = await call('POST', '/v1/components', keeping(freshId(), ['status']));
    expect(expectProblem(refused, 422, 'invalid-request')).toEqual(['healthCheck.details[0]']);
    const head = keeping(freshId(), true);
    const withHead = { ...head, healthCheck: { ...head.healthCheck, method: 'HEAD' } };
    expect(expectProblem(await call('POST', '/v1/components', withHead), 422, 'invalid-request')).toEqual([
      'healthCheck.details',
    ]);
  });
});
