import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { silenceLimitMs } from '../../src/core/health/heartbeat-deadline.ts';
import type { ComponentRegistry } from '../../src/registry/component-registry.ts';
import { componentLog, eventually, freshId, registrationFor } from '../support/coordinator-http.ts';
import type { FreshRegistry } from './fresh-registry.ts';
import { clockReaches, freshRegistry } from './fresh-registry.ts';

const checksOf = async (id: string): Promise<number> => (await componentLog(id)).checks;

const alarmOf = ({ stub }: FreshRegistry): Promise<number | null> =>
  runInDurableObject(stub, (_, state) => state.storage.getAlarm());

const deleteAlarmIfSet = async (_: unknown, { storage }: DurableObjectState): Promise<boolean> => {
  const isSet = (await storage.getAlarm()) !== null;
  await storage.deleteAlarm();
  return isSet;
};

/** Deletes the alarm, so that only the test runs passes. Waits until one is set, because a running pass sets it. */
const deleteAlarm = ({ stub }: FreshRegistry): Promise<boolean> =>
  eventually(() => runInDurableObject(stub, deleteAlarmIfSet), Boolean);

/** Deletes the alarm afterwards, because the next pass may be due at once and the test must not see it. */
const runTwice = ({ stub }: FreshRegistry): Promise<void> =>
  runInDurableObject(stub, async (instance: ComponentRegistry, state) => {
    // The test runs the alarm instead of the platform. However late it does, the object was not late.
    instance['runtime'].singleAlarm.fired();
    await instance.alarm();
    await instance.alarm();
    await state.storage.deleteAlarm();
  });

const removals = () =>
  coordinator().events({ after: 0, types: ['component.unregistered'], limit: 1_000, newest: false });

async function withHealthy(interval = 30_000): Promise<{ registry: FreshRegistry; id: string }> {
  const registry = freshRegistry();
  const id = freshId();
  const { healthCheck } = registrationFor(id) as { healthCheck: Record<string, unknown> };
  await registry.register(id, { healthCheck: { ...healthCheck, interval } });
  await eventually(
    () => registry.read(id),
    (component) => component.health.status === 'healthy',
  );
  return { registry, id };
}

describe.concurrent('the alarm of a registry', () => {
  it('is armed by a registration for no later than the check interval', async () => {
    const { registry, id } = await withHealthy();
    const { detection } = await registry.read(id);
    // No alarm is set while one runs.
    const at = await eventually(
      () => alarmOf(registry),
      (set) => set !== null,
    );
    expect(at!).toBeLessThanOrEqual(Date.now() + detection.intervalMs!);
  });

  it('is armed again by every run', async () => {
    const { registry } = await withHealthy();
    for (let run = 0; run < 3; run++) {
      await eventually(
        () => runDurableObjectAlarm(registry.stub),
        (ran) => ran,
      );
      await eventually(
        () => alarmOf(registry),
        (set) => set !== null,
      );
    }
  });

  it('is armed again when a pass throws', async () => {
    const { registry } = await withHealthy();
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry) => {
      const start = vi.spyOn(instance['runtime'].checks, 'start').mockImplementation(() => {
        throw new Error('a pass that fails');
      });
      await instance.alarm();
      start.mockRestore();
    });
    expect(await alarmOf(registry)).not.toBeNull();
  });

  it('pauses when a pass throws, so that work that stays due does not fire it without end', async () => {
    const { registry, id } = await withHealthy();
    await deleteAlarm(registry);
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry, state) => {
      const runtime = instance['runtime'];
      const start = vi.spyOn(runtime.checks, 'start').mockImplementation(() => {
        throw new Error('a pass that fails');
      });
      const before = Date.now();
      runtime.state.members.get(id)!.nextCheckAt = before;
      await instance.alarm();
      expect(await state.storage.getAlarm()).toBeGreaterThanOrEqual(before + 1_000);
      start.mockRestore();
    });
  });

  it('is not set again while it is overdue', async () => {
    const { registry } = await withHealthy();
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry, state) => {
      const { singleAlarm } = instance['runtime'];
      singleAlarm['armedFor'] = Date.now() - 10;
      const setAlarm = vi.spyOn(state.storage, 'setAlarm');
      for (let report = 0; report < 100; report++) await singleAlarm.arm(Date.now() - 1_000);
      expect(setAlarm).not.toHaveBeenCalled();
      setAlarm.mockRestore();
    });
  });

  it('runs a due check once when it runs twice', async () => {
    const { registry, id } = await withHealthy(3_000);
    await deleteAlarm(registry);
    const before = await checksOf(id);
    await clockReaches(Date.now() + 3_000);
    await runTwice(registry);
    await eventually(
      () => checksOf(id),
      (checks) => checks > before,
    );
    expect(await checksOf(id)).toBe(before + 1);
  });

  it('expires a heartbeat once when it runs twice', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 4_000 } });
    await deleteAlarm(registry);
    await clockReaches(Date.now() + silenceLimitMs(4_000));
    await runTwice(registry);
    expect((await registry.read(id)).health).toMatchObject({ status: 'unhealthy', errorCount: 1 });
    const written = await eventually(
      () => env.HISTORY.prepare('SELECT id FROM failures WHERE component_id = ?').bind(id).all(),
      ({ results }) => results.length > 0,
    );
    expect(written.results).toHaveLength(1);
  });

  it('removes a drained component once when it runs twice', async () => {
    const { registry, id } = await withHealthy();
    const removal = await registry.api.remove(id, { drainMs: 4_000, ifGeneration: null });
    expect(removal).toMatchObject({ ok: true });
    expect((await registry.read(id)).lifecycle).toBe('draining');
    await deleteAlarm(registry);
    await clockReaches(Date.now() + 4_000);
    await runTwice(registry);
    expect(await registry.api.component(id)).toMatchObject({ ok: false });
    const events = await eventually(removals, (all) => all.some((event) => event.subject === id));
    expect(events.filter((event) => event.subject === id)).toHaveLength(1);
  });

  it('ends an isolation when its period has expired', async () => {
    const { registry, id } = await withHealthy();
    expect((await registry.takeOutOfService(id, 'isolated', Date.now() + 300)).lifecycle).toBe('isolated');
    await eventually(
      () => registry.read(id),
      (component) => component.lifecycle === 'active',
      3_000,
    );
  });

  it('continues after an eviction without an external call', async () => {
    const { registry, id } = await withHealthy(1_000);
    const before = await checksOf(id);
    await registry.evict();
    await eventually(
      () => checksOf(id),
      (checks) => checks >= before + 3,
      12_000,
    );
  });

  it('is armed by the sweep after it was lost', async () => {
    const { registry, id } = await withHealthy();
    const before = await checksOf(id);
    // In one synchronous call: a pass that is about to end would set the alarm again.
    const lost = await runInDurableObject(registry.stub, async (instance: ComponentRegistry, state) => {
      await state.storage.deleteAlarm();
      const alarm = await state.storage.getAlarm();
      await instance.sweep();
      return alarm;
    });
    expect(lost).toBeNull();
    expect(await alarmOf(registry)).not.toBeNull();
    await eventually(
      () => checksOf(id),
      (checks) => checks > before,
      8_000,
    );
  });

  it('is armed by the sweep while the coordinator is unavailable', async () => {
    const { registry } = await withHealthy();
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry, state) => {
      instance['runtime'].events.publish = async () => {
        throw new Error('the coordinator is unavailable');
      };
      await state.storage.deleteAlarm();
      await instance.sweep().catch(() => undefined);
    });
    expect(await alarmOf(registry)).not.toBeNull();
  });
});
