/** A component toggles its own status by heartbeats as fast as it can. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { repeat } from '../scenario.ts';

const CONCURRENT = 4;

export const heartbeatToggling: Scenario = {
  name: 'heartbeat toggling',
  attack: "a component's own key toggles its status as fast as it can",
  async prepare(stage) {
    await stage.register('toggler', { heartbeatTtlMs: 60_000 });
    const self = await stage.attackerAs('toggler');
    const webhook = stage.server.open('events', () => ({ status: 200 }));
    await stage.admin.expect('POST', '/v1/webhooks', { id: 'observer', url: webhook, types: ['component.*'] });
    // A new key reaches the edge within 3 s.
    await sleep(3_000);
    return async ({ ended }) => {
      await repeat(CONCURRENT, ended, (turn) =>
        self.call('POST', '/v1/components/toggler/heartbeat', { status: turn % 2 === 0 ? 'healthy' : 'degraded' }),
      );
      const { body } = await stage.admin.insist('GET', '/v1/webhooks/observer');
      return { 'deliveries pending': body.pending ?? body.owed ?? 0 };
    };
  },
};
