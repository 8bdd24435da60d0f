import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';

/** The runtime allows a few seconds per try. */
const TRIES = 5;

/**
 * Evicts an object like a kill. Clears the timer of a registry first, because an eviction waits for it. Tries again
 * if calls are still in progress on a busy machine.
 */
export async function evict(stub: DurableObjectStub): Promise<void> {
  for (let tried = 1; ; tried++) {
    await runInDurableObject(stub, (instance) => {
      if (!(instance instanceof ComponentRegistry)) return;
      clearTimeout(instance['runtime'].rollUp['timer'] ?? undefined);
    });
    try {
      return await evictDurableObject(stub);
    } catch (error) {
      if (tried >= TRIES || !String(error).includes('active references')) throw error;
    }
  }
}
