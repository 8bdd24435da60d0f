import { runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { describe, expect, inject, it } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { CanaryVerdict } from '../../../src/core/health/self-doubt.ts';
import type { ProbeRunner } from '../../../src/probe/probe-runner.ts';
import { checkCanary } from '../../../src/registry/health/canary.ts';
import type { Settings } from '../../../src/core/config/settings.ts';
import type { ComponentResource } from '../../../src/core/component/resource.ts';
import { eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const { Prober: prober } = exports as unknown as { readonly Prober: ProbeRunner };

/** A port without a listener. */
const DEAD = 'http://127.0.0.1:9/canary';
const ALIVE = (): string => `${inject('componentUrl')}/canary/health`;

interface Members {
  readonly registry: FreshRegistry;
  readonly ids: readonly string[];
}

async function healthyMembers(size: number, overrides: Partial<Settings>): Promise<Members> {
  const registry = freshRegistry();
  await registry.api.configureType({ revision: 1, overrides });
  const ids = Array.from({ length: size }, () => freshId());
  for (const id of ids) await registry.register(id, { healthCheck: quickCheck(id) });
  await eventually(
    () => statusesOf({ registry, ids }),
    (statuses) => statuses.every((status) => status === 'healthy'),
  );
  return { registry, ids };
}

const quickCheck = (id: string) => ({
  endpoint: `${inject('componentUrl')}/${id}/health`,
  timeout: 1_000,
  degradedAfter: 10_000,
  interval: 1_000,
  retries: 1,
});

const readAll = ({ registry, ids }: Members): Promise<ComponentResource[]> =>
  Promise.all(ids.map((id) => registry.read(id)));
const statusesOf = async (members: Members): Promise<string[]> =>
  (await readAll(members)).map(({ health }) => health.status);

const allIn = (ids: readonly string[], mode: string) => Promise.all(ids.map((id) => setMode(id, mode)));

const selfDoubtEvents = async (type: string): Promise<string[]> => {
  const types = ['system.self-doubt-began', 'system.self-doubt-ended'] as const;
  const events = await coordinator().events({ after: 0, types: [...types], limit: 1_000, newest: false });
  return events.filter(({ subject }) => subject === type).map((event) => event.type);
};

const systemIssues = async (type: string): Promise<string[]> => {
  // The roll-up omits types that are not configured, so the test reads the stored type health.
  const pushed = await runInDurableObject(env.SYSTEM_COORDINATOR.getByName('system'), (instance) =>
    instance['runtime'].eventStore.allTypeHealth(),
  );
  return pushed.find((health) => health.type === type)?.issues.map(({ code }) => code) ?? [];
};

/** The number of components that are routable and not suspect. */
const routedOf = async ({ registry }: Members): Promise<number> => {
  const delta = await registry.api.sync({ syncedTo: null, assignments: [], outcomes: [] });
  return delta.changed.filter(([, candidate]) => candidate?.status === 'healthy' && !candidate.liveStats.suspect)
    .length;
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Row {
  readonly size: number;
  readonly down: number;
  readonly canary: 'responds' | 'dead' | 'none';
  readonly mode?: Settings['selfDoubt'];
  readonly retains: boolean;
}

/** The cases of docs/explanation/health.md. */
const TABLE: readonly (readonly [string, Row])[] = [
  ['all down, the canary too', { size: 4, down: 4, canary: 'dead', retains: true }],
  ['all down, the canary responds', { size: 4, down: 4, canary: 'responds', retains: false }],
  ['all down, no canary', { size: 4, down: 4, canary: 'none', retains: false }],
  ['most down, the canary too', { size: 4, down: 3, canary: 'dead', retains: true }],
  ['half down, the canary too', { size: 4, down: 2, canary: 'dead', retains: false }],
  ['two of two down, the canary too', { size: 2, down: 2, canary: 'dead', retains: false }],
  ['one of one down, the canary too', { size: 1, down: 1, canary: 'dead', retains: false }],
  ['one of four down, selfDoubt always', { size: 4, down: 1, canary: 'responds', mode: 'always', retains: true }],
  ['all down, the canary too, selfDoubt never', { size: 4, down: 4, canary: 'dead', mode: 'never', retains: false }],
];

describe.concurrent('self-doubt of a type with components', () => {
  it.each(TABLE)('%s', async (_, { size, down, canary, mode = 'auto', retains }) => {
    const canaryUrl = { responds: ALIVE(), dead: DEAD, none: null }[canary];
    const members = await healthyMembers(size, { canaryUrl, selfDoubt: mode });
    const { registry, ids } = members;
    await allIn(ids.slice(0, down), 'unavailable');
    if (retains) {
      await eventually(
        () => selfDoubtEvents(registry.type),
        (events) => events.length > 0,
      );
      // Several check rounds in which every check fails.
      await pause(4_000);
      expect(await statusesOf(members)).toEqual(ids.map(() => 'healthy'));
      expect(await routedOf(members)).toBe(size);
      expect(await systemIssues(registry.type)).toContain('self-doubt');
      expect(await selfDoubtEvents(registry.type)).toEqual(['system.self-doubt-began']);
    } else {
      await eventually(
        () => statusesOf(members),
        (statuses) => statuses.filter((status) => status === 'unhealthy').length === down,
      );
      expect(await routedOf(members)).toBe(size - down);
      expect(await systemIssues(registry.type)).not.toContain('self-doubt');
      expect(await selfDoubtEvents(registry.type)).toEqual([]);
    }
  });
});

describe.concurrent('a canary', () => {
  it('is a component of another type that was healthy, and is probed unless it was seen recently', async () => {
    const members = await healthyMembers(2, {});
    expect(await members.registry.api.canaryVerdict()).toBe('seen');
    await allIn(members.ids, 'unavailable');
    await eventually(
      () => members.registry.api.canaryVerdict(),
      (verdict) => verdict !== 'seen',
    );
    expect(await freshRegistry().api.canaryVerdict()).toBe('none');
  });

  it.each<readonly [string, Record<string, CanaryVerdict>, CanaryVerdict]>([
    ['there is no other type', {}, 'none'],
    ['no type has a canary', { a: 'none', b: 'none' }, 'none'],
    ['one canary is seen', { a: 'unseen', b: 'seen' }, 'seen'],
    ['no canary is seen', { a: 'unseen', b: 'none' }, 'unseen'],
    ['a canary was checked late', { a: 'late', b: 'none' }, 'late'],
    ['of a late and an unseen canary one was checked in time', { a: 'late', b: 'unseen' }, 'unseen'],
  ])('verdict is combined over the other types: %s', async (_, types, expected) => {
    const deps = {
      checkReachability: async () => 'reachable' as const,
      otherTypes: async () => Object.keys(types),
      verdictOf: async (type: string) => types[type]!,
    };
    expect(await checkCanary(null, deps)).toBe(expected);
  });

  it('is the configured URL alone where one is set, and any response counts', async () => {
    const deps = { otherTypes: async () => ['a'], verdictOf: async (): Promise<CanaryVerdict> => 'seen' };
    expect(
      await checkCanary('https://canary.example.com', {
        ...deps,
        checkReachability: async () => 'unreachable' as const,
      }),
    ).toBe('unseen');
    const answering = await healthyMembers(1, {});
    await allIn(answering.ids, 'unavailable');
    expect(await prober.checkReachability(quickCheck(answering.ids[0]!).endpoint)).toBe('reachable');
    expect(await prober.checkReachability(DEAD)).toBe('unreachable');
  });
});

describe.concurrent('self-doubt of a registry', () => {
  it('survives an eviction, and ends by itself within two rounds', async () => {
    const members = await healthyMembers(3, { canaryUrl: DEAD });
    const { registry, ids } = members;
    await allIn(ids, 'unavailable');
    await eventually(
      () => selfDoubtEvents(registry.type),
      (events) => events.length > 0,
    );
    await registry.evict();
    await pause(1_500);
    expect(await statusesOf(members)).toEqual(['healthy', 'healthy', 'healthy']);
    await allIn(ids, 'healthy');
    await eventually(
      () => selfDoubtEvents(registry.type),
      (events) => events.length === 2,
    );
    expect(await selfDoubtEvents(registry.type)).toEqual(['system.self-doubt-began', 'system.self-doubt-ended']);
    expect(await systemIssues(registry.type)).toEqual([]);
  });

  it('ends, and failures count, once the canary responds again', async () => {
    const members = await healthyMembers(3, { canaryUrl: DEAD });
    const { registry, ids } = members;
    await allIn(ids, 'unavailable');
    await eventually(
      () => selfDoubtEvents(registry.type),
      (events) => events.length === 1,
    );
    await registry.api.configureType({ revision: 2, overrides: { canaryUrl: ALIVE() } });
    await eventually(
      () => statusesOf(members),
      (statuses) => statuses.every((status) => status === 'unhealthy'),
    );
    expect(await selfDoubtEvents(registry.type)).toEqual(['system.self-doubt-began', 'system.self-doubt-ended']);
  });

  it('does not begin when components fail one after the other and stay down', async () => {
    const registry = freshRegistry();
    await registry.api.configureType({ revision: 1, overrides: { canaryUrl: DEAD } });
    const ids = Array.from({ length: 5 }, () => freshId());
    for (const id of ids) {
      await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 3_600_000 } });
      await registry.beat(id);
    }
    const kinds = await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const seen = new Set<string>();
      let now = Date.now() + 60_000;
      // Each minute one more component fails, and the earlier ones keep failing.
      for (let down = 1; down <= 4; down++) {
        for (let round = 0; round < 15; round++, now += 4_000) {
          const failing = ids.slice(0, down).map((id) => instance['runtime'].state.members.get(id)!);
          const signal = { kind: 'heartbeat-expired', ttlMs: 3_600_000 } as const;
          instance['runtime'].observe(
            failing.map((member) => ({ member, signal, ended: null })),
            now,
          );
          seen.add(instance['runtime'].state.selfDoubt.kind);
        }
      }
      return [...seen];
    });
    expect(kinds).toEqual(['sure']);
    expect((await statusesOf({ registry, ids })).filter((status) => status === 'unhealthy')).toHaveLength(4);
  });

  it('permits no restart while it lasts, and one at a time afterwards', async () => {
    const frozen = await healthyMembers(3, { canaryUrl: ALIVE() });
    const cause = {
      occurredAt: Date.now(),
      failureId: 'f-1',
      failureType: 'health_check_failure',
      reason: 'a test',
    } as const;
    const orders = await Promise.all(frozen.ids.map((id) => frozen.registry.api.beginRecovery(id, cause)));
    const ids = orders.map((begun) => (begun.ok ? begun.value.order.recoveryId : ''));
    await frozen.registry.api.configureType({ revision: 2, overrides: { canaryUrl: ALIVE(), selfDoubt: 'always' } });
    await eventually(
      () => selfDoubtEvents(frozen.registry.type),
      (events) => events.length === 1,
    );
    const permit = (at: number, disruptive: boolean) =>
      frozen.registry.api.permitAction(frozen.ids[at]!, ids[at]!, disruptive);
    expect(await permit(0, true)).toBe('too-many');
    // An operator may not restart either, except by force.
    const spare = freshId();
    const control = { endpoint: '/control', actions: ['restart'] };
    await frozen.registry.register(spare, { control, healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const request = { action: 'restart', idempotencyKey: null, reason: null } as const;
    expect(await frozen.registry.api.requestAction(spare, { ...request, force: false })).toMatchObject({
      reason: 'held-back',
      message: expect.stringContaining('coordinator itself may be at fault'),
    });
    expect(await permit(0, false)).toBe('permitted');
    await frozen.registry.api.configureType({ revision: 3, overrides: { canaryUrl: ALIVE() } });
    // A component that answers would not be restarted.
    await allIn(frozen.ids, 'unavailable');
    await eventually(
      () => permit(0, true),
      (permission) => permission === 'permitted',
    );
    expect(await permit(1, true)).toBe('too-many');
  });
});
