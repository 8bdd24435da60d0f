/** Leases from lease blocks over HTTP: for a type with blocks, an isolate grants leases without a registry call. */
import { describe, expect, it, vi } from 'vitest';
import { LeasePageSchema } from '../../../src/api/schemas/lease.ts';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const BLOCK_LEASE = /^l-[a-z_]+-[0-9a-f]{32}-[0-9a-z]+-[0-9a-z]+-[0-9a-z]+-[0-9a-f]{32}$/;

async function ready(type: string, maxConcurrentTasks: number): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type, capabilities: { maxConcurrentTasks } }));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
  return id;
}

const grantBlocks = async (type: string, size: number): Promise<void> => {
  expect((await call('PUT', `/v1/config/types/${type}`, { leaseBlocks: { size } })).status).toBeLessThan(300);
};

const lease = (type: string, more: object = {}): Promise<ApiResponse> =>
  call('POST', '/v1/route', { type, lease: {}, ...more });

const complete = (id: string, body: object = { outcome: 'success' }): Promise<ApiResponse> =>
  call('POST', `/v1/leases/${id}/complete`, body);

const listed = async (type: string): Promise<ApiResponse['body']> =>
  (await call('GET', `/v1/leases?type=${type}`)).body;

/** Acquires leases until the isolate has a snapshot and grants from its block. */
const warmUp = (type: string): Promise<ApiResponse> =>
  eventually(
    () => lease(type),
    ({ body }) => BLOCK_LEASE.test(body.lease?.id),
  );

describe('a type with lease blocks', () => {
  const type = 'task_router';

  it('grants leases without a registry call, and returns idle blocks without further calls', async () => {
    await grantBlocks(type, 16);
    const id = await ready(type, 200);
    await call('POST', '/v1/route', { type, dryRun: {} });
    const leases = [await warmUp(type)];
    const [acquire, completeLease] = [
      vi.spyOn(ComponentRegistry.prototype, 'acquire'),
      vi.spyOn(ComponentRegistry.prototype, 'completeLease'),
    ];
    for (let made = 0; made < 8; made++) leases.push(await lease(type, { payload: { taskType: 'code-review' } }));
    for (const { status, body } of leases) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ component: { id }, lease: { id: expect.stringMatching(BLOCK_LEASE) } });
      expect(body.decision).toMatchObject({ mode: 'exact', policy: 'least-time', stale: false });
    }
    const page = await listed(type);
    expect(LeasePageSchema.parse(page)).toEqual(page);
    expect(page.items[0]).toMatchObject({ kind: 'block', componentId: id, slots: 16 });
    const [first] = leases;
    const completed = await complete(first!.body.lease.id, { outcome: 'timeout', latencyMs: 80 });
    expect(completed.body).toMatchObject({ id: first!.body.lease.id, componentId: id, outcome: 'timeout' });
    expect((await complete(first!.body.lease.id)).body).toEqual(completed.body);
    for (const { body } of leases.slice(1)) expect((await complete(body.lease.id)).status).toBe(200);
    expect([acquire.mock.calls.length, completeLease.mock.calls.length]).toEqual([0, 0]);
    acquire.mockRestore();
    completeLease.mockRestore();
    await eventually(
      () => listed(type),
      ({ items }) => items.length === 0,
    );
    await call('DELETE', `/v1/components/${id}`);
  });

  it('stores a reported failure before the response, and renews with a registry call', async () => {
    await grantBlocks(type, 16);
    const id = await ready(type, 200);
    await call('POST', '/v1/route', { type, dryRun: {} });
    const { body } = await warmUp(type);
    const renewed = await call('POST', `/v1/leases/${body.lease.id}/renew`, { ttlMs: 600_000 });
    expect(renewed).toMatchObject({ status: 200, body: { id: body.lease.id, componentId: id, slots: 1 } });
    const failed = await complete(body.lease.id, { outcome: 'failure', error: { message: 'reset' } });
    expect(failed).toMatchObject({ status: 200, body: { outcome: 'failure' } });
    expect((await call('GET', `/v1/components/${id}`)).body.health.suspect).toBe(true);
    expect((await complete(body.lease.id)).body).toEqual(failed.body);
    expectProblem(await call('POST', `/v1/leases/${body.lease.id}/renew`, { ttlMs: 5_000 }), 410, 'lease-ended');
    const forged = body.lease.id.replace(/.$/, (digit: string) => (digit === '0' ? '1' : '0'));
    expectProblem(await complete(forged), 404, 'unknown-lease');
    await call('DELETE', `/v1/components/${id}`);
  });
});

describe('fifty simultaneous callers with lease blocks', () => {
  it('never exceed the capacity of a component, and are all served', async () => {
    const type = 'caws_validator';
    await grantBlocks(type, 4);
    const capacities = new Map<string, number>();
    for (let made = 0; made < 10; made++) {
      const capacity = 2 + (made % 5);
      capacities.set(await ready(type, capacity), capacity);
    }
    const inUse = new Map<string, number>();
    const exceeded: string[] = [];
    const kinds = new Set<boolean>();
    const caller = async (): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const routed = await lease(type, { lease: { waitMs: 20_000 } });
        expect(routed.status).toBe(200);
        const { id } = routed.body.component;
        kinds.add(BLOCK_LEASE.test(routed.body.lease.id));
        inUse.set(id, (inUse.get(id) ?? 0) + 1);
        if (inUse.get(id)! > capacities.get(id)!) exceeded.push(id);
        await call('GET', '/healthz');
        // Counted before the call: from then on another caller may acquire the slot.
        inUse.set(id, inUse.get(id)! - 1);
        expect((await complete(routed.body.lease.id)).status).toBe(200);
      }
    };
    await Promise.all(Array.from({ length: 50 }, caller));
    expect(exceeded).toEqual([]);
    expect(kinds).toEqual(new Set([true, false]));
    await eventually(
      () => listed(type),
      ({ items, waiting }) => items.length + waiting.length === 0,
    );
  });
});
