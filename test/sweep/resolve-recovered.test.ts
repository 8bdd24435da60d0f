import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { raiseIncident } from '../../src/recovery/report-incident.ts';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';
import { resolveRecovered } from '../../src/sweep/resolve-recovered.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId } from '../support/coordinator-http.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const BEATS = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const advance = (ms: number): unknown => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

/** Waits until no alarm but that of the TTL is set: another one would fire late by the advance, as after a suspension. */
const untilQuiet = (registry: FreshRegistry): Promise<unknown> =>
  eventually(
    () => runInDurableObject(registry.stub, (_, { storage }) => storage.getAlarm()),
    (alarm) => alarm !== null && alarm > Date.now() + 120_000,
  );

const orderFor = (componentId: string, componentType: string) => ({
  recoveryId: `r-${crypto.randomUUID().replaceAll('-', '')}`,
  componentId,
  componentType,
  failureType: 'health_check_failure' as const,
  failureId: `f-${freshId()}`,
  reason: 'HTTP_503',
  startedAt: Date.now(),
  deadline: Date.now() + 60_000,
});

const critical = { severity: 'critical', summary: 'nothing helped' } as const;

async function openAbout(registry: { type: string }, id: string): Promise<string> {
  return raiseIncident(env, orderFor(id, registry.type), critical);
}

describe('an incident whose component recovered by itself', () => {
  it('is resolved once three good observations over a minute show that the component is healthy', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, BEATS);
    await registry.beat(id);
    const incident = await openAbout(registry, id);
    const expectOpen = async (): Promise<void> => {
      await resolveRecovered(env, Date.now());
      expect((await call('GET', `/v1/incidents/${incident}`)).body).toMatchObject({ status: 'open' });
    };
    await expectOpen();
    await untilQuiet(registry);
    advance(31_000);
    await registry.beat(id);
    advance(31_000);
    // The clock alone proves nothing.
    await expectOpen();
    await registry.beat(id);
    for (let time = 0; time < 2; time++) await resolveRecovered(env, Date.now());
    const { body } = await call('GET', `/v1/incidents/${incident}`);
    expect(body).toMatchObject({ status: 'resolved' });
    expect(body.timeline.at(-1)).toMatchObject({ kind: 'resolved', by: null });
    const open = await coordinator().openIncidents('', 500);
    expect(open.map(({ componentId }) => componentId)).not.toContain(id);
  });

  it('is not resolved by time in which the coordinator was suspended', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 15_000 } });
    await registry.beat(id);
    const incident = await openAbout(registry, id);
    // The alarm for the missing heartbeat is late, so the object was suspended.
    advance(70_000);
    for (let beats = 0; beats < 6; beats++) {
      await registry.beat(id);
      await resolveRecovered(env, Date.now());
      expect((await call('GET', `/v1/incidents/${incident}`)).body, `${beats} beats`).toMatchObject({ status: 'open' });
      advance(5_000);
    }
  });

  it('is resolved while the registry of another type is unavailable', async () => {
    const broken = freshRegistry(freshId('a').replaceAll('-', '_'));
    const incidents = [await openAbout(broken, `0-${freshId()}`), await openAbout(freshRegistry(), `1-${freshId()}`)];
    vi.spyOn(ComponentRegistry.prototype, 'stabilityOf').mockImplementation(async function (
      this: ComponentRegistry,
      ids,
    ) {
      if (this['ctx'].id.name === broken.type) throw new Error('this registry is unavailable');
      return ids.map(() => 'gone' as const);
    });
    await resolveRecovered(env, Date.now());
    const statuses = incidents.map(async (id) => (await call('GET', `/v1/incidents/${id}`)).body.status);
    expect(await Promise.all(statuses)).toEqual(['open', 'resolved']);
  });

  it('is resolved when the component is gone', async () => {
    const incident = await openAbout(freshRegistry(), freshId());
    await resolveRecovered(env, Date.now());
    expect((await call('GET', `/v1/incidents/${incident}`)).body).toMatchObject({ status: 'resolved' });
  });

  it('is resolved in the coordinator when only the history has its end', async () => {
    const [registry, id] = [freshRegistry(), freshId()];
    const incident = await openAbout(registry, id);
    await env.HISTORY.prepare(`UPDATE incidents SET status = 'resolved', resolved_at = 1 WHERE id = ?`)
      .bind(incident)
      .run();
    await resolveRecovered(env, Date.now());
    const open = await coordinator().openIncidents('', 500);
    expect(open.map(({ componentId }) => componentId)).not.toContain(id);
  });
});

describe('a component that fails again while its incident is open', () => {
  it('increases the repeats of that incident', async () => {
    const [registry, id] = [freshRegistry(), freshId()];
    const incident = await openAbout(registry, id);
    expect(await openAbout(registry, id)).toBe(incident);
    const { body } = await call('GET', `/v1/incidents?componentId=${id}`);
    expect(body.items).toMatchObject([{ id: incident, repeats: 1, status: 'open' }]);
  });
});
