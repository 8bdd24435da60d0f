/** When a component is not routed to any more, by what callers are told who insist on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoordinatorClient } from '../../../src/client/coordinator-client.ts';

const EVERY_MS = 50;
const GIVE_UP_MS = 30_000;

/** ms from now until the last answer that chose it has arrived; rehearsals only, so nothing is counted as work. */
export async function untilOutOfRouting(client: CoordinatorClient, type: string, id: string): Promise<number> {
  const beganAt = performance.now();
  let lastChosenAt = beganAt;
  let passedBy = 0;
  // Several isolates may answer: one that does not choose it is not all of them.
  while (passedBy < 3) {
    const { component } = await client.route({ type, preferences: { preferredComponent: id }, dryRun: {} });
    if (component.id === id) {
      lastChosenAt = performance.now();
      passedBy = 0;
    } else passedBy += 1;
    if (performance.now() - beganAt > GIVE_UP_MS) throw new Error(`${id} is still routed to after ${GIVE_UP_MS} ms`);
    await sleep(EVERY_MS);
  }
  return lastChosenAt - beganAt;
}
