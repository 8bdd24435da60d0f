/** All checks of a type fail for 4.5 s and then pass again, over and over. */
import type { Scenario } from '../scenario.ts';
import { pause } from '../scenario.ts';

const COMPONENTS = 20;
const BLIND_MS = 4_500;
const SEEING_MS = 7_500;

export const blindByTurns: Scenario = {
  name: 'blind by turns',
  attack: `all checks of ${COMPONENTS} components fail for 4.5 s of every 12`,
  async prepare(stage) {
    const ids = await stage.registerAll('blind', COMPONENTS, { withControl: true });
    await stage.untilHealthy(ids);
    return async ({ ended }) => {
      while (!ended.aborted) {
        for (const id of ids) stage.server.set(id, 'down');
        await pause(BLIND_MS, ended);
        for (const id of ids) stage.server.set(id, 'healthy');
        await pause(SEEING_MS, ended);
      }
      return { 'restarts of components that answer': stage.server.restarts.filter(({ answers }) => answers).length };
    };
  },
};
