/** Twelve components of a type are down at once, and the alert channel takes one message a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';

const DOWN = 12;
const PACE_MS = 1_000;

export const slowChannel: Scenario = {
  name: 'slow channel',
  attack: `${DOWN} components go down at once, and Slack takes one message a second`,
  async prepare(stage) {
    let nextAt = 0;
    const url = stage.server.open('slack', (_, at) => {
      if (at < nextAt) return { status: 429, retryAfter: PACE_MS / 1_000 };
      nextAt = at + PACE_MS;
      return { status: 200 };
    });
    await stage.alertTo('people', 'slack', url);
    await stage.setRecovery([{ action: 'alert', verifyMs: 4_000 }]);
    const ids = await stage.registerAll('fallen', DOWN);
    await stage.untilHealthy(ids);
    return async ({ ended }) => {
      const fellAt = Date.now();
      for (const id of ids) stage.server.set(id, 'down');
      while (!ended.aborted) await sleep(100);
      const { messages } = stage.server;
      const accepted = messages.filter(({ status }) => status === 200);
      const first = accepted[0] ? ((accepted[0].at - fellAt) / 1_000).toFixed(1) : 'never';
      const { body } = await stage.admin.insist('GET', '/v1/webhooks/people');
      return {
        'first message after s': first,
        'messages refused by Slack': messages.length - accepted.length,
        'components told of': ids.filter((id) => accepted.some(({ text }) => new RegExp(`${id}\\b`).test(text))).length,
        'messages pending': body.pending ?? body.owed ?? 0,
      };
    };
  },
};
