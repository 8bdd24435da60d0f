import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { UNPROVEN_HOST } from '../../../src/core/health/host-budget.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { componentLog, eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';

/** The component server under another host name, which has its own budget. */
const otherUrl = (): string => inject('componentUrl').replace('127.0.0.1', 'localhost');

const checkedAt = async (name: string): Promise<number[]> =>
  ((await componentLog(name)) as unknown as { checkedAt: number[] }).checkedAt;

/** Registers `size` components whose health checks all go to one path on the other host. */
async function registerMany(registry: FreshRegistry, name: string, size: number): Promise<string[]> {
  const ids = Array.from({ length: size }, (_, index) => `${name}-${index}`);
  for (const id of ids) {
    const healthCheck = {
      endpoint: `${otherUrl()}/${name}/health?${id}`,
      timeout: 1_000,
      degradedAfter: 10_000,
      retries: 2,
    };
    await registry.register(id, { healthCheck });
  }
  return ids;
}

const maxInWindow = (times: readonly number[], windowMs: number): number =>
  Math.max(0, ...times.map((from, first) => times.slice(first).filter((at) => at < from + windowMs).length));

/** The longest pause between two consecutive checks, ms. */
const longestPause = (times: readonly number[]): number =>
  Math.max(...times.slice(1).map((at, index) => at - times[index]!));

describe.concurrent('the rate limit of a host', () => {
  it('bounds the checks of 60 dead components, and does not delay those on a healthy host', async () => {
    const registry = freshRegistry();
    const [dead, healthy] = [freshId('dead'), freshId('well')];
    await setMode(dead, 'unavailable');
    await registry.register(healthy);
    const ids = await registerMany(registry, dead, 60);
    const periodMs = 14_000;
    await clockReaches(Date.now() + periodMs);

    const checkTimes = await checkedAt(dead);
    // Every request counts. The retries of the first 20 checks are sent at once and overdraw the budget.
    const { burst, perSecond } = UNPROVEN_HOST;
    const retries = 2 * burst;
    // Without a limit, 60 dead components would cause hundreds of requests. test/core/health asserts the exact bound;
    // here a busy machine may bunch requests or delay a round.
    expect(maxInWindow(checkTimes, 1_000)).toBeLessThanOrEqual(2 * (burst + retries) + perSecond);
    expect(maxInWindow(checkTimes, 10_000)).toBeLessThanOrEqual(2 * (burst + retries) + 10 * perSecond);
    expect(longestPause(await checkedAt(healthy))).toBeLessThan(9_000);
    expect((await registry.read(healthy)).health.status).toBe('healthy');

    // Postponed checks are not dropped: eventually all components are found dead.
    const unhealthy = async () =>
      (await registry.api.components({ after: null, limit: 100, metadata: {}, status: 'unhealthy' })).items;
    const found = await eventually(unhealthy, (all) => all.length === ids.length, 15_000);
    expect(found).toHaveLength(60);
  });

  it('allows checks of 60 healthy components at once', async () => {
    const registry = freshRegistry();
    const name = freshId('well');
    const ids = await registerMany(registry, name, 60);
    const healthy = async () =>
      (await registry.api.components({ after: null, limit: 100, metadata: {}, status: 'healthy' })).items;
    await eventually(healthy, (all) => all.length === ids.length, 5_000);
    await registry.evict();
    const evictedAt = Date.now();
    await eventually(
      () => checkedAt(name),
      (times) => times.filter((at) => at > evictedAt).length >= 60,
      7_000,
    );
  });

  it('makes a check on demand wait for the budget, then return its result', async () => {
    const registry = freshRegistry();
    const name = freshId('dead');
    await setMode(name, 'unavailable');
    const ids = await registerMany(registry, name, 30);
    const waiting = await runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
      ids.filter((id) => instance['runtime'].state.members.get(id)!.postponedUntil > Date.now()),
    );
    expect(waiting.length).toBeGreaterThan(0);
    const probed = await registry.api.probe(waiting[0]!);
    expect(probed).toMatchObject({ value: { outcome: 'failed', error: { code: 'HTTP_503' } } });
  });
});

describe.concurrent('the quota of a component', () => {
  it('allows ten checks on demand at once, then one per second', async () => {
    const registry = freshRegistry();
    const [id, other] = [freshId(), freshId()];
    await registry.register(id);
    await registry.register(other);
    // The clock stands still, so that no tokens are refilled, however slow the machine is.
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const startedAt = Date.now();
    const probes = await Promise.all(Array.from({ length: 30 }, () => registry.api.probe(id)));
    // One more check is allowed for each second that has passed.
    const meanwhile = Math.ceil((Date.now() - startedAt) / 1_000);
    const allowed = probes.filter(({ ok }) => ok).length;
    expect(allowed).toBeGreaterThanOrEqual(10);
    expect(allowed).toBeLessThanOrEqual(10 + meanwhile);
    const refused = probes.find(({ ok }) => !ok);
    expect(refused).toMatchObject({ ok: false, reason: 'too-many-probes', retryAfterMs: expect.any(Number) });
    expect(await registry.api.probe(other)).toMatchObject({ ok: true });
    const { retryAfterMs } = refused as unknown as { retryAfterMs: number };
    expect(retryAfterMs).toBeLessThanOrEqual(1_000);
    await clockReaches(Date.now() + retryAfterMs);
    expect(await registry.api.probe(id)).toMatchObject({ ok: true });
  });

  it('allows sixty reports at once, then one per second, and does not store a refused report', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 } });
    const report = () => registry.api.reportFailure(id, { message: 'it failed me' }, null);
    const results = await Promise.all(Array.from({ length: 62 }, report));
    const refused = results.filter((result) => !result.ok);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    for (const result of refused)
      expect(result).toMatchObject({ reason: 'too-many-reports', retryAfterMs: expect.any(Number) });
    const stored = await runInDurableObject(
      registry.stub,
      (instance: ComponentRegistry) => instance['runtime'].state.members.get(id)!.record.recovery.recentReports?.length,
    );
    expect(stored).toBe(62 - refused.length);
  });
});
