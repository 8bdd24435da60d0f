/** Share changes: reported in few events, once each; a redistribution on request is applied and reported at once. */
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { LoggedEvent } from '../../../src/core/event/coordinator-event.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { eventually } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { deliverNow, freshRegistry } from '../fresh-registry.ts';
import { acquireLease, leaseRequest, registerHealthy } from '../leases/leasing.ts';

const redistributions = async ({ type }: FreshRegistry): Promise<LoggedEvent[]> =>
  (await coordinator().events({ after: 0, types: ['load.redistributed'], limit: 1_000, newest: false })).filter(
    ({ subject }) => subject === type,
  );

/** Waits until the log has at least `times` redistribution events of the type. */
const atLeast = (registry: FreshRegistry, times: number): Promise<LoggedEvent[]> =>
  eventually(
    () => redistributions(registry),
    (events) => events.length >= times,
    8_000,
  );

/** Makes the comparison that is due next, as the alarm would, and delivers its event. */
async function reportDue(registry: FreshRegistry): Promise<void> {
  await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
    const { shareReporter } = instance['runtime'];
    if (shareReporter.dueAt !== Infinity) shareReporter.tick(shareReporter.dueAt);
  });
  await deliverNow(registry);
}

const sharesAfter = (data: LoggedEvent['data']): Record<string, number> =>
  Object.fromEntries(
    (data['shares'] as { componentId: string; after: number }[]).map(({ componentId, after }) => [componentId, after]),
  );

describe('the shares of a type', () => {
  it('are reported in few events during a burst of registrations', async () => {
    const registry = freshRegistry();
    const ids: string[] = [];
    for (let batch = 0; batch < 10; batch++)
      ids.push(...(await Promise.all(Array.from({ length: 12 }, () => registerHealthy(registry)))));
    const events = await eventually(
      () => redistributions(registry),
      (all) => all.at(-1)?.data['components'] === ids.length,
      10_000,
    );
    expect(events.length).toBeLessThanOrEqual(4);
    const last = events.at(-1)!.data;
    expect(last).toMatchObject({ type: registry.type, reason: 'membership', changed: expect.any(Number) });
    expect((last['shares'] as unknown[]).length).toBeLessThanOrEqual(50);
    for (const [at, { time }] of events.entries())
      if (at > 0) expect(time - events[at - 1]!.time).toBeGreaterThanOrEqual(1_000);
  });

  it('are reported when a component goes down, and not again after an eviction or without a change', async () => {
    const registry = freshRegistry();
    const [a, b] = [await registerHealthy(registry), await registerHealthy(registry)];
    await atLeast(registry, 1);
    await registry.evict();
    await registry.beat(a, 'degraded');
    await registry.beat(a);
    // Reports as the timer would; the shares are unchanged.
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
      instance['runtime'].shareReporter['report'](Date.now()),
    );
    await deliverNow(registry);
    expect(await redistributions(registry)).toHaveLength(1);
    await registry.beat(b, 'unhealthy');
    const [, second] = await atLeast(registry, 2);
    expect(second!.data).toMatchObject({
      reason: 'routability',
      movedShare: 0.5,
      changed: 2,
      shares: [
        { before: 0.5, after: expect.any(Number) },
        { before: 0.5, after: expect.any(Number) },
      ],
    });
    expect(await registry.rows('SELECT id, room FROM told_rooms ORDER BY room')).toEqual([
      { id: b, room: 0 },
      { id: a, room: 1 },
    ]);
  });

  it('are reported when a component degrades, fails or comes back, and only if they change', async () => {
    const registry = freshRegistry();
    const [a, b] = [await registerHealthy(registry), await registerHealthy(registry)];
    await reportDue(registry);
    const [even, onlyA, onlyB] = [
      { [a]: 0.5, [b]: 0.5 },
      { [a]: 1, [b]: 0 },
      { [a]: 0, [b]: 1 },
    ];
    for (const [id, status, shares] of [
      [b, 'degraded', onlyA],
      [b, 'healthy', even],
      [b, 'unhealthy', onlyA],
      // Still the best that there is: nothing moves.
      [a, 'degraded', null],
      [b, 'healthy', onlyB],
      [b, 'degraded', even],
      [a, 'healthy', onlyA],
    ] as const) {
      const before = (await redistributions(registry)).length;
      await registry.beat(id, status);
      await reportDue(registry);
      const events = await redistributions(registry);
      expect(events.slice(before).map(({ data }) => [data['reason'], sharesAfter(data)])).toEqual(
        shares ? [['routability', shares]] : [],
      );
    }
  });

  it('are reported once however often a component changes between two reports', async () => {
    const registry = freshRegistry();
    const [, b] = [await registerHealthy(registry), await registerHealthy(registry)];
    await reportDue(registry);
    const before = (await redistributions(registry)).length;
    for (let times = 0; times < 30; times++) await registry.beat(b, times % 2 === 0 ? 'degraded' : 'healthy');
    await registry.beat(b, 'degraded');
    await reportDue(registry);
    // The alarm may have reported meanwhile.
    expect((await redistributions(registry)).length - before).toBeLessThanOrEqual(2);
  });

  it('that changed before a kill are reported after it', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry);
    await registry.evict();
    await registry.api.loads();
    expect(await atLeast(registry, 1)).toHaveLength(1);
  });
});

describe('redistribute', () => {
  it('returns the changes since the last report, increases the revision, and is audited', async () => {
    const registry = freshRegistry();
    const [a, b] = [await registerHealthy(registry), await registerHealthy(registry, {}, { weight: 3 })];
    const { revision } = await registry.read(a);
    const actor = { keyId: 'k', keyName: 'k', address: null, requestId: 'r' };
    const first = await registry.api.redistribute(actor);
    expect(first).toMatchObject({
      components: 2,
      movedShare: 1,
      changes: [
        { componentId: b, before: 0, after: 0.75 },
        { componentId: a, before: 0, after: 0.25 },
      ],
    });
    expect(first.revision).toBeGreaterThan(revision);
    expect(await registry.api.redistribute(actor)).toMatchObject({ movedShare: 0, changes: [] });
    const events = await atLeast(registry, 2);
    expect(events.map(({ data }) => data['reason'])).toEqual(['requested', 'requested']);
    const pending = (await coordinator().pendingAuditEntries(1_000)).filter(({ subject }) => subject === registry.type);
    expect(pending.filter(({ action }) => action === 'load.redistribute')).toHaveLength(2);
  });

  it('recalls lease blocks for a few seconds, and grants none meanwhile', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 100 });
    await registry.api.configureType({ revision: 1, overrides: { leaseBlocks: { size: 2 } } });
    const recalled = async (): Promise<boolean> =>
      (await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] })).blocks.isRecalled;
    expect(await recalled()).toBe(false);
    await registry.api.redistribute(null);
    expect(await recalled()).toBe(true);
    expect(await registry.api.acquire(leaseRequest({ acceptsBlock: true }))).toMatchObject({ block: null });
    await eventually(recalled, (is) => !is, 8_000);
    expect((await acquireLease(registry, { acceptsBlock: true })).block).not.toBeNull();
  });

  it('writes nothing for a type without components', async () => {
    const registry = freshRegistry();
    expect(await registry.api.redistribute(null)).toEqual({ revision: 0, components: 0, movedShare: 0, changes: [] });
    expect(await registry.rows('SELECT * FROM outbox')).toEqual([]);
  });
});

describe('a type at capacity', () => {
  it('has an issue in the roll-up after a while, until requests are no longer refused', async () => {
    const registry = freshRegistry();
    await registerHealthy(registry, { maxConcurrentTasks: 1 });
    await acquireLease(registry);
    const issues = (later: number): Promise<string[]> =>
      runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
        instance['runtime'].rollUp.current(Date.now() + later).issues.map(({ code }) => code),
      );
    await registry.api.acquire(leaseRequest());
    expect(await issues(0)).toEqual([]);
    expect(await issues(5_000)).toEqual(['capacity-exhausted']);
    expect(await issues(10_001)).toEqual([]);
  });
});
