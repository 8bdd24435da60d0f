import { setTimeout as sleep } from 'node:timers/promises';
import type { CoordinatorClient } from '../../src/client/coordinator-client.ts';

const WITHIN_MS = 60_000;
const POLL_MS = 250;

/** Resolves when `count` components are healthy. Throws after a minute. */
export async function untilHealthy(client: CoordinatorClient, count: number): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const { components } = await client.systemHealth();
    if (components.healthy >= count) return;
    if (Date.now() > deadline) throw new Error(`${components.healthy} of ${count} are healthy`);
    await sleep(POLL_MS);
  }
}
