/** A router's key reports failures of ten components as fast as its limits allow. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { repeat } from '../scenario.ts';

const COMPONENTS = 10;
const CONCURRENT = 4;
/** 3 000 changes a minute is the rate limit of a key. */
const PAUSE_MS = 80;

export const reportsAtLimit: Scenario = {
  name: 'failure reports at the limit',
  attack: `a router's key reports failures of ${COMPONENTS} components at its rate limit`,
  async prepare(stage) {
    const ids = await stage.registerAll('reported', COMPONENTS);
    const router = await stage.attacker('router');
    await stage.untilHealthy(ids);
    return async ({ ended }) => {
      await repeat(CONCURRENT, ended, async (turn) => {
        const error = { code: 'ETIMEDOUT', message: 'no response within 5 s' };
        await router.call('POST', `/v1/components/${ids[turn % ids.length]}/failures`, { error });
        await sleep(PAUSE_MS);
      });
      return {};
    };
  },
};
