import { afterEach, describe, expect, it, vi } from 'vitest';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';
import { SystemCoordinator } from '../../src/coordinator/system-coordinator.ts';
import { call, eventually, freshId } from '../support/coordinator-http.ts';
import { silentRegistration } from '../support/silent-registration.ts';

/** A key that waits for its refresh, because no older copy of the keys may serve it. */
const scopes = ['operator'];
const begun = new Set<string>();
const barrier = { isOpen: false };

/** Notes the call, and lets it wait until the test opens the barrier. An object must poll it. */
async function pass(name: string): Promise<void> {
  begun.add(name);
  while (!barrier.isOpen) await scheduler.wait(5);
}

/* oxlint-disable typescript/unbound-method -- called with their object below */
const { syncKeys, syncConfig } = SystemCoordinator.prototype;
const { sync } = ComponentRegistry.prototype;
/* oxlint-enable typescript/unbound-method */

function delayRefreshes(): void {
  vi.spyOn(SystemCoordinator.prototype, 'syncKeys').mockImplementation(async function (this: SystemCoordinator, since) {
    await pass('keys');
    return syncKeys.call(this, since);
  });
  vi.spyOn(SystemCoordinator.prototype, 'syncConfig').mockImplementation(async function (
    this: SystemCoordinator,
    since,
  ) {
    await pass('configuration');
    return syncConfig.call(this, since);
  });
  vi.spyOn(ComponentRegistry.prototype, 'sync').mockImplementation(async function (this: ComponentRegistry, request) {
    await pass('snapshot');
    return sync.call(this, request);
  });
}

afterEach(() => {
  barrier.isOpen = true;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('an isolate that was quiet', () => {
  it('refreshes keys, configuration and snapshot at the same time for its first routing call', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    await call('POST', `/v1/components/${id}/heartbeat`, {});
    const { key } = (await call('POST', '/v1/keys', { name: 'quiet', scopes })).body;
    const route = () => call('POST', '/v1/route', { type: 'task_router' }, { authorization: `Bearer ${key}` });
    expect((await route()).status).toBe(200);

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    delayRefreshes();
    const routed = route();
    // None of the three calls has returned.
    await eventually(
      async () => begun.size,
      (size) => size === 3,
      3_000,
    );
    barrier.isOpen = true;
    expect(await routed).toMatchObject({ status: 200, body: { decision: { stale: false } } });
  });
});
