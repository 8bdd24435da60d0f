import { env } from 'cloudflare:workers';
import { describe, expect, inject, it } from 'vitest';
import { call, componentLog, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const TYPE = 'task_router';
const SECRET = 'hunter2-hunter2';

const withHeaders = (id: string, headers: Record<string, string>, check: Record<string, unknown> = {}) =>
  registrationFor(id, {
    healthCheck: { endpoint: `${inject('componentUrl')}/${id}/health`, timeout: 1_000, headers, ...check },
  });

const sentWith = (id: string, value: string | undefined) =>
  eventually(
    async () => (await componentLog(id)).checkHeaders[0]?.['x-token'],
    (seen) => seen === value,
  );

const health = async (id: string) => (await call('GET', `/v1/components/${id}`)).body.health;

describe.concurrent('health check headers', () => {
  it('are sent with every check, beside the coordinator headers', async () => {
    const id = freshId();
    await call('POST', '/v1/components', withHeaders(id, { 'X-Token': SECRET }));
    await sentWith(id, SECRET);
    const [headers] = (await componentLog(id)).checkHeaders;
    expect(headers?.['user-agent']).toBe('arbiter-coordinator');
    expect(headers?.['accept']).toContain('application/health+json');
  });

  it('are masked in responses, events and the audit', async () => {
    const id = freshId();
    const registered = await call('POST', '/v1/components', withHeaders(id, { 'x-token': SECRET }));
    expect(registered.body.healthCheck.headers).toEqual({ 'x-token': '***' });
    const replaced = await call('PUT', `/v1/components/${id}`, withHeaders(id, { 'x-token': `${SECRET}-2` }));
    expect(replaced.body.healthCheck.headers).toEqual({ 'x-token': '***' });
    const audit = await eventually(
      async () => (await call('GET', `/v1/audit?subject=${id}`)).body.items,
      (items) => items.length === 2,
    );
    expect(audit[0].after.healthCheck.headers).toEqual({ 'x-token': '*** changed' });
    const events = await eventually(
      async () =>
        (await call('GET', '/v1/events?limit=500')).body.items.filter(
          (each: { subject: string }) => each.subject === id,
        ),
      (items) => items.some((each: { type: string }) => each.type.endsWith('component.updated')),
    );
    const page = await call('GET', `/v1/components?type=${TYPE}&limit=500`);
    const read = await call('GET', `/v1/components/${id}`);
    for (const shown of [registered, replaced, audit, events, page.body, read.body])
      expect(JSON.stringify(shown)).not.toContain(SECRET);
  });

  it('keep their values when a masked read is put back, also after an eviction', async () => {
    const id = freshId();
    const first = await call('POST', '/v1/components', withHeaders(id, { 'x-token': SECRET }));
    await evict(env.COMPONENT_REGISTRY.getByName(TYPE));
    const same = await call('PUT', `/v1/components/${id}`, withHeaders(id, { 'X-Token': '***' }));
    expect(same.status).toBe(200);
    expect(same.headers.get('etag')).toBe(first.headers.get('etag'));
    const patched = await call('PATCH', `/v1/components/${id}`, { healthCheck: { interval: 20_000 } });
    expect(patched.status).toBe(200);
    const { checks } = await componentLog(id);
    await eventually(
      () => componentLog(id),
      (log) => log.checks > checks || log.checks > 1,
    );
    await sentWith(id, SECRET);
  });

  it('are removed by a PATCH with null', async () => {
    const id = freshId();
    await call('POST', '/v1/components', withHeaders(id, { 'x-token': SECRET }));
    await sentWith(id, SECRET);
    const patched = await call('PATCH', `/v1/components/${id}`, { healthCheck: { headers: { 'x-token': null } } });
    expect(patched.body.healthCheck.headers).toEqual({});
    await sentWith(id, undefined);
  });

  it('are not sent to another server after a PATCH of the endpoint', async () => {
    const id = freshId();
    await call('POST', '/v1/components', withHeaders(id, { 'x-token': SECRET }));
    const elsewhere = inject('componentUrl').replace('127.0.0.1', 'localhost');
    const moved = await call('PATCH', `/v1/components/${id}`, {
      healthCheck: { endpoint: `${elsewhere}/${id}/health` },
    });
    expectProblem(moved, 422, 'header-value-unknown');
    expect(moved.body.errors[0].path).toBe('healthCheck.headers');
    const unknown = await call('PUT', `/v1/components/${id}`, withHeaders(id, { 'x-other': '***' }));
    expectProblem(unknown, 422, 'header-value-unknown');
  });
});

describe.concurrent('healthCheck.expect', () => {
  it('decides the status, and a change of it triggers a check at once', async () => {
    const id = freshId();
    await setMode(id, 'unavailable');
    await call('POST', '/v1/components', registrationFor(id));
    await eventually(
      () => health(id),
      ({ status }) => status === 'unhealthy',
    );
    const expected = { status: [503], body: { pointer: '/status', value: 'unhealthy' } };
    await call('PATCH', `/v1/components/${id}`, { healthCheck: { expect: expected } });
    // Within the interval of 30 s. The two passed checks that an unchanged health check requires do not apply here.
    await eventually(
      () => health(id),
      ({ status }) => status === 'healthy',
    );
    await call('PATCH', `/v1/components/${id}`, { healthCheck: { expect: { status: [204], body: null } } });
    const failed = await eventually(
      () => health(id),
      ({ status }) => status === 'unhealthy',
    );
    expect(failed.reason).toContain('answered HTTP 503, expected 204');
  });
});
