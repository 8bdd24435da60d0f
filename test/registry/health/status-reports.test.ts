import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { STATUS_QUOTA, STATUS_QUOTA_OF_KEY } from '../../../src/core/quota/on-demand-quota.ts';
import type { HeartbeatInput } from '../../../src/registry/contract/registry-api.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';
import { freshRegistry } from '../fresh-registry.ts';

interface StatusEvent {
  readonly from: string;
  readonly to: string;
  readonly mergedChanges?: number;
}

/** Events of the component's status, oldest first. */
async function statusEvents(subject: string): Promise<StatusEvent[]> {
  const query = { after: 0, types: ['component.health-changed' as const], subject, limit: 500, newest: false };
  return (await coordinator().events(query)).map(({ data }) => data as unknown as StatusEvent);
}

/** Changes of status that the events stand for. */
const changesIn = (events: readonly StatusEvent[]): number =>
  events.reduce((sum, { mergedChanges = 0 }) => sum + 1 + mergedChanges, 0);

/** Stops the clock, so that no token is refilled, however slow the machine is. Returns a function that starts it. */
function stopClock(): () => void {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  return () => void vi.useRealTimers();
}

const STATUSES = ['healthy', 'degraded'] as const;

describe('a component that toggles its status by heartbeats', () => {
  let id = '';
  const beat = (status: string) => call('POST', `/v1/components/${id}/heartbeat`, { status });
  const current = async (): Promise<string> => (await call('GET', `/v1/components/${id}`)).body.health.status;

  beforeEach(async () => {
    id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
  });

  it('has each change in force at once, few in the log, and the newest in the log soon after', async () => {
    const start = stopClock();
    for (let at = 0; at < 60; at++) {
      const status = STATUSES[at % 2]!;
      expect((await beat(status)).body.status).toBe(status);
    }
    expect(await current()).toBe('degraded');
    expect((await statusEvents(id)).length).toBeLessThanOrEqual(STATUS_QUOTA.burst);
    start();
    await beat('healthy');
    const events = await eventually(
      () => statusEvents(id),
      (found) => found.at(-1)?.to === 'healthy',
    );
    expect(changesIn(events)).toBe(61);
    // The events form a chain without gaps: a reader may rely on `from`.
    expect(events.map(({ from }) => from)).toEqual(['unknown', ...events.slice(0, -1).map(({ to }) => to)]);
  });

  it('has its newest status in the log even after an eviction', async () => {
    const registry = freshRegistry();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const start = stopClock();
    for (let at = 0; at < 20; at++) await registry.beat(id, STATUSES[at % 2]);
    const held = (await registry.read(id)).health.status;
    expect((await statusEvents(id)).at(-1)?.to).not.toBe(undefined);
    await registry.beat(id, held === 'degraded' ? 'healthy' : 'degraded');
    await registry.evict();
    start();
    const { status } = (await registry.read(id)).health;
    await eventually(
      () => statusEvents(id),
      (found) => found.at(-1)?.to === status,
    );
  });
});

describe('an owner whose calls change many components', () => {
  it('cannot fill the log: the changes of all its components have one budget', async () => {
    const registry = freshRegistry();
    const owner = freshId('k');
    const most = STATUS_QUOTA_OF_KEY.burst / STATUS_QUOTA.burst + 50;
    const ids = Array.from({ length: most }, () => freshId());
    await registry.registerOwned(ids, owner, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const other = freshId();
    await registry.register(other, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    stopClock();
    const all = (status: HeartbeatInput['status']) =>
      registry.api.heartbeats(ids.map((each) => ({ id: each, status, load: null, only: owner, keyId: owner })));
    for (let at = 0; at < STATUS_QUOTA.burst; at++) await all(STATUSES[at % 2]!);
    const written = await registry.rows<{ n: number }>("SELECT seq AS n FROM sqlite_sequence WHERE name = 'outbox'");
    const registered = ids.length + 1;
    // The shares of the type may have moved meanwhile, which is an event as well.
    expect(written[0]!.n - registered).toBeLessThanOrEqual(STATUS_QUOTA_OF_KEY.burst + 5);
    // The budget of one owner is no budget of others.
    await registry.api.heartbeats([{ id: other, status: 'degraded', load: null, keyId: 'other-key' }]);
    await eventually(
      () => statusEvents(other),
      (events) => events.at(-1)?.to === 'degraded',
    );
  });
});

it('events of status form a chain that ends with the current status, whatever is reported when', async () => {
  const sequence = fc.array(fc.constantFrom('healthy', 'degraded', 'unhealthy'), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sequence, async (statuses) => {
      const registry = freshRegistry();
      const id = freshId();
      await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
      await registry.api.heartbeats(statuses.map((status) => ({ id, status, load: null })));
      const { status } = (await registry.read(id)).health;
      const events = await eventually(
        () => statusEvents(id),
        (found) => found.at(-1)?.to === status,
      );
      expect(events.map(({ from }) => from)).toEqual(['unknown', ...events.slice(0, -1).map(({ to }) => to)]);
      expect(events.every(({ from, to }) => from !== to)).toBe(true);
    }),
    { numRuns: 8 },
  );
});
