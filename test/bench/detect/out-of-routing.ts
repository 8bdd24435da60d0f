/** Time until a component is out of routing, measured by callers that prefer it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoordinatorClient } from '../../../src/client/coordinator-client.ts';

const EVERY_MS = 50;
const GIVE_UP_MS = 30_000;

/** ms from now until the last response that chose the component. Uses dry runs, so that nothing counts as work. */
export async function untilOutOfRouting(client: CoordinatorClient, type: string, id: string): Promise<number> {
  const beganAt = performance.now();
  let lastChosenAt = beganAt;
  let passedBy = 0;
  // Several isolates may respond, so one that does not choose the component is not enough.
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
