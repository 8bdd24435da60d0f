/** Five callers with keys of their own report a component that its checks find healthy. */
import type { Scenario } from '../scenario.ts';
import { repeat } from '../scenario.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** 55 reports in 40 s. */
const PAUSE_MS = 700;

export const reports: Scenario = {
  name: 'reports',
  attack: 'five keys report a healthy component, 1.4 reports a second',
  async prepare(stage) {
    const ids = await stage.registerAll('blamed', 3, { withControl: true });
    const callers = await Promise.all(Array.from({ length: 5 }, () => stage.attacker('router')));
    await stage.untilHealthy(ids);
    return async ({ ended }) => {
      await repeat(1, ended, async (turn) => {
        const error = { code: 'ETIMEDOUT', message: 'no response within 5 s' };
        await callers[turn % callers.length]!.call('POST', `/v1/components/${ids[0]}/failures`, { error });
        await sleep(PAUSE_MS);
      });
      return {};
    };
  },
};
