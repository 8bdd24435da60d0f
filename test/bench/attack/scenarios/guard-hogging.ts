/** One of four components reports itself unhealthy all the time, so that it is restarted; another one really dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { repeat } from '../scenario.ts';

const PAUSE_MS = 200;
/** The hog has begun to take slots by then. */
const DEATH_AFTER = 1 / 4;

export const guardHogging: Scenario = {
  name: 'guard hogging',
  attack: 'a component calls itself unhealthy to be restarted, while another one dies',
  async prepare(stage) {
    const ids = await stage.registerAll('member', 3, { withControl: true });
    await stage.register('hog', { withControl: true, heartbeatTtlMs: 60_000 });
    const self = await stage.attackerAs('hog');
    await stage.untilHealthy(ids);
    await sleep(3_000);
    return async ({ ended, seconds }) => {
      let diedAt = Infinity;
      const death = setTimeout(
        () => {
          diedAt = Date.now();
          stage.server.set(ids[0]!, 'down');
        },
        DEATH_AFTER * seconds * 1_000,
      );
      await repeat(1, ended, async () => {
        const error = { code: 'ECONNREFUSED', message: 'the component reports itself' };
        await self.call('POST', '/v1/components/hog/heartbeat', { status: 'unhealthy' });
        await self.call('POST', '/v1/components/hog/failures', { error });
        await sleep(PAUSE_MS);
      });
      clearTimeout(death);
      const restart = stage.server.restarts.find(({ id, at }) => id === ids[0] && at >= diedAt);
      return {
        'seconds until the dead one is restarted': restart ? ((restart.at - diedAt) / 1_000).toFixed(1) : 'never',
      };
    };
  },
};
