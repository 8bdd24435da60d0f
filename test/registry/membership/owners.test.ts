import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { freshId, registrationFor } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { PLAIN, freshRegistry, nextClaim } from '../fresh-registry.ts';

const heartbeatAndControl = (): Record<string, unknown> => ({
  heartbeat: { ttl: 600_000 },
  control: { endpoint: '/control', actions: ['restart'] },
});

const silent = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

async function registerAs(
  registry: FreshRegistry,
  id: string,
  owner: string | null,
  { claim = nextClaim(), healthSources = heartbeatAndControl() } = {},
) {
  const registration = RegistrationSchema.parse(registrationFor(id, { type: registry.type, ...healthSources }));
  return registry.api.register({ ...PLAIN, registration, claim, owner });
}

const ownerOf = async (registry: FreshRegistry, id: string) =>
  (await registry.rows<{ owner: string | null }>('SELECT owner FROM components WHERE id = ?', id))[0]?.owner;

/** The stored state that only callers change. */
const untouched = async ({ rows }: FreshRegistry) => ({
  components: await rows('SELECT id, registration, owner, claim, lifecycle FROM components'),
  heartbeats: await rows('SELECT * FROM heartbeat_rows'),
  secrets: await rows('SELECT * FROM control_secrets'),
  failures: await rows(`SELECT * FROM outbox WHERE kind = 'failure'`),
});

/** Every method that looks up a component by id for a caller, restricted to the owner `only`. */
const BY_ID: Readonly<Record<string, (registry: FreshRegistry, id: string, only: string) => Promise<unknown>>> = {
  component: ({ api }, id, only) => api.component(id, only),
  probe: ({ api }, id, only) => api.probe(id, only),
  remove: ({ api }, id, only) => api.remove(id, { drainMs: 0, ifGeneration: null, only }),
  drain: ({ api }, id, only) => api.remove(id, { drainMs: 60_000, ifGeneration: null, only }),
  reportFailure: ({ api }, id, only) => api.reportFailure(id, { message: 'it failed me' }, null, only),
  heartbeats: async ({ api }, id, only) => (await api.heartbeats([{ id, status: 'healthy', load: null, only }]))[0],
  controlSecret: ({ api }, id, only) => api.controlSecret(id, only),
  rotateControlSecret: ({ api }, id, only) => api.rotateControlSecret(id, { only }),
};

describe.concurrent('the owner of a component', () => {
  it('comes from the directory, survives an eviction, and is never shown', async () => {
    const registry = freshRegistry();
    const [owned, free] = [freshId('owned'), freshId('free')];
    const registered = await registerAs(registry, owned, 'k-registrar');
    await registerAs(registry, free, null);
    expect(JSON.stringify(registered)).not.toContain('k-registrar');
    await registry.evict();
    expect(await ownerOf(registry, owned)).toBe('k-registrar');
    expect(await ownerOf(registry, free)).toBeNull();
    expect(await registry.api.component(owned, 'k-registrar')).toMatchObject({ ok: true });
    expect(await registry.api.component(owned, 'k-another')).toMatchObject({ reason: 'not-yours' });
    expect(JSON.stringify(await registry.api.component(owned))).not.toContain('k-registrar');
  });

  it('changes with a newer claim, even if the registration does not, and never with an older one', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const [older, first, newer] = [nextClaim(), nextClaim(), nextClaim()];
    await registerAs(registry, id, 'k-one', { claim: first });
    await registerAs(registry, id, 'k-two', { claim: newer });
    expect(await ownerOf(registry, id)).toBe('k-two');
    await registerAs(registry, id, 'k-three', { claim: older });
    expect(await ownerOf(registry, id)).toBe('k-two');
  });

  it.each(Object.keys(BY_ID))('is the only one who finds it; others are refused: %s', async (method) => {
    const registry = freshRegistry();
    const [owned, free, missing] = [freshId('owned'), freshId('free'), freshId('missing')];
    await registerAs(registry, owned, 'k-owner');
    await registerAs(registry, free, null);
    const before = await untouched(registry);
    const call = BY_ID[method]!;
    for (const [id, reason] of [
      [owned, 'not-yours'],
      [free, 'not-yours'],
      [missing, 'unknown-component'],
    ] as const) {
      // The message reaches the caller and must not distinguish the cases.
      expect(await call(registry, id, 'k-other')).toEqual({ ok: false, reason, message: `${id} is not registered` });
    }
    expect(await untouched(registry)).toEqual(before);
    expect(await call(registry, owned, 'k-owner')).toMatchObject({ ok: true });
  });

  it('is null for components stored before owners existed', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registerAs(registry, id, 'k-owner', { healthSources: silent });
    await runInDurableObject(registry.stub, (_, state) => {
      state.storage.sql.exec('ALTER TABLE components DROP COLUMN owner');
    });
    await registry.evict();
    expect(await registry.api.component(id)).toMatchObject({ ok: true });
    expect(await registry.api.component(id, 'k-owner')).toMatchObject({ ok: false });
    await registerAs(registry, id, 'k-owner', { healthSources: silent });
    await registry.evict();
    expect(await registry.api.component(id, 'k-owner')).toMatchObject({ ok: true });
  });
});
