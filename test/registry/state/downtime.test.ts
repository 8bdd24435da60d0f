import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it, vi } from 'vitest';
import { silenceLimitMs } from '../../../src/core/health/heartbeat-deadline.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { Downtime } from '../../../src/registry/state/downtime.ts';
import { eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';
import { beginWithoutWorkflow } from '../../recovery/failing-component.ts';
import { registerHealthy } from '../leases/leasing.ts';

const DAY_MS = 86_400_000;
const TTL_MS = 600_000;

type Callback = (instance: ComponentRegistry, member: Member) => void | Promise<void>;

const inside = ({ stub }: FreshRegistry, id: string, act: Callback): Promise<void> =>
  runInDurableObject(stub, async (instance: ComponentRegistry) => {
    await act(instance, instance['runtime'].state.members.get(id)!);
  });

/** Runs the alarm `lateMs` late, with a heartbeat that was due halfway. */
async function wakeLate(instance: ComponentRegistry, member: Member, lateMs: number): Promise<void> {
  const now = Date.now();
  member.heartbeatDueAt = now - lateMs / 2;
  instance['runtime'].singleAlarm['armedFor'] = now - lateMs;
  await instance.alarm();
}

describe.concurrent('a registry after downtime', () => {
  it('grants one more TTL once to a component whose heartbeat it may have missed', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    await inside(registry, id, async (instance, member) => {
      const now = Date.now();
      await wakeLate(instance, member, 60_000);
      expect(member.record.health.status).toBe('healthy');
      expect(member.heartbeatDueAt).toBeGreaterThanOrEqual(now + TTL_MS);
      await wakeLate(instance, member, 60_000);
      expect(member.record.health.status).toBe('unhealthy');
    });
  });

  it('expires a heartbeat when its alarm is on time', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    await inside(registry, id, async (instance, member) => {
      await wakeLate(instance, member, 100);
      expect(member.record.health.status).toBe('unhealthy');
    });
  });

  it('gives a heartbeat that may wait behind a late alarm as much time again, once', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    await inside(registry, id, async (instance, member) => {
      await wakeLate(instance, member, 2_000);
      expect(member.record.health.status).toBe('healthy');
      expect(member.heartbeatDueAt).toBeLessThanOrEqual(Date.now() + 2_100);
      await wakeLate(instance, member, 2_000);
      expect(member.record.health.status).toBe('unhealthy');
    });
  });

  it('continues a flap-damping hold, because the quiet of that time proves nothing', async () => {
    const registry = freshRegistry();
    const id = await registerHealthy(registry);
    await inside(registry, id, async (instance, member) => {
      const now = Date.now();
      const held = (heldUntil: number) => ({ ...member.record.health, flap: { falls: [now], heldUntil } });
      member.record = { ...member.record, health: held(now - 10_000) };
      await wakeLate(instance, member, 60_000);
      expect(member.record.health.flap.heldUntil).toBeGreaterThanOrEqual(now + 50_000);
    });
  });

  it('continues the verification of a recovery', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'hang');
    await registry.register(id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await registry.api.beginVerification(id, recoveryId, 0, 30_000);
    await inside(registry, id, async (instance, member) => {
      const verification = () => member.record.recovery.active?.verification;
      const before = verification()!.until;
      instance['runtime'].singleAlarm['armedFor'] = Date.now() - 60_000;
      await instance.alarm();
      expect(verification()?.until).toBeGreaterThanOrEqual(before + 60_000);
    });
  });

  it('discards the report of a check that was running, and makes the check due again', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await eventually(
      () => registry.read(id),
      ({ health }) => health.status === 'healthy',
    );
    await setMode(id, 'hang');
    await inside(registry, id, async (instance, member) => {
      instance['runtime'].checkSoon([member], Date.now());
      const { id: checkId } = member.check!;
      member.check = { ...member.check!, startedAt: Date.now() - 60_000 };
      instance['runtime'].singleAlarm['armedFor'] = Date.now() - 60_000;
      const error = { code: 'TIMEOUT', message: 'no answer after 1000 ms' };
      const outcome = { kind: 'failed' as const, error, responseTimeMs: 1_000, details: null };
      await instance['runtime'].applyReports([{ componentId: id, checkId, attempt: 0, outcome }]);
      expect(member.check).toBeNull();
      expect(member.nextCheckAt).toBeLessThanOrEqual(Date.now());
      expect(member.record.health).toMatchObject({ status: 'healthy', suspect: false, errorCount: 0 });
    });
    await setMode(id, 'healthy');
    expect((await registry.read(id)).health.status).toBe('healthy');
  });

  it('does not count downtime towards deregisterAfter', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: TTL_MS }, deregisterAfter: 3_600_000 });
    await registry.beat(id, 'unhealthy');
    await inside(registry, id, async (instance, member) => {
      const { health } = member.record;
      member.record = { ...member.record, health: { ...health, since: Date.now() - DAY_MS - 60_000 } };
      instance['runtime'].singleAlarm['armedFor'] = Date.now() - DAY_MS;
      await instance.alarm();
      expect(instance['runtime'].state.members.has(id)).toBe(true);
      instance['runtime'].state.downtime['gaps'] = [];
      // Downtime never becomes less otherwise.
      instance['runtime'].state.index.allChanged();
      await instance.alarm();
      expect(instance['runtime'].state.members.has(id)).toBe(false);
    });
  });
});

describe('a clock step', () => {
  it.each([-DAY_MS, DAY_MS])(
    'of %d ms makes no component unhealthy, and delays neither checks nor heartbeats by a day',
    async (step) => {
      const registry = freshRegistry();
      const beating = await registerHealthy(registry);
      const checked = freshId();
      await registry.register(checked);
      await eventually(
        () => registry.read(checked),
        ({ health }) => health.status === 'healthy',
      );
      await inside(registry, beating, async (instance, member) => {
        const other = instance['runtime'].state.members.get(checked)!;
        instance['runtime'].checkSoon([other], Date.now());
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + step });
        try {
          const now = Date.now();
          await instance.alarm();
          for (const { record } of [member, other])
            expect(record.health).toMatchObject({ status: 'healthy', errorCount: 0 });
          expect(member.heartbeatDueAt).toBeLessThanOrEqual(now + silenceLimitMs(TTL_MS) + 1_000);
          expect(member.heartbeatDueAt).toBeGreaterThan(now);
          // The running check was abandoned and another one begun.
          expect(other.check!.startedAt).toBeGreaterThanOrEqual(now);
          expect(other.check!.startedAt).toBeLessThan(now + 5_000);
        } finally {
          vi.useRealTimers();
        }
      });
    },
  );
});

describe('Downtime', () => {
  const T0 = 1_000_000;
  it.each<[string, readonly (readonly [late: number, at: number])[], readonly boolean[]]>([
    ['a small delay is no downtime', [[4_000, 0]], [false]],
    ['a large delay is', [[6_000, 0]], [true]],
    [
      'repeated delays are excused once',
      [
        [6_000, 0],
        [6_000, 7_000],
        [6_000, 14_000],
      ],
      [true, false, false],
    ],
    [
      'a delay after half a minute on time is excused again',
      [
        [6_000, 0],
        [6_000, 36_000],
      ],
      [true, true],
    ],
    [
      'one downtime recorded twice',
      [
        [60_000, 0],
        [60_100, 100],
      ],
      [true, false],
    ],
    [
      'a delay after the clock went back',
      [
        [60_000, 0],
        [60_000, -DAY_MS],
      ],
      [true, true],
    ],
  ])('%s', (_, recorded, expected) => {
    const downtime = new Downtime();
    expect(recorded.map(([late, at]) => downtime.record(late, T0 + at))).toEqual(expected);
  });

  it('is summed up, and limited to the time since the given moment', () => {
    const downtime = new Downtime();
    downtime.record(60_000, T0);
    downtime.record(60_000, T0 + 100_000);
    expect(downtime.since(T0 - 600_000)).toBe(120_000);
    expect(downtime.since(T0 + 10_000)).toBe(60_000);
    expect(downtime.since(T0 + 90_000)).toBe(10_000);
    expect(downtime.since(T0 + 200_000)).toBe(0);
  });
});
