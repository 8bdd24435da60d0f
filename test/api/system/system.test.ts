import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { call, eventually } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

/** id → type, reported status and weight of all components of this file. */
const COMPONENTS: Readonly<Record<string, readonly [string, 'healthy' | 'degraded' | 'unhealthy', number]>> = {
  'registry-1': ['agent_registry', 'healthy', 1],
  'registry-2': ['agent_registry', 'healthy', 3],
  'router-1': ['task_router', 'healthy', 1],
  'router-2': ['task_router', 'degraded', 1],
  'tracker-1': ['performance_tracker', 'healthy', 1],
  'tracker-2': ['performance_tracker', 'unhealthy', 1],
};

const health = async () => (await call('GET', '/v1/health')).body;
const beat = (id: string, body: unknown) => call('POST', `/v1/components/${id}/heartbeat`, body);
const COUNTED = { total: 6, healthy: 4, degraded: 1, unhealthy: 1, unknown: 0 };
const settled = () =>
  eventually(
    health,
    ({ components }) => Object.entries(COUNTED).every(([name, count]) => components[name] === count),
    5_000,
  );

beforeAll(async () => {
  expect(await health()).toMatchObject({ status: 'unknown', components: { total: 0 }, lastUpdate: null, issues: [] });
  for (const [id, [type, status, weight]] of Object.entries(COMPONENTS)) {
    const registration = silentRegistration(id, { type, weight, capabilities: { maxConcurrentTasks: 10 } });
    expect((await call('POST', '/v1/components', registration)).status).toBe(201);
    await beat(id, { status, load: { activeConnections: 2, queueDepth: 1 } });
  }
});

describe('GET /v1/health', () => {
  it('counts the components, in total and by type', async () => {
    const { components, byType, lastUpdate } = await settled();
    expect(components).toEqual(COUNTED);
    expect(byType).toMatchObject({
      agent_registry: { status: 'healthy', total: 2, healthy: 2, routable: 2 },
      task_router: { status: 'degraded', total: 2, healthy: 1, degraded: 1, routable: 2 },
      performance_tracker: { status: 'degraded', total: 2, healthy: 1, unhealthy: 1, routable: 1 },
    });
    expect(Date.parse(lastUpdate)).toBeLessThanOrEqual(Date.now());
  });

  it('is degraded while a component fails and every type is routable; lists issues, most severe first', async () => {
    const { status, issues } = await settled();
    expect(status).toBe('degraded');
    expect(issues).toMatchObject([
      { severity: 'critical', code: 'component-unhealthy', type: 'performance_tracker', componentId: 'tracker-2' },
      { severity: 'warning', code: 'component-degraded', type: 'task_router', componentId: 'router-2' },
    ]);
    for (const issue of issues) expect(Date.parse(issue.since)).toBeLessThanOrEqual(Date.now());
  });

  it('is unhealthy while a type has no routable component', async () => {
    await settled();
    await beat('tracker-1', { status: 'unhealthy' });
    const down = await eventually(health, ({ status }) => status === 'unhealthy', 5_000);
    expect(down.byType.performance_tracker).toMatchObject({ status: 'unhealthy', routable: 0 });
    const unavailable = {
      severity: 'critical',
      code: 'type-unavailable',
      type: 'performance_tracker',
      componentId: null,
    };
    expect(down.issues).toContainEqual(expect.objectContaining(unavailable));
    await beat('tracker-1', { status: 'healthy' });
    expect((await settled()).status).toBe('degraded');
  });

  it('no longer counts a removed component', async () => {
    await settled();
    await call('POST', '/v1/components', silentRegistration('guest', { type: 'caws_validator' }));
    await eventually(health, ({ components }) => components.total === 7, 5_000);
    await call('DELETE', '/v1/components/guest');
    const { byType } = await settled();
    expect(byType.caws_validator?.total ?? 0).toBe(0);
  });

  it('is the same after an eviction', async () => {
    const before = await settled();
    await evict(env.SYSTEM_COORDINATOR.getByName('system'));
    expect(await health()).toEqual(before);
  });
});

describe('GET /v1/load', () => {
  it('has an entry for every component, the same as its resource shows', async () => {
    const { status, body } = await call('GET', '/v1/load');
    expect(status).toBe(200);
    expect(body.map((entry: { componentId: string }) => entry.componentId).toSorted()).toEqual(
      Object.keys(COMPONENTS).toSorted(),
    );
    for (const { componentId, ...load } of body) {
      expect({ componentId, ...load }).toMatchObject({
        componentId,
        loadPercentage: 20,
        activeConnections: 2,
        queueDepth: 1,
      });
      expect((await call('GET', `/v1/components/${componentId}`)).body.load).toEqual(load);
    }
  });

  it('shows shares by weight among routable components', async () => {
    const { body } = await call('GET', '/v1/load');
    const shares = Object.fromEntries(
      body.map((entry: { componentId: string; share: number }) => [entry.componentId, entry.share]),
    );
    expect(shares).toMatchObject({ 'registry-1': 0.25, 'registry-2': 0.75, 'tracker-1': 1, 'tracker-2': 0 });
  });
});
