/** A coordinator object of one test, with an empty directory and log. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { SYSTEM } from '../../src/core/access/actor.ts';
import type { CoordinatorApi } from '../../src/coordinator/contract/coordinator-api.ts';
import { evict } from '../support/evict.ts';

export interface FreshCoordinator extends CoordinatorApi {
  readonly stub: DurableObjectStub;
  evict(): Promise<void>;
  /** Claims the id and returns the number of the claim. */
  claimed(id: string, type?: string, dependencies?: readonly string[]): Promise<number>;
  /** Claims and confirms the id, and returns the number of the claim. */
  registered(id: string, type?: string, dependencies?: readonly string[]): Promise<number>;
}

export function freshCoordinator(): FreshCoordinator {
  const stub = env.SYSTEM_COORDINATOR.getByName(crypto.randomUUID());
  const api = stub as unknown as CoordinatorApi;
  const claimed = async (id: string, type = 'task_router', dependencies: readonly string[] = []): Promise<number> => {
    const claim = await api.claim({ id, type, dependencies, owner: null, typeAddedBy: SYSTEM });
    if (!claim.ok) throw new Error(`${id} was refused: ${claim.reason}`);
    return claim.value.sequence;
  };
  const own = {
    stub: stub as DurableObjectStub,
    evict: () => evict(stub),
    claimed,
    registered: async (id: string, type?: string, dependencies?: readonly string[]): Promise<number> => {
      const sequence = await claimed(id, type, dependencies);
      expect(await api.confirm(id, sequence)).toBe(true);
      return sequence;
    },
  };
  // A stub has every name as a method, so the helper's own methods come first.
  return new Proxy(own, {
    get: (target, name) => Reflect.get(name in target ? target : api, name),
  }) as unknown as FreshCoordinator;
}
