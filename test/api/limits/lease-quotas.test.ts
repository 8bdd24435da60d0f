/** Lease quotas of keys, and redistribution of load, over HTTP. */
import { describe, expect, it } from 'vitest';
import { KeySchema } from '../../../src/api/schemas/key.ts';
import { LeasePageSchema } from '../../../src/api/schemas/lease.ts';
import { RedistributionSchema } from '../../../src/api/schemas/redistribution.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPE = 'performance_tracker';

async function ready(capabilities: object = {}): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type: TYPE, capabilities }));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
  return id;
}

async function keyWith(
  scopes: readonly string[],
  quotas?: object,
): Promise<{ id: string; headers: { authorization: string } }> {
  const made = await call('POST', '/v1/keys', { name: 'one of many', scopes, quotas });
  expect(made.status).toBe(201);
  return { id: made.body.id, headers: { authorization: `Bearer ${made.body.key}` } };
}

describe('the quotas of a key', () => {
  it('are set with it, shown, changed and audited; a call beyond them gets 429 with Retry-After', async () => {
    const component = await ready({ maxConcurrentTasks: 50 });
    const { id, headers } = await keyWith(['router'], { leaseSlots: 1 });
    const lease = (): Promise<ApiResponse> => call('POST', '/v1/route', { type: TYPE, lease: {} }, headers);
    expect((await lease()).status).toBe(200);
    const refused = await lease();
    expectProblem(refused, 429, 'lease-quota');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused.body.candidates).toBeUndefined();
    expect(refused.body.detail).toContain('holds 1 of at most 1 slots of the type, so 1 more must wait');

    const operator = await call('GET', `/v1/leases?type=${TYPE}`);
    expect(LeasePageSchema.parse(operator.body)).toEqual(operator.body);
    expect(operator.body.holders).toEqual([{ type: TYPE, keyId: id, slots: 1, waiting: 0 }]);
    expect(operator.body.recent).toMatchObject([{ type: TYPE, overQuota: 1, waitMs: { p50: null } }]);
    const viewer = await keyWith(['viewer']);
    expect((await call('GET', '/v1/leases', undefined, viewer.headers)).body.holders).toBeUndefined();

    const changed = await call('PATCH', `/v1/keys/${id}`, { quotas: { leaseSlots: 2 } });
    expect(KeySchema.parse(changed.body)).toEqual(changed.body);
    expect(changed.body.quotas).toEqual({ leaseSlots: 2, leaseWaiters: null });
    expect((await call('GET', `/v1/keys/${id}`)).body).toEqual({ ...changed.body, lastUsedAt: expect.anything() });
    await eventually(lease, ({ status }) => status === 200, 5_000);
    expectProblem(await lease(), 429, 'lease-quota');
    await call('PATCH', `/v1/keys/${id}`, { quotas: { leaseSlots: 2 } });
    const { body } = await eventually(
      () => call('GET', `/v1/audit?subject=${id}&action=key.change`),
      (page) => page.body.items.length > 0,
    );
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({
      before: { quotas: { leaseSlots: 1 } },
      after: { quotas: { leaseSlots: 2 } },
    });
    await call('DELETE', `/v1/components/${component}`);
  });

  it('refuse a lease that never fits, without a time to try again', async () => {
    const component = await ready({ maxConcurrentTasks: 50 });
    const { headers } = await keyWith(['router'], { leaseSlots: 2 });
    const refused = await call('POST', '/v1/route', { type: TYPE, lease: { slots: 3 } }, headers);
    expectProblem(refused, 429, 'lease-quota');
    expect(refused.headers.has('retry-after')).toBe(false);
    expect(refused.body.detail).toBe(
      `a lease of 3 slots never fits, because the key may hold 2 slots of the type: request at most 2 slots; type ${TYPE}`,
    );
    await call('DELETE', `/v1/components/${component}`);
  });

  it.each([
    [{}, 'quotas'],
    [{ quotas: { leaseSlots: -1 } }, 'quotas.leaseSlots'],
    [{ quotas: { leaseSlots: 1.5 } }, 'quotas.leaseSlots'],
    [{ quotas: { leaseWaiters: 5_001 } }, 'quotas.leaseWaiters'],
    [{ quotas: { slots: 1 } }, 'quotas.slots'],
    [{ quotas: {}, name: 'x' }, 'name'],
  ])('cannot be changed by %j', async (body, path) => {
    const { id } = await keyWith(['router']);
    expect(expectProblem(await call('PATCH', `/v1/keys/${id}`, body), 422, 'invalid-request')).toEqual([path]);
  });

  it('of a revoked or unknown key cannot be changed', async () => {
    const { id } = await keyWith(['router']);
    await call('DELETE', `/v1/keys/${id}`);
    const change = { quotas: { leaseSlots: 1 } };
    expectProblem(await call('PATCH', `/v1/keys/${id}`, change), 409, 'key-not-active');
    expectProblem(await call('PATCH', '/v1/keys/0123456789ab', change), 404, 'unknown-key');
  });
});

describe('POST /v1/load/redistribute', () => {
  it('returns the shares before and after, for one type or all', async () => {
    const id = await ready();
    const one = await call('POST', '/v1/load/redistribute', { type: TYPE });
    expect(one.status).toBe(200);
    expect(RedistributionSchema.parse(one.body)).toEqual(one.body);
    expect(one.body.items).toMatchObject([{ type: TYPE, components: 1 }]);
    expect(one.body.items[0].shares).toContainEqual({ componentId: id, before: expect.any(Number), after: 1 });
    const all = await call('POST', '/v1/load/redistribute', undefined, { 'content-type': '' });
    expect(all.body.items.length).toBeGreaterThan(5);
    expectProblem(await call('POST', '/v1/load/redistribute', { type: 'no_such_type' }), 422, 'unknown-type');
    expect((await call('GET', `/v1/load?type=${TYPE}`)).body).toMatchObject([{ componentId: id, share: 1 }]);
    expect((await call('GET', '/v1/load?type=task_router')).body).toEqual([]);
    expectProblem(await call('GET', '/v1/load?type=no_such_type'), 422, 'unknown-type');
  });
});
