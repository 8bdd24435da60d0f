import { afterEach, describe, expect, it } from 'vitest';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const freshType = (): string => `t_${freshId().replaceAll(/[^a-z0-9]/g, '_')}`;
const configPath = (type: string): string => `/v1/config/types/${type}`;
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

const register = (type: string, headers = {}, id = freshId()): Promise<ApiResponse> =>
  call('POST', '/v1/components', silentRegistration(id, { type }), headers);

async function keyWith(scope: string): Promise<Record<string, string>> {
  const made = await call('POST', '/v1/keys', { name: freshId(), scopes: [scope] });
  expect(made.status).toBe(201);
  return bearer(made.body.key);
}

afterEach(async () => {
  await call('PUT', '/v1/config', {});
});

describe('a type that is not configured', () => {
  it('is made by its first registration, with an event and an empty configuration', async () => {
    const type = freshType();
    const registered = await register(type);
    expect(registered).toMatchObject({ status: 201, body: { type } });
    expect(await call('GET', configPath(type))).toMatchObject({ status: 200, body: {} });
    expect((await call('GET', `/v1/components?type=${type}`)).body.items).toHaveLength(1);
    const events = await call('GET', `/v1/events?subject=${type}`);
    expect(events.body.items).toMatchObject([{ type: 'config.changed', data: { scope: 'type', changed: [] } }]);
    const audit = await call('GET', `/v1/audit?subject=${type}`);
    expect(audit.body.items).toMatchObject([{ action: 'config.change' }]);
    await eventually(
      () => call('GET', '/v1/health'),
      ({ body }) => body.byType[type]?.total === 1,
    );
  });

  it('is made by a registrar of that type', async () => {
    const type = freshType();
    expect((await register(type, await keyWith(`registrar:${type}`))).status).toBe(201);
  });

  it('is not made by a key that may not register in it', async () => {
    const [type, id] = [freshType(), freshId()];
    const component = await keyWith(`component:${id}`);
    const refused = await register(type, component, id);
    expect(expectProblem(refused, 422, 'unknown-type')).toEqual(['type']);
    expectProblem(await register(type, await keyWith('registrar:task_router')), 403, 'forbidden');
    expect((await call('GET', configPath(type))).status).toBe(404);
  });

  it('is not made by a registration that is refused', async () => {
    const type = freshType();
    const body = silentRegistration(freshId(), { type, dependencies: [freshId()] });
    expectProblem(await call('POST', '/v1/components', body), 422, 'dependency-not-registered');
    const conditional = await register(type, { 'if-match': '"7"' });
    expect(conditional.status).toBe(412);
    expect((await call('GET', configPath(type))).status).toBe(404);
  });

  it('is never named global', async () => {
    expect(expectProblem(await register('global'), 422, 'unknown-type')).toEqual(['type']);
  });
});

describe('newTypes: refuse', () => {
  it('refuses an unknown type with the types there are and the call that adds one', async () => {
    await call('PUT', '/v1/config', { newTypes: 'refuse' });
    const type = freshType();
    const refused = await register(type);
    expect(expectProblem(refused, 422, 'unknown-type')).toEqual(['type']);
    expect(refused.body.errors[0].message).toContain('task_router');
    expect(refused.body.errors[0].message).toContain(`PUT /v1/config/types/${type}`);
    const key = await eventually(
      () => call('POST', '/v1/keys', { name: 'x', scopes: [`registrar:${type}`] }),
      ({ status }) => status === 422,
    );
    expect(expectProblem(key, 422, 'invalid-request')).toEqual(['scopes[0]']);
    expect((await call('PUT', configPath(type), {})).status).toBe(201);
    expect((await register(type)).status).toBe(201);
  });

  it('is a setting of all types together only', async () => {
    expectProblem(await call('PUT', configPath('task_router'), { newTypes: 'refuse' }), 422, 'invalid-request');
    expectProblem(await call('PUT', '/v1/config', { newTypes: 'ask' }), 422, 'invalid-request');
  });
});

describe('DELETE of a type', () => {
  it('removes a type without components, with an event, and can be made again', async () => {
    const type = freshType();
    await call('PUT', configPath(type), { failureThreshold: 5 });
    expect((await call('DELETE', configPath(type))).status).toBe(204);
    expect((await call('GET', configPath(type))).status).toBe(404);
    expectProblem(await call('GET', `/v1/components?type=${type}`), 422, 'unknown-type');
    expect((await call('GET', '/v1/health')).body.byType).not.toHaveProperty(type);
    const { body } = await call('GET', `/v1/events?subject=${type}`);
    expect(body.items.at(-1)).toMatchObject({ type: 'config.changed', data: { removed: true } });
    expect((await call('DELETE', configPath(type))).status).toBe(404);
    expect((await register(type)).status).toBe(201);
    expect(await call('GET', configPath(type))).toMatchObject({ status: 200, body: {} });
  });

  it('is refused with the number of components while any is registered', async () => {
    const [type, id] = [freshType(), freshId()];
    await register(type, {}, id);
    await register(type);
    const refused = await call('DELETE', configPath(type));
    expectProblem(refused, 409, 'type-not-empty');
    expect(refused.body.detail).toContain('2 components');
    for (const { id: each } of (await call('GET', `/v1/components?type=${type}`)).body.items)
      expect((await call('DELETE', `/v1/components/${each}`)).status).toBe(204);
    expect((await call('DELETE', configPath(type))).status).toBe(204);
  });

  it('honours If-Match', async () => {
    const type = freshType();
    await call('PUT', configPath(type), {});
    expectProblem(await call('DELETE', configPath(type), undefined, { 'if-match': '"0"' }), 412, 'precondition-failed');
    expect((await call('GET', configPath(type))).status).toBe(200);
  });

  it('gives a built-in type its defaults back', async () => {
    const path = configPath('constitutional_runtime');
    await call('PUT', path, { failureThreshold: 9 });
    expect((await call('DELETE', path)).status).toBe(204);
    expect(await call('GET', path)).toMatchObject({ status: 200, body: {} });
  });
});
