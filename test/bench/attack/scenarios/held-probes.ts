/** One registrar's key holds checks on demand of 22 hanging components open. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { repeat } from '../scenario.ts';

const COMPONENTS = 22;
/** More than an isolate serves, and fewer connections than the proxy of `wrangler dev` serves at once. */
const CONCURRENT = 100;
/** A tight loop of refusals would measure the machine, not the limits. */
const PAUSE_MS = 200;

export const heldProbes: Scenario = {
  name: 'held probes',
  attack: `a registrar's key keeps ${CONCURRENT} checks on demand of ${COMPONENTS} hanging components open`,
  async prepare(stage) {
    const by = await stage.attacker('registrar:task_router');
    const ids = Array.from({ length: COMPONENTS }, (_, at) => `hanging-${at}`);
    for (const id of ids) {
      stage.server.set(id, 'hanging');
      await stage.register(id, { by, checkTimeoutMs: 30_000 });
    }
    return async ({ ended }) => {
      await repeat(CONCURRENT, ended, async (turn) => {
        await by.call('POST', `/v1/components/${ids[turn % ids.length]}/probe`, undefined, { signal: ended });
        await sleep(PAUSE_MS);
      });
      return {};
    };
  },
};
