import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import type { ConfigDocuments } from '../../src/core/config/config-documents.ts';
import type { TypeConfig } from '../../src/core/config/settings.ts';
import { registryOf } from '../../src/registry/contract/registry-api.ts';
import { cronSweep } from '../../src/sweep/cron-sweep.ts';
import { call, eventually } from '../support/coordinator-http.ts';
import { silentRegistration } from '../support/silent-registration.ts';

const app = createApp();
const ADMIN = { authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef', 'content-type': 'application/json' };

async function route(body: object): Promise<{ status: number; policy: string | undefined }> {
  const init = { method: 'POST', headers: ADMIN, body: JSON.stringify(body) };
  const response = await app.fetch(
    new Request('https://coordinator.test/v1/route', init),
    env,
    createExecutionContext(),
  );
  const data: { decision?: { policy: string } } = await response.json();
  return { status: response.status, policy: data.decision?.policy };
}

const policyInUse = async (): Promise<string | undefined> => (await route({ type: 'task_router' })).policy;

/** A change through another isolate. */
async function changeElsewhere(type: string, document: TypeConfig): Promise<void> {
  const actor = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r-1' };
  await coordinator().putConfig({ scope: { kind: 'type', type }, document, ifRevision: null, actor });
}

/** Replaces the call by which the isolate refreshes the configuration. */
function replaceSync<T extends () => Promise<unknown>>(syncConfig: T): T {
  const real = env.SYSTEM_COORDINATOR.getByName.bind(env.SYSTEM_COORDINATOR);
  vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName').mockImplementation(
    (name) =>
      new Proxy(real(name), {
        get: (target, key) => (key === 'syncConfig' ? syncConfig : Reflect.get(target, key)),
      }),
  );
  return syncConfig;
}

/** Makes the configuration unreachable: the call fails or hangs. */
const breakSync = (how: 'fails' | 'hangs') =>
  replaceSync(
    vi.fn((): Promise<never> =>
      how === 'fails' ? Promise.reject(new Error('unreachable')) : new Promise(() => undefined),
    ),
  );

const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeAll(async () => {
  await call('POST', '/v1/components', silentRegistration('router-1'));
  await call('POST', '/v1/components/router-1/heartbeat', {});
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect((await route({ type: 'task_router' })).status).toBe(200);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await call('PUT', '/v1/config/types/task_router', {});
  await eventually(policyInUse, (policy) => policy === 'least-time');
});

describe('a change made elsewhere', () => {
  it('applies before the response once the copy is 2 s old', async () => {
    await changeElsewhere('task_router', { balancingPolicy: 'random' });
    expect(await policyInUse()).toBe('least-time');
    advance(2_000);
    expect(await policyInUse()).toBe('random');
  });

  it('is fetched in the background once the copy is 1 s old', async () => {
    await changeElsewhere('task_router', { balancingPolicy: 'random' });
    advance(1_000);
    expect(await policyInUse()).toBe('least-time');
    await eventually(policyInUse, (policy) => policy === 'random');
  });

  it('reaches the registry with the next refresh of a snapshot, and with the sweep', async () => {
    const registry = registryOf('task_router');
    const nothing = { syncedTo: null, assignments: [], outcomes: [] };
    const reached = async (): Promise<boolean> => {
      const { revision } = (await coordinator().configDocuments()).types.get('task_router')!;
      return (await registry.sync(nothing)).configRevision === revision;
    };
    await changeElsewhere('task_router', { maxComponentsPerType: 7 });
    expect(await reached()).toBe(false);
    advance(2_000);
    await route({ type: 'task_router' });
    expect(await reached()).toBe(true);
    await changeElsewhere('task_router', { maxComponentsPerType: 8 });
    expect(await reached()).toBe(false);
    await cronSweep(env, Date.now());
    expect(await reached()).toBe(true);
  });

  it('is fetched before an isolate reports an unknown type', async () => {
    advance(500);
    await changeElsewhere('tea_maker', { requestTypes: ['tea_making'] });
    expect((await route({ requestType: 'tea_making' })).status).toBe(503);
    await changeElsewhere('coffee_maker', { requestTypes: ['coffee_making'] });
    expect((await route({ requestType: 'coffee_making' })).status).toBe(404);
    advance(250);
    expect((await route({ type: 'coffee_maker' })).status).toBe(503);
  });
});

describe('the copy of the configuration', () => {
  it('is fetched once for all waiting requests', async () => {
    advance(10_000);
    const fetched = vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName');
    const responses = await Promise.all(Array.from({ length: 20 }, () => route({ type: 'task_router' })));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('costs no call while it is fresh', async () => {
    advance(10_000);
    await route({ type: 'task_router' });
    const fetched = vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName');
    const synced = vi.spyOn(env.COMPONENT_REGISTRY, 'getByName');
    for (let at = 0; at < 50; at++) await route({ requestType: 'task_routing' });
    expect(fetched).not.toHaveBeenCalled();
    expect(synced).not.toHaveBeenCalled();
  });

  it.each(['fails', 'hangs'] as const)('serves on while the coordinator %s', async (how) => {
    await call('PUT', '/v1/config/types/task_router', { balancingPolicy: 'least-load' });
    expect(await policyInUse()).toBe('least-load');
    const fetched = breakSync(how);
    advance(600_000);
    expect(await policyInUse()).toBe('least-load');
    expect((await route({ requestType: 'no_such_work' })).status).toBe(404);
    expect(fetched).toHaveBeenCalled();
  });

  it('that arrives late does not undo a change made through this isolate meanwhile', async () => {
    const old = await coordinator().configDocuments();
    const late = Promise.withResolvers<ConfigDocuments>();
    replaceSync(() => late.promise);
    advance(1_000);
    expect(await policyInUse()).toBe('least-time');
    await call('PUT', '/v1/config/types/task_router', { balancingPolicy: 'random' });
    late.resolve(old);
    expect(await policyInUse()).toBe('random');
  });
});
