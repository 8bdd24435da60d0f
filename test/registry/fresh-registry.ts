/**
 * A registry of one test, with helpers to fill it and to read its storage. Its component type is unique and not
 * configured, so calls over HTTP need another type.
 */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { ComponentResource } from '../../src/core/component/resource.ts';
import { RegistrationSchema } from '../../src/core/component/registration.ts';
import type { ComponentRegistry } from '../../src/registry/component-registry.ts';
import type { HeartbeatInput, HeartbeatResult, RegistryApi } from '../../src/registry/contract/registry-api.ts';
import { registryOf } from '../../src/registry/contract/registry-api.ts';
import { eventually, freshId, registrationFor } from '../support/coordinator-http.ts';
import { evict } from '../support/evict.ts';

export interface FreshRegistry {
  readonly type: string;
  readonly api: RegistryApi;
  readonly stub: DurableObjectStub<ComponentRegistry>;
  /** Registers under the next claim number and returns the resource. */
  register(id: string, overrides?: Record<string, unknown>): Promise<ComponentResource>;
  /** Registers many components of one owner. */
  registerOwned(ids: readonly string[], owner: string, overrides?: Record<string, unknown>): Promise<void>;
  read(id: string): Promise<ComponentResource>;
  /** Takes the component out of routing until `until` (epoch ms), as an operator would. */
  takeOutOfService(id: string, state: 'maintenance' | 'isolated', until: number): Promise<ComponentResource>;
  /** Sends one heartbeat, by default a healthy one. */
  beat(id: string, status?: HeartbeatInput['status'], load?: HeartbeatInput['load']): Promise<HeartbeatResult>;
  /** Evicts the object together with its own timers, as a kill does. A plain eviction waits for those timers. */
  evict(): Promise<void>;
  readonly rows: <T extends Record<string, SqlStorageValue>>(sql: string, ...values: SqlStorageValue[]) => Promise<T[]>;
}

/** Waits until the clock has reached `time`, epoch ms. */
export const clockReaches = (time: number): Promise<number> =>
  eventually(
    async () => Date.now(),
    (now) => now >= time,
  );

/** Attempts all pending deliveries of the outbox now, including those that wait for a retry. */
export const deliverNow = ({ stub }: FreshRegistry): Promise<void> =>
  runInDurableObject(stub, async (instance: ComponentRegistry) => {
    // The first call may only join a flush that began earlier.
    await instance['runtime'].outbox.flush(Infinity);
    await instance['runtime'].outbox.flush(Infinity);
  });

/** A registration without owner, actor or precondition. */
export const PLAIN = { ifGeneration: null, owner: null, actor: null } as const;

let claims = 0;

export const nextClaim = (): number => ++claims;

export function freshRegistry(type = freshId('t').replaceAll('-', '_')): FreshRegistry {
  const api = registryOf(type);
  const stub = env.COMPONENT_REGISTRY.getByName(type);
  return {
    type,
    api,
    stub,
    async register(id, overrides = {}) {
      const registration = RegistrationSchema.parse(registrationFor(id, { type, ...overrides }));
      const stored = await api.register({ ...PLAIN, registration, claim: nextClaim() });
      if (!stored.ok) throw new Error(stored.message);
      return stored.value.component;
    },
    async registerOwned(ids, owner, overrides = {}) {
      for (const id of ids) {
        const registration = RegistrationSchema.parse(registrationFor(id, { type, ...overrides }));
        const stored = await api.register({ ...PLAIN, owner, registration, claim: nextClaim() });
        if (!stored.ok) throw new Error(stored.message);
      }
    },
    async read(id) {
      const found = await api.component(id);
      if (!found.ok) throw new Error(found.message);
      return found.value;
    },
    async takeOutOfService(id, state, until) {
      const action = state === 'isolated' ? 'isolate' : state;
      const operated = await api.operate(id, { action, until, durationMs: null, reason: null });
      if (!operated.ok) throw new Error(operated.message);
      return operated.value;
    },
    async beat(id, status = 'healthy', load = null) {
      const [result] = await api.heartbeats([{ id, status, load }]);
      return result!;
    },
    evict: () => evict(stub),
    rows: (sql, ...values) =>
      runInDurableObject(stub, (_, state) => state.storage.sql.exec<never>(sql, ...values).toArray()),
  };
}
