import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DirectoryStore } from '../../../src/coordinator/directory/directory-store.ts';
import type { EventDraft, EventType } from '../../../src/core/event/coordinator-event.ts';
import type { TypeHealth } from '../../../src/core/health/system-health.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

let system: FreshCoordinator;
beforeEach(() => {
  system = freshCoordinator();
});

const draft = (key: string, overrides: Partial<EventDraft> = {}): EventDraft => ({
  key,
  type: 'component.updated',
  subject: 'a',
  time: 1_000,
  data: { key },
  ...overrides,
});

const all = (types: EventType[] | null = null) => system.events({ after: 0, types, limit: 1_000, newest: false });
const keys = async (): Promise<string[]> => (await all()).map((event) => event.key);

const removed = (key: string, claim: number) => draft(key, { type: 'component.unregistered', claim });

describe('the event log', () => {
  it('keeps published events in order, numbered from 1 without a gap', async () => {
    await system.publish([draft('one'), draft('two')], null);
    await system.publish([draft('three')], null);
    expect(await all()).toEqual([
      { ...draft('one'), sequence: 1 },
      { ...draft('two'), sequence: 2 },
      { ...draft('three'), sequence: 3 },
    ]);
  });

  it('stores the same draft once, alone or in a batch', async () => {
    await system.publish([draft('one')], null);
    await system.publish([draft('one')], null);
    await system.publish([draft('one'), draft('two'), draft('one')], null);
    expect(await keys()).toEqual(['one', 'two']);
  });

  it('keeps the events of each concurrent publication together', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_each, at) => system.publish([draft(`${at}-1`), draft(`${at}-2`)], null)),
    );
    const events = await all();
    expect(events.map((event) => event.sequence)).toEqual(events.map((_event, at) => at + 1));
    for (let at = 0; at < events.length; at += 2) expect(events[at + 1]!.key).toBe(events[at]!.key.replace('-1', '-2'));
  });

  it('can be read from a position, by type, or from its end', async () => {
    const types: EventType[] = ['component.registered', 'component.updated', 'component.failed'];
    await system.publish(
      types.map((type) => draft(type, { type, subject: 'nobody' })),
      null,
    );
    const read = async (query: Partial<Parameters<FreshCoordinator['events']>[0]>) =>
      (await system.events({ after: 0, types: null, limit: 10, newest: false, ...query })).map((event) => event.type);
    expect(await read({ after: 1 })).toEqual(types.slice(1));
    expect(await read({ after: 3 })).toEqual([]);
    expect(await read({ limit: 2 })).toEqual(types.slice(0, 2));
    expect(await read({ types: ['component.failed', 'component.registered'] })).toEqual([types[0], types[2]]);
    expect(await read({ types: [] })).toEqual([]);
    expect(await read({ newest: true, limit: 2 })).toEqual([types[2], types[1]]);
  });

  it('adds one event per dependant, right after the event that caused it', async () => {
    await system.registered('base');
    await system.registered('b', 'task_router', ['base']);
    await system.registered('c', 'task_router', ['base']);
    const lost = draft('failed-1', { type: 'component.failed', subject: 'base' });
    await system.publish([lost, draft('last')], null);
    await system.publish([lost], null);
    const events = await all();
    expect(events.map((event) => [event.type, event.subject])).toEqual([
      ['component.failed', 'base'],
      ['component.dependency-lost', 'b'],
      ['component.dependency-lost', 'c'],
      ['component.updated', 'a'],
    ]);
    expect(events[1]!.data).toEqual({ dependency: 'base' });
  });

  it('adds one event for many dependants, once', async () => {
    await system.registered('base');
    const crowd = Array.from({ length: 25 }, (_each, at) => `c-${at}`).toSorted();
    for (const id of crowd) await system.registered(id, 'task_router', ['base']);
    const lost = draft('failed-1', { type: 'component.failed', subject: 'base' });
    await system.publish([lost], null);
    await system.publish([lost], null);
    const [failed, dependencyLost, ...more] = await all();
    expect([failed?.type, more]).toEqual(['component.failed', []]);
    expect(dependencyLost).toMatchObject({ type: 'component.dependency-lost', subject: 'base' });
    expect(dependencyLost?.data).toEqual({ dependency: 'base', dependants: crowd });
  });

  it('looks up dependants only for events that affect them', async () => {
    const dependants = vi.spyOn(DirectoryStore.prototype, 'dependants');
    onTestFinished(() => dependants.mockRestore());
    await system.publish([draft('one'), draft('two', { type: 'component.health-changed' })], null);
    expect(dependants).not.toHaveBeenCalled();
  });

  it('frees the id of a removed component, of that registration only', async () => {
    const first = await system.registered('a');
    const second = await system.registered('a');
    await system.publish([removed('late', first)], null);
    expect(await system.typeOf('a')).toBe('task_router');
    await system.publish([removed('true', second)], null);
    expect(await system.typeOf('a')).toBeNull();
    expect(await system.claim({ id: 'a', type: 'agent_registry', dependencies: [], owner: null })).toMatchObject({
      ok: true,
    });
  });

  it('is complete after an eviction and continues its sequence', async () => {
    await system.publish([draft('one'), draft('two')], null);
    const before = await all();
    await system.evict();
    expect(await all()).toEqual(before);
    await system.publish([draft('three')], null);
    expect((await all()).map((event) => event.sequence)).toEqual([1, 2, 3]);
  });
});

/** The current time, because a registry that last published long ago counts as silent. */
const NOW = Date.now();

const health = (revision: number, healthy: number): TypeHealth => ({
  type: 'task_router',
  revision,
  counts: { total: healthy, healthy, degraded: 0, unhealthy: 0, unknown: 0 },
  routable: healthy,
  selfDoubtSince: null,
  updatedAt: NOW + revision,
  issues: [],
});

describe('the roll-up', () => {
  it('keeps the newest health of each type, whatever the order of arrival, over an eviction', async () => {
    await system.publish([], health(2, 5));
    await system.publish([], health(1, 9));
    expect(await system.systemHealth()).toMatchObject({
      status: 'healthy',
      components: { total: 5 },
      lastUpdate: NOW + 2,
    });
    await system.evict();
    await system.publish([], health(1, 9));
    expect(await system.systemHealth()).toMatchObject({ components: { total: 5 } });
    await system.publish([], health(3, 6));
    expect(await system.systemHealth()).toMatchObject({
      components: { total: 6 },
      byType: { task_router: { routable: 6 } },
    });
  });
});
