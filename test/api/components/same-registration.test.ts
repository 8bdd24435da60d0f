/** Registering again: what counts as the same registration, and what is known about a component at another address. */
import { inject } from 'vitest';
import { describe, expect, it } from 'vitest';
import { call, componentLog, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';

const register = (body: unknown) => call('POST', '/v1/components', body);
const awaitStatus = (id: string, status: string) =>
  eventually(
    async () => (await call('GET', `/v1/components/${id}`)).body,
    (component) => component.health?.status === status,
  );

describe('registering again', () => {
  it('with members in another order changes nothing', async () => {
    const id = freshId();
    const metadata = { region: 'eu', limits: { cpu: 2, memory: 4 } };
    const first = await register(registrationFor(id, { metadata }));
    const again = await register(registrationFor(id, { metadata: { limits: { memory: 4, cpu: 2 }, region: 'eu' } }));
    expect(again.status).toBe(200);
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    const put = await call('PUT', `/v1/components/${id}`, registrationFor(id, { metadata: { ...metadata } }));
    expect(put.headers.get('etag')).toBe(first.headers.get('etag'));
  });

  it('at another address makes a healthy component unknown, and a fallback, until its first check there', async () => {
    const type = 'constitutional_runtime';
    const [id, other, elsewhere] = [freshId('moving'), freshId('other'), freshId('elsewhere')];
    await setMode(elsewhere, 'hang');
    await register(registrationFor(id, { type }));
    await register(registrationFor(other, { type }));
    await Promise.all([awaitStatus(id, 'healthy'), awaitStatus(other, 'healthy')]);
    const url = `${inject('componentUrl')}/${elsewhere}`;
    const moved = await register(
      registrationFor(id, { type, endpoint: url, healthCheck: { endpoint: '/health', timeout: 30_000, retries: 0 } }),
    );
    expect(moved.body.health).toMatchObject({ status: 'unknown' });
    const candidatesOf = async () => (await call('POST', '/v1/route', { type, explain: true })).body;
    const decided = await eventually(
      candidatesOf,
      ({ component, decision }) =>
        component?.id === other &&
        decision.candidates.some(
          (each: { id: string; verdict: string }) => each.id === id && each.verdict !== 'chosen',
        ),
    );
    expect(decided.component.id).toBe(other);
    await call('DELETE', `/v1/components/${other}`);
    const last = await eventually(candidatesOf, ({ component }) => component?.id === id);
    expect(last.component.endpoint).toBe(url);
    expect((await componentLog(elsewhere)).checks).toBe(1);
  });

  it('at another address is healthy after its first check', async () => {
    const [id, elsewhere] = [freshId(), freshId()];
    await register(registrationFor(id));
    await awaitStatus(id, 'healthy');
    const moved = await register(registrationFor(id, { endpoint: `${inject('componentUrl')}/${elsewhere}` }));
    expect(moved.body.health.status).toBe('unknown');
    await awaitStatus(id, 'healthy');
  });

  it('with another interval keeps the status', async () => {
    const id = freshId();
    await register(registrationFor(id));
    await awaitStatus(id, 'healthy');
    const { body } = await register(registrationFor(id, { weight: 2 }));
    expect(body.health.status).toBe('healthy');
  });
});

it('a path is checked behind the path of the endpoint', async () => {
  const id = freshId();
  await register(registrationFor(id, { healthCheck: { endpoint: '/health', timeout: 1_000, retries: 0 } }));
  await awaitStatus(id, 'healthy');
  expect((await componentLog(id)).checks).toBeGreaterThan(0);
});

const withLongInteger = (id: string): string =>
  JSON.stringify(registrationFor(id, { metadata: { account: 'BIG' } })).replace('"BIG"', '1234567890123456789');

describe('an integer that a double cannot hold', () => {
  const fault = [{ path: 'metadata.account', message: expect.stringContaining('send it as text') }];

  it('is refused in metadata', async () => {
    const id = freshId();
    const refused = await register(withLongInteger(id));
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid-request', errors: fault } });
    await register(registrationFor(id));
    expect((await call('PUT', `/v1/components/${id}`, withLongInteger(id))).body.errors).toEqual(fault);
    const patch = '{"metadata":{"account":1234567890123456789}}';
    expect((await call('PATCH', `/v1/components/${id}`, patch)).body.errors).toEqual(fault);
  });

  it('is refused in values of the configuration', async () => {
    const document = '{"values":{"account":1234567890123456789}}';
    const errors = [{ path: 'values.account', message: expect.stringContaining('send it as text') }];
    for (const path of ['/v1/config', '/v1/config/types/task_router'])
      expect(await call('PUT', path, document)).toMatchObject({ status: 422, body: { errors } });
  });
});
