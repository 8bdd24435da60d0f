import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';

/** The runtime gives each try a few seconds of its own. */
const TRIES = 5;

/**
 * Takes an object away as a kill does, with the timers a registry had set itself: an eviction alone waits for those.
 * On a busy machine something may still be under way with it when the runtime has waited enough: then once more.
 */
export async function evict(stub: DurableObjectStub): Promise<void> {
  for (let tried = 1; ; tried++) {
    await runInDurableObject(stub, (instance) => {
      if (!(instance instanceof ComponentRegistry)) return;
      for (const timer of [instance['shares']['timer'], instance['rollUp']['timer']]) clearTimeout(timer ?? undefined);
    });
    try {
      return await evictDurableObject(stub);
    } catch (error) {
      if (tried >= TRIES || !String(error).includes('active references')) throw error;
    }
  }
}
