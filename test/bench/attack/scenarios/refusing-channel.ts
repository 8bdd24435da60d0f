/** The alert channel refuses the warning with 400 and would take the critical alert that follows. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';

export const refusingChannel: Scenario = {
  name: 'channel answers 400',
  attack: 'PagerDuty refuses the warning of an incident with 400, and the incident becomes critical',
  async prepare(stage) {
    let criticalAt = Infinity;
    const url = stage.server.open('pagerduty', (text, at) => {
      if (!/"severity":\s*"critical"/.test(text)) return { status: 400 };
      criticalAt = Math.min(criticalAt, at);
      return { status: 202 };
    });
    await stage.alertTo('people', 'pagerduty', url);
    // Long enough that the warning is sent before the recovery fails.
    await stage.setRecovery([{ action: 'alert', verifyMs: 15_000 }]);
    const ids = await stage.registerAll('failing', 3);
    await stage.untilHealthy(ids);
    return async ({ ended }) => {
      const fellAt = Date.now();
      stage.server.set(ids[0]!, 'down');
      while (!ended.aborted) await sleep(100);
      const refused = stage.server.messages.filter(({ status }) => status === 400).length;
      const after = criticalAt === Infinity ? 'never' : ((criticalAt - fellAt) / 1_000).toFixed(1);
      return { 'refused messages': refused, 'critical alert after s': after };
    };
  },
};
