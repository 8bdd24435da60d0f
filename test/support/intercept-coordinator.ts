/** Lets a test replace one method of the coordinator. Other calls pass through. `vi.restoreAllMocks` ends it. */
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { CoordinatorApi } from '../../src/coordinator/contract/coordinator-api.ts';

type Call<M extends keyof CoordinatorApi> = (...args: Parameters<CoordinatorApi[M]>) => ReturnType<CoordinatorApi[M]>;

/** `respond` receives the real method and returns the replacement. The returned mock counts the calls. */
export function interceptCoordinator<M extends keyof CoordinatorApi>(
  method: M,
  respond: (real: Call<M>) => Call<M>,
): ReturnType<typeof vi.fn<Call<M>>> {
  const stubOf = env.SYSTEM_COORDINATOR.getByName.bind(env.SYSTEM_COORDINATOR);
  const real = ((...args: Parameters<CoordinatorApi[M]>) =>
    (stubOf('system') as unknown as Record<M, Call<M>>)[method](...args)) as Call<M>;
  const mock = vi.fn(respond(real));
  vi.spyOn(env.SYSTEM_COORDINATOR, 'getByName').mockImplementation(
    (name) => new Proxy(stubOf(name), { get: (target, key) => (key === method ? mock : Reflect.get(target, key)) }),
  );
  return mock;
}
