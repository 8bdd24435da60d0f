import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, startOf } from '../../../src/core/health/samples/availability.ts';
import type { HistoryItem, HistoryCursor } from '../../../src/registry/contract/history-api.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { toTypeHealth } from '../../../src/registry/state/component-views.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { freshRegistry } from '../fresh-registry.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

/** Registers a healthy component, backdated by `ago` ms. */
async function registerOld(registry: FreshRegistry, ago = 40 * DAY_MS): Promise<string> {
  const id = freshId();
  await registry.register(id, beats);
  await registry.beat(id);
  const since = Date.now() - ago;
  await registry.rows(
    `UPDATE components SET registered_at = ?1, health = json_set(health, '$.since', ?1) WHERE id = ?2`,
    since,
    id,
  );
  await registry.evict();
  return id;
}

interface Period {
  readonly from: number;
  readonly to: number;
  /** The response time of each check, ms; null for a failed check. */
  readonly responseTimes?: readonly (number | null)[];
}

/** Simulates a period in the registry's memory, minute by minute, with the same checks in each minute. */
const pass = (registry: FreshRegistry, id: string, { from, to, responseTimes = [20] }: Period): Promise<void> =>
  runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
    const { samples, members } = instance['runtime'].state;
    const member = members.get(id)!;
    samples.flush(from);
    for (let now = from; now < to; now += MINUTE_MS) {
      for (const ms of responseTimes) {
        const error = { code: 'TIMEOUT', message: 'no answer' };
        const signal =
          ms === null
            ? ({ kind: 'check-failed', error, details: null } as const)
            : ({ kind: 'check-passed', status: 'healthy', responseTimeMs: ms, details: null } as const);
        samples.countChecks([{ member, signal, ended: null }], now + 1_000);
      }
      samples.flush(now + MINUTE_MS);
    }
  });

async function page(registry: FreshRegistry, id: string, query: object = {}) {
  const found = await registry.api.historyOf(id, { after: null, limit: 500, from: 0, to: Infinity, ...query });
  if (!found.ok) throw new Error(found.message);
  return found.value;
}

async function allOf(registry: FreshRegistry, id: string, limit: number): Promise<HistoryItem[]> {
  const items: HistoryItem[] = [];
  let after: HistoryCursor | null = null;
  do {
    const { items: more, next }: Awaited<ReturnType<typeof page>> = await page(registry, id, { after, limit });
    items.push(...more);
    after = next;
  } while (after);
  return items;
}

const samplesOf = (items: readonly HistoryItem[]) => items.flatMap((item) => (item.kind === 'sample' ? [item] : []));

async function availability(registry: FreshRegistry, id: string) {
  const found = await registry.api.healthReport(id);
  if (!found.ok) throw new Error(found.message);
  return found.value.availability;
}

const thisMinute = (): number => startOf(Date.now(), MINUTE_MS);

describe('the samples of a component', () => {
  it('cover minutes of the last day and hours before, without a gap between pages, also after an eviction', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry);
    const to = thisMinute();
    const from = startOf(to, HOUR_MS) - 30 * HOUR_MS;
    await pass(registry, id, { from, to, responseTimes: [10, null, 40, 10] });
    await registry.api.sweep();
    const items = await allOf(registry, id, 500);
    const samples = samplesOf(items);
    const hours = samples.filter(({ durationMs }) => durationMs === HOUR_MS);
    expect(hours.map(({ at }) => at)).toEqual([4, 3, 2, 1, 0].map((hour) => from + hour * HOUR_MS));
    expect(hours[0]).toMatchObject({ checks: 240, failed: 60, minMs: 10, meanMs: 20, maxMs: 40, observedMs: HOUR_MS });
    const minutes = samples.filter(({ durationMs }) => durationMs === MINUTE_MS);
    expect(minutes.map(({ at }) => at)).toEqual(
      Array.from({ length: (to - from) / MINUTE_MS - 300 }, (_, ago) => to - (ago + 1) * MINUTE_MS),
    );
    expect(minutes[0]).toMatchObject({ checks: 4, failed: 1, minMs: 10, meanMs: 20, maxMs: 40, status: 'healthy' });
    await registry.evict();
    expect(await allOf(registry, id, 37)).toEqual(items);
    const cut = await page(registry, id, { from: to - 5 * MINUTE_MS, to: to - 2 * MINUTE_MS });
    expect(samplesOf(cut.items).map(({ at }) => to - at)).toEqual([3 * MINUTE_MS, 4 * MINUTE_MS, 5 * MINUTE_MS]);
  });

  it('are deleted after a month', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry, 60 * DAY_MS);
    const to = thisMinute() - 31 * DAY_MS - HOUR_MS;
    await pass(registry, id, { from: to - 2 * HOUR_MS, to });
    await pass(registry, id, { from: thisMinute() - MINUTE_MS, to: thisMinute() });
    await registry.evict();
    await registry.api.sweep();
    expect(await registry.rows('SELECT hour FROM sample_hours WHERE hour < ?', to)).toEqual([]);
    expect(samplesOf((await page(registry, id)).items)).toHaveLength(1);
  });

  it('use one row per minute for the whole type', async () => {
    const registry = freshRegistry();
    const [id] = [await registerOld(registry), await registerOld(registry), await registerOld(registry)];
    const from = startOf(Date.now(), HOUR_MS);
    await pass(registry, id, { from, to: from + 3 * MINUTE_MS });
    const rows = await registry.rows<{ samples: string }>('SELECT samples FROM sample_minutes WHERE minute >= ?', from);
    expect(rows).toHaveLength(3);
    // Three components and the type.
    for (const { samples } of rows) expect(Object.keys(JSON.parse(samples))).toHaveLength(4);
  });

  it('are read and rolled up despite a broken row', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry);
    const hour = startOf(Date.now(), HOUR_MS) - HOUR_MS;
    await pass(registry, id, { from: hour, to: hour + 3 * MINUTE_MS });
    await registry.rows('UPDATE sample_minutes SET samples = ? WHERE minute = ?', '{"broken', hour + MINUTE_MS);
    const left = [hour + 2 * MINUTE_MS, hour];
    expect(samplesOf((await page(registry, id)).items).map(({ at }) => at)).toEqual(left);
    await pass(registry, id, { from: hour + HOUR_MS, to: hour + HOUR_MS });
    expect(await registry.rows('SELECT minute FROM sample_minutes WHERE minute < ?', hour + HOUR_MS)).toEqual([]);
    const { items } = await page(registry, id, { to: hour + HOUR_MS });
    expect(samplesOf(items).map(({ at }) => at)).toEqual(left);
  });

  it('do not include those of a predecessor with the same id', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry);
    await pass(registry, id, { from: thisMinute() - 10 * MINUTE_MS, to: thisMinute() });
    expect((await page(registry, id)).items.length).toBeGreaterThan(9);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await registry.register(id, beats);
    const { items } = await page(registry, id);
    expect(samplesOf(items).filter(({ at }) => at < thisMinute() - MINUTE_MS)).toEqual([]);
    expect((await availability(registry, id)).month).toBeNull();
  });

  it('continue without a gap after an eviction shorter than the sweep interval', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry);
    const last = thisMinute();
    await pass(registry, id, { from: last - 2 * MINUTE_MS, to: last });
    await registry.evict();
    const report = await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      instance['runtime'].state.samples.flush(last + MINUTE_MS);
      return instance['runtime'].state.samples.availability(id, 0, last + MINUTE_MS);
    });
    expect(report).toEqual({ hour: 100, day: 100, month: 100 });
    expect(samplesOf((await page(registry, id)).items)[0]).toMatchObject({
      at: last,
      observedMs: MINUTE_MS,
    });
  });
});

describe('a registry that is evicted at the end of an hour', () => {
  it('continues from the hour before', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry);
    // Two minutes ago, because in the first minute of an hour that minute is not complete.
    const hour = startOf(Date.now() - 2 * MINUTE_MS, HOUR_MS);
    await pass(registry, id, { from: hour - 2 * MINUTE_MS, to: hour });
    await registry.evict();
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const { samples } = instance['runtime'].state;
      samples.resume(hour + 14_000);
      samples.flush(hour + MINUTE_MS);
    });
    const samples = samplesOf((await page(registry, id)).items);
    expect(samples.find(({ at }) => at === hour)).toMatchObject({ observedMs: MINUTE_MS });
  });
});

describe('the transitions of a component', () => {
  it('of status and lifecycle survive an immediate eviction, with their reasons', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.beat(id);
    await registry.api.operate(id, { action: 'drain', durationMs: null, until: null, reason: 'a new disk' });
    await registry.beat(id, 'unhealthy');
    await registry.evict();
    const { items } = await page(registry, id);
    expect(items.filter(({ kind }) => kind === 'transition')).toMatchObject([
      { field: 'health', from: 'healthy', to: 'unhealthy', reason: expect.stringContaining('REPORTED_UNHEALTHY') },
      { field: 'lifecycle', from: 'active', to: 'draining', reason: 'a new disk' },
      { field: 'health', from: 'unknown', to: 'healthy', reason: null },
    ]);
    const [first] = (await page(registry, id, { limit: 1 })).items;
    expect(first).toEqual(items[0]);
  });

  it('are limited to 500 per component', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    await registry.beat(id);
    const other = await registry.rows('SELECT * FROM transitions');
    await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
      const { samples } = instance['runtime'].state.store;
      for (let at = 0; at < 510; at++)
        samples.addTransition('flapping', { at, kind: 'health', from: 'healthy', to: 'unhealthy', reason: null });
    });
    const kept = await registry.rows<{ at: number }>(`SELECT at FROM transitions WHERE component_id = 'flapping'`);
    expect(kept).toHaveLength(500);
    expect(Math.min(...kept.map(({ at }) => at))).toBe(10);
    expect(await registry.rows(`SELECT * FROM transitions WHERE component_id = ?`, id)).toEqual(other);
  });
});

describe('availability', () => {
  it('is computed over an hour, a day and a month, from stored samples and the current minute', async () => {
    const registry = freshRegistry();
    const id = await registerOld(registry);
    const now = thisMinute();
    await pass(registry, id, { from: now - 10 * HOUR_MS, to: now - 5 * HOUR_MS });
    await registry.beat(id, 'unhealthy');
    await pass(registry, id, { from: now - 5 * HOUR_MS, to: now - 30 * MINUTE_MS });
    await registry.beat(id);
    await pass(registry, id, { from: now - 30 * MINUTE_MS, to: now });
    await registry.evict();
    const { hour, day, month } = await availability(registry, id);
    expect(hour).toBeGreaterThan(45);
    expect(hour).toBeLessThan(55);
    expect(day).toBeGreaterThan(54);
    expect(day).toBeLessThan(56);
    expect(month).toBe(day);
  });

  it('of a type counts the time in which a component was routable', async () => {
    const registry = freshRegistry();
    const ids = [await registerOld(registry), await registerOld(registry)];
    for (const id of ids) await registry.beat(id);
    const now = thisMinute();
    await pass(registry, ids[0]!, { from: now - 4 * HOUR_MS, to: now - 3 * HOUR_MS });
    await registry.beat(ids[0]!, 'unhealthy');
    await pass(registry, ids[0]!, { from: now - 3 * HOUR_MS, to: now - 2 * HOUR_MS });
    await registry.api.operate(ids[1]!, { action: 'maintenance', durationMs: DAY_MS, until: null, reason: null });
    await pass(registry, ids[0]!, { from: now - 2 * HOUR_MS, to: now });
    const typeHealth = await runInDurableObject(registry.stub, (instance: ComponentRegistry) =>
      toTypeHealth(instance['runtime'].state, now),
    );
    expect(typeHealth.availability!.day).toBeGreaterThan(48);
    expect(typeHealth.availability!.day).toBeLessThan(52);
    expect(typeHealth.availability!.hour).toBeLessThan(2);
    // In maintenance since two hours ago: only the time before counts.
    expect((await availability(registry, ids[1]!)).day).toBe(100);
  });
});

describe('the health report of a component', () => {
  it('contains the next check, the status of each health source, and the lifecycle', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { heartbeat: { ttl: 600_000 } });
    await registry.beat(id, 'degraded');
    await eventually(
      () => registry.read(id),
      ({ health }) => health.lastCheck !== null,
    );
    await registry.api.operate(id, { action: 'isolate', durationMs: 600_000, until: null, reason: 'odd answers' });
    const found = await registry.api.healthReport(id);
    expect(found).toMatchObject({
      value: {
        status: 'degraded',
        checkStatus: 'healthy',
        heartbeatStatus: 'degraded',
        consecutiveSuccesses: 1,
        lastTransition: { to: 'degraded' },
        detection: { intervalMs: 4_000 },
        lifecycle: { state: 'isolated', next: 'active', reason: 'odd answers' },
        notRoutable: 'lifecycle',
        recoveryId: null,
        availability: { hour: expect.any(Number) },
      },
    });
    if (!found.ok) return;
    const { nextCheck, heartbeatDue, lastCheck } = found.value;
    expect(Date.parse(nextCheck!) - Date.parse(lastCheck!)).toBeLessThan(5_000);
    expect(Date.parse(heartbeatDue!)).toBeGreaterThan(Date.now());
  });
});
