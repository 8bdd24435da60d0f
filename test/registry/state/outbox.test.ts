import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
import type { FailureBatchItem, FailureEvaluation } from '../../../src/core/failure/failure-manager-api.ts';
import type { LoggedEvent } from '../../../src/core/event/coordinator-event.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const FAILURE = { id: 'f', componentId: 'c', source: 'report', code: null, message: 'm', context: null, occurredAt: 1 };

const notRecorded = ({ report }: FailureBatchItem): FailureEvaluation => ({
  failureId: report.id,
  failureType: 'internal_error',
  recentFailures: 1,
  unconfirmedReports: 0,
  threshold: 3,
  recoveryId: null,
  recorded: false,
});

const eventsOf = async (id: string): Promise<LoggedEvent[]> => {
  const events = await coordinator().events({ after: 0, types: null, limit: 1_000, newest: false });
  return events.filter((event) => event.subject === id);
};

const pending = ({ rows }: FreshRegistry): Promise<{ kind: string }[]> => rows('SELECT kind FROM outbox');

/** Makes every publication fail until the spy is restored. */
const makeCoordinatorUnavailable = () =>
  vi.spyOn(SystemCoordinator.prototype, 'publish').mockImplementation(async () => {
    throw new Error('the coordinator is unavailable');
  });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the outbox of a registry', () => {
  it('delivers events in order and is empty afterwards', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.beat(id);
    await registry.beat(id, 'degraded');
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
      () => pending(registry),
      (rows) => rows.length === 0,
    );
  });

  it('keeps events while the coordinator throws, still serves callers, and delivers each event once', async () => {
    const registry = freshRegistry();
    const id = freshId();
    const publish = makeCoordinatorUnavailable();
    await registry.register(id, beats);
    await registry.beat(id);
    await registry.beat(id, 'degraded');
    await eventually(
      async () => publish.mock.calls.length,
      (calls) => calls > 0,
    );
    // On a slow machine a report of shares may already follow.
    expect((await pending(registry)).length).toBeGreaterThanOrEqual(3);
    expect(await eventsOf(id)).toEqual([]);

    publish.mockRestore();
    // Without any call: the alarm retries pending deliveries.
    const events = await eventually(
      () => eventsOf(id),
      (all) => all.length >= 3,
      10_000,
    );
    await eventually(
      () => pending(registry),
      (rows) => rows.length === 0,
    );
    expect(events.map((event) => event.type)).toEqual([
      'component.registered',
      'component.health-changed',
      'component.health-changed',
    ]);
  });

  it('delivers no event twice when the coordinator stored it and the response was lost', async () => {
    const registry = freshRegistry();
    const id = freshId();
    let responds = false;
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const events = instance['runtime'].events;
      const publish = events.publish.bind(events);
      events.publish = async (...args) => {
        await publish(...args);
        if (!responds) throw new Error('the response was lost');
      };
    });
    await registry.register(id, beats);
    await eventually(
      () => eventsOf(id),
      (all) => all.length === 1,
    );
    responds = true;
    await registry.api.sweep();
    await eventually(
      () => pending(registry),
      (rows) => rows.length === 0,
    );
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('reaches the coordinator again after its abort', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await eventually(
      () => eventsOf(id),
      (all) => all.length === 1,
    );
    await runInDurableObject(env.SYSTEM_COORDINATOR.getByName('system'), (_, state) => {
      state.abort('a deployment');
    }).catch(() => undefined);
    await registry.beat(id);
    const events = await eventually(
      () => eventsOf(id),
      (all) => all.length >= 2,
      5_000,
    );
    expect(events.map((event) => event.type)).toEqual(['component.registered', 'component.health-changed']);
  });

  it('drops a row that cannot be read, and delivers the others', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await runInDurableObject(registry.stub, (_, { storage }) => {
      for (const kind of ['event', 'failure', 'signal', 'nudge']) {
        const insert = `INSERT INTO outbox (kind, key, component_id, payload) VALUES (?, ?, ?, '{"broken')`;
        storage.sql.exec(insert, kind, `poison-${kind}`, id);
      }
    });
    await registry.beat(id);
    await registry.api.reportFailure(id, { message: 'it failed me' }, null);
    await eventually(
      () => pending(registry),
      (rows) => rows.length === 0,
      5_000,
    );
    const types = (await eventsOf(id)).map((event) => event.type);
    expect(types).toEqual(['component.registered', 'component.health-changed', 'failure.recorded']);
  });

  it('delivers a row that is added at any moment of a running delivery', async () => {
    const registry = freshRegistry();
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry) => {
      const { outbox, state, events } = instance['runtime'];
      vi.spyOn(events, 'publish').mockResolvedValue();
      const add = (key: string) => state.store.addToOutbox({ kind: 'event', key, componentId: 'c', payload: {} });
      for (let microtasks = 0; microtasks < 30; microtasks++) {
        add(`first-${microtasks}`);
        const first = outbox.flush(Infinity);
        for (let each = 0; each < microtasks; each++) await Promise.resolve();
        add(`second-${microtasks}`);
        await Promise.all([first, outbox.flush(Infinity)]);
        expect(state.store.outboxSize(), `after ${microtasks} microtasks`).toBe(0);
      }
    });
  });

  it('backs off per receiver, independently of the other receivers', async () => {
    const registry = freshRegistry();
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry) => {
      const outbox = instance['runtime'].outbox;
      const publish = vi.spyOn(instance['runtime'].events, 'publish').mockRejectedValue(new Error('unavailable'));
      instance['runtime'].state.store.addToOutbox({ kind: 'event', key: 'k', componentId: 'c', payload: {} });
      const pauses: number[] = [];
      for (let attempt = 1; attempt <= 7; attempt++) {
        await outbox.flush(Infinity);
        expect(publish).toHaveBeenCalledTimes(attempt);
        pauses.push(Math.round((outbox.retryAt - Date.now()) / 1_000));
        await outbox.flush(Date.now());
        expect(publish).toHaveBeenCalledTimes(attempt);
      }
      expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
      instance['runtime'].state.store.removeFromOutbox([1]);
    });
  });

  it('reads each lane past no row of another, and sends failures once while the history is unavailable', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry, { storage }) => {
      const { outbox, state } = instance['runtime'];
      await outbox.flush(Infinity);
      for (let at = 0; at < 900; at++) {
        const payload = { ...FAILURE, id: `f-${id}-${at}`, componentId: id, componentType: registry.type };
        state.store.addToOutbox({ kind: 'failure', key: payload.id, componentId: id, payload });
      }
      const evaluate = vi.fn(async (items: readonly FailureBatchItem[]) => items.map(notRecorded));
      Object.assign(outbox, { deps: { ...outbox['deps'], failures: { evaluate } } });
      const exec = vi.spyOn(storage.sql, 'exec');
      const rowsRead = async (): Promise<number> => {
        exec.mockClear();
        await outbox.flush(Infinity);
        return exec.mock.results.reduce((sum, { value }) => sum + (value as SqlStorageCursor<never>).rowsRead, 0);
      };
      await rowsRead();
      expect(evaluate.mock.calls.flatMap(([items]) => items)).toHaveLength(900);

      evaluate.mockClear();
      state.store.addToOutbox({ kind: 'failure', key: `f-${id}`, componentId: id, payload: FAILURE });
      expect(await rowsRead()).toBeLessThan(250);
      expect(evaluate.mock.calls.map(([items]) => items.length)).toEqual([50, 1]);
    });
  });
});
