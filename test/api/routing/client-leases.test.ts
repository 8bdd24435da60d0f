/** Lease calls of CoordinatorClient, and `withLease`, which runs work under a lease. */
import { exports } from 'cloudflare:workers';
import { beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import type { CoordinatorError } from '../../../src/client/coordinator-error.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const worker = exports as unknown as { default: Fetcher };
const type = 'caws_validator';
const id = freshId();

let client: CoordinatorClient;

beforeAll(async () => {
  const { body } = await call('POST', '/v1/keys', { name: 'caller', scopes: ['router', 'viewer'] });
  client = new CoordinatorClient({
    baseUrl: 'https://coordinator.test',
    key: body.key,
    fetch: (url, init) => worker.default.fetch(url, init),
  });
  await call('POST', '/v1/components', silentRegistration(id, { type, capabilities: { maxConcurrentTasks: 1 } }));
  await call('POST', `/v1/components/${id}/heartbeat`, {});
});

it('CoordinatorClient acquires, renews, lists and completes leases', async () => {
  const { lease, component } = await client.route({ type, lease: {} });
  expect(component.id).toBe(id);
  expect(await client.leases({ type })).toMatchObject({
    items: [{ id: lease!.id, componentId: id }],
    nextCursor: null,
  });
  expect(await client.renew(lease!.id, { ttlMs: 60_000 })).toMatchObject({ id: lease!.id, slots: 1 });
  const completed = await client.complete(lease!.id, { outcome: 'success', latencyMs: 10 });
  expect(await client.reportOutcomes(id, [{ outcome: 'success', latencyMs: 20 }])).toEqual({ accepted: 1 });
  expect(completed).toEqual({ id: lease!.id, componentId: id, outcome: 'success', inFlight: 0 });
  await expect(client.renew(lease!.id, { ttlMs: 60_000 })).rejects.toMatchObject({ status: 410, code: 'lease-ended' });
});

it('withLease runs the work under a lease and completes it whether the work succeeds or fails', async () => {
  const leasedIds = async (): Promise<string[]> => (await client.leases({ type })).items.map((each) => each.id);
  const seen: string[] = [];
  const result = await client.withLease({ type, lease: {} }, async ({ lease, component }) => {
    seen.push(lease.id);
    expect(await leasedIds()).toEqual([lease.id]);
    return component.endpoint;
  });
  expect(result).toBe(`https://${id}.example.com`);
  expect(await leasedIds()).toEqual([]);
  const failing = client.withLease({ type, lease: {} }, async ({ lease }) => {
    seen.push(lease.id);
    throw new Error('the work failed');
  });
  await expect(failing).rejects.toThrow('the work failed');
  const late = client.withLease({ type, lease: {} }, async ({ lease }) => {
    seen.push(lease.id);
    throw new DOMException('too late', 'TimeoutError');
  });
  await expect(late).rejects.toThrow('too late');
  const outcomes = await Promise.all(seen.map((leaseId) => client.complete(leaseId, { outcome: 'success' })));
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['success', 'failure', 'timeout']);
});

it('withLease renews the lease during long work', async () => {
  await client.withLease({ type, lease: { ttlMs: 1_000 } }, async ({ lease }) => {
    const end = Date.parse(lease.expiresAt);
    const later = await eventually(
      () => client.leases({ type }),
      ({ items }) => Date.parse(items[0]?.expiresAt ?? lease.expiresAt) > end + 1_000,
    );
    expect(later.items.map((each) => each.id)).toEqual([lease.id]);
  });
  expect((await client.leases({ type })).items).toEqual([]);
});

it('withLease does not start the work without a lease', async () => {
  await client.withLease({ type, lease: {} }, async () => {
    const second = client.withLease({ type, lease: {} }, async () => 'begun');
    const refusal: unknown = await second.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 503, code: 'at-capacity' });
    // Estimated from the duration of earlier work.
    expect((refusal as CoordinatorError).retryAfterMs).toBeGreaterThanOrEqual(1_000);
  });
});
