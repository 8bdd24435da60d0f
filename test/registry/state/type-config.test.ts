import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { freshId } from '../../support/coordinator-http.ts';
import { PLAIN, freshRegistry, nextClaim } from '../fresh-registry.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const SYNC = { syncedTo: null, assignments: [], outcomes: [] };
const silent = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const revisionOf = async ({ api }: FreshRegistry): Promise<number> => (await api.sync(SYNC)).configRevision;

const tryToRegister = ({ api, type }: FreshRegistry) => {
  const registration = RegistrationSchema.parse(silentRegistration(freshId(), { type }));
  return api.register({ ...PLAIN, registration, claim: nextClaim() });
};

describe('the type configuration of a registry', () => {
  it('is the default until a change arrives', async () => {
    const registry = freshRegistry();
    expect(await revisionOf(registry)).toBe(0);
    const { detection } = await registry.register(freshId());
    expect(detection).toMatchObject({ intervalMs: 4_000 });
  });

  it.each<[string, (registry: FreshRegistry, config: { revision: number; overrides: object }) => Promise<unknown>]>([
    ['the sync of an edge', ({ api }, config) => api.sync({ ...SYNC, config })],
    ['the sweep', ({ api }, config) => api.sweep(config)],
    ['the isolate that changed it', ({ api }, config) => api.configureType(config)],
  ])('changes by %s, and applies at once and after an eviction', async (_, deliver) => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await deliver(registry, { revision: 3, overrides: { maxDetectionMs: 60_000, maxComponentsPerType: 1 } });
    for (let time = 0; time < 2; time++) {
      expect((await registry.read(id)).detection).toMatchObject({ intervalMs: 30_000 });
      expect(await tryToRegister(registry)).toMatchObject({ ok: false, reason: 'component-limit' });
      expect(await revisionOf(registry)).toBe(3);
      await registry.evict();
    }
  });

  it('arrives before the first registration', async () => {
    const registry = freshRegistry();
    await registry.api.sweep({ revision: 1, overrides: { maxComponentsPerType: 1 } });
    expect(await tryToRegister(registry)).toMatchObject({ ok: true });
    expect(await tryToRegister(registry)).toMatchObject({ ok: false, reason: 'component-limit' });
  });

  it('is not reset by an edge that is behind', async () => {
    const registry = freshRegistry();
    await registry.api.configureType({ revision: 4, overrides: { maxComponentsPerType: 1 } });
    await tryToRegister(registry);
    for (const revision of [3, 4]) await registry.api.sync({ ...SYNC, config: { revision, overrides: {} } });
    expect(await tryToRegister(registry)).toMatchObject({ ok: false });
    await registry.api.configureType({ revision: 5, overrides: {} });
    expect(await tryToRegister(registry)).toMatchObject({ ok: true });
  });

  it('increases the snapshot revision only when something changes for the type', async () => {
    const registry = freshRegistry();
    await registry.register(freshId(), silent);
    const { revision } = await registry.api.sync(SYNC);
    const changed = await registry.api.sync({ ...SYNC, config: { revision: 1, overrides: { failureThreshold: 9 } } });
    expect(changed.revision).toBe(revision + 1);
    const same = await registry.api.sync({ ...SYNC, config: { revision: 2, overrides: { failureThreshold: 9 } } });
    expect(same).toMatchObject({ revision: revision + 1, configRevision: 2 });
  });

  it('decides the balancing, with the same object while that does not change', async () => {
    const registry = freshRegistry();
    const balancingAfter = (revision: number, overrides: object) =>
      runInDurableObject(registry.stub, async (instance: ComponentRegistry) => {
        await instance.configureType({ revision, overrides });
        return instance['runtime'].state.balancing;
      });
    const before = await balancingAfter(1, { balancingPolicy: 'random', panicThreshold: 40 });
    expect(before).toMatchObject({ policy: 'random', panicThreshold: 40, slowStartMs: 30_000 });
    const same = { failureThreshold: 9, panicThreshold: 40, balancingPolicy: 'random' };
    expect(await balancingAfter(2, same)).toBe(before);
    expect(await balancingAfter(3, {})).toEqual(DEFAULT_BALANCING);
  });

  it('brings the next check forward when the interval becomes shorter', async () => {
    const registry = freshRegistry();
    await registry.api.configureType({ revision: 1, overrides: { maxDetectionMs: 0 } });
    const id = freshId();
    await registry.register(id);
    await registry.api.probe(id);
    const nextCheck = () =>
      runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
        Promise.resolve(instance['runtime'].state.members.get(id)!.nextCheckAt - Date.now()),
      );
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      instance['runtime'].state.members.get(id)!.nextCheckAt = Date.now() + 30_000;
    });
    await registry.api.configureType({ revision: 2, overrides: { maxDetectionMs: 7_000 } });
    expect(await nextCheck()).toBeLessThanOrEqual(1_000);
  });

  it('is the default when the stored one cannot be read, until it arrives again', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await registry.api.configureType({ revision: 3, overrides: { maxDetectionMs: 60_000 } });
    await runInDurableObject(registry.stub, (_, state) => {
      state.storage.sql.exec("UPDATE scalars SET value = '{\"revision\":' WHERE name = 'config'");
    });
    await registry.evict();
    expect((await registry.read(id)).detection).toMatchObject({ intervalMs: 4_000 });
    await registry.api.sync({ ...SYNC, config: { revision: 3, overrides: { maxDetectionMs: 60_000 } } });
    expect((await registry.read(id)).detection).toMatchObject({ intervalMs: 30_000 });
  });

  it('decides the failure threshold', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, silent);
    await registry.beat(id);
    await registry.api.configureType({ revision: 1, overrides: { failureThreshold: 2 } });
    const fail = () => registry.api.reportFailure(id, { message: 'it failed me' }, null);
    expect(await fail()).toMatchObject({ value: { threshold: 2, recoveryId: null } });
    expect(await fail()).toMatchObject({ value: { threshold: 2, recoveryId: expect.any(String) } });
  });

  it('decides the check interval of a registration that names none', async () => {
    const registry = freshRegistry();
    await registry.api.configureType({ revision: 1, overrides: { healthCheckInterval: 2_000 } });
    const id = freshId();
    const { detection } = await registry.register(id, { healthCheck: { endpoint: '/health', timeout: 1_000 } });
    expect(detection.intervalMs).toBe(2_000);
    await registry.api.configureType({ revision: 2, overrides: { healthCheckInterval: 3_000 } });
    expect((await registry.read(id)).detection.intervalMs).toBe(3_000);
  });
});
