import { afterEach, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../src/coordinator/coordinator-api.ts';
import { SystemCoordinator } from '../../src/coordinator/system-coordinator.ts';
import type { LoggedEvent } from '../../src/core/event/coordinator-event.ts';
import { eventually, freshId } from '../support/coordinator-http.ts';
import type { FreshRegistry } from './fresh-registry.ts';
import { freshRegistry } from './fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const eventsOf = async (id: string): Promise<LoggedEvent[]> => {
  const events = await coordinator().events({ after: 0, types: null, limit: 1_000, newest: false });
  return events.filter((event) => event.subject === id);
};

const owed = ({ rows }: FreshRegistry): Promise<{ kind: string }[]> => rows('SELECT kind FROM outbox');

/** The coordinator answers nothing until the spy is restored; what it does first is up to `before`. */
const coordinatorAway = (before: (...args: Parameters<SystemCoordinator['publish']>) => void = () => undefined) =>
  vi.spyOn(SystemCoordinator.prototype, 'publish').mockImplementation(async (...args) => {
    before(...args);
    throw new Error('the coordinator is away');
  });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the outbox of a registry', () => {
  it('delivers events in order and is empty afterwards', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.api.heartbeat(id, { status: 'healthy', load: null });
    await registry.api.heartbeat(id, { status: 'degraded', load: null });
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    const events = await eventually(
      () => eventsOf(id),
      (all) => all.length >= 4,
    );
    expect(events.map((event) => event.type)).toEqual([
      'component.registered',
      'component.health-changed',
      'component.health-changed',
      'component.unregistered',
    ]);
    await eventually(
      () => owed(registry),
      (rows) => rows.length === 0,
    );
  });

  it('keeps events while the coordinator throws, answers callers all the same, and delivers each once', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const away = coordinatorAway();
    await registry.register(id, beats);
    await registry.api.heartbeat(id, { status: 'healthy', load: null });
    await registry.api.heartbeat(id, { status: 'degraded', load: null });
    await eventually(
      async () => away.mock.calls.length,
      (calls) => calls > 0,
    );
    expect(await owed(registry)).toHaveLength(3);
    expect(await eventsOf(id)).toEqual([]);

    away.mockRestore();
    // Nobody calls it: the alarm comes back for what is owed.
    const events = await eventually(
      () => eventsOf(id),
      (all) => all.length >= 3,
      10_000,
    );
    await eventually(
      () => owed(registry),
      (rows) => rows.length === 0,
    );
    expect(events.map((event) => event.type)).toEqual([
      'component.registered',
      'component.health-changed',
      'component.health-changed',
    ]);
  });

  it('adds nothing when the coordinator took the events and the answer was lost', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const { publish } = SystemCoordinator.prototype;
    const taken = vi.spyOn(SystemCoordinator.prototype, 'publish').mockImplementation(async function (
      this: SystemCoordinator,
      ...args
    ) {
      await publish.apply(this, args);
      throw new Error('the answer was lost');
    });
    await registry.register(id, beats);
    await eventually(
      () => eventsOf(id),
      (all) => all.length === 1,
    );
    taken.mockRestore();
    await registry.api.sweep();
    await eventually(
      () => owed(registry),
      (rows) => rows.length === 0,
    );
    expect(await eventsOf(id)).toHaveLength(1);
  });
});
