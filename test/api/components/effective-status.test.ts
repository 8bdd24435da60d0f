import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPES = ['task_router', 'agent_registry', 'caws_validator'] as const;

const resource = async (id: string) => (await call('GET', `/v1/components/${id}`)).body;
const beat = (id: string, status: string) => call('POST', `/v1/components/${id}/heartbeat`, { status });

/** Registers a component that reports its own status by heartbeat. */
async function register(id: string, dependencies: readonly string[], type: string = TYPES[0]): Promise<void> {
  const registration = silentRegistration(id, { dependencies, type });
  expect((await call('POST', '/v1/components', registration)).status).toBe(201);
  await beat(id, 'healthy');
}

/** Waits until the component shows `rootCause` and its own status `own`. */
const awaitRootCause = (id: string, rootCause: readonly string[], own = 'healthy') =>
  eventually(
    () => resource(id),
    ({ health }) =>
      JSON.stringify(health.rootCause) === JSON.stringify(rootCause) &&
      health.status === own &&
      health.effectiveStatus === (rootCause.length > 0 ? 'unhealthy' : own),
    8_000,
  );

const evictAll = async (): Promise<void> => {
  await evict(env.SYSTEM_COORDINATOR.getByName('system'));
  for (const type of TYPES) await evict(env.COMPONENT_REGISTRY.getByName(type));
};

describe('the root cause of a chain with a failed dependency', () => {
  let [a, b, c] = ['', '', ''];

  /** a ← b ← c, across three types. */
  beforeEach(async () => {
    [a, b, c] = [freshId('a'), freshId('b'), freshId('c')];
    await register(a, []);
    await register(b, [a], 'agent_registry');
    await register(c, [b], 'caws_validator');
  });

  it('is shown by all dependants, beside their own status, until the dependency recovers', async () => {
    const before = await awaitRootCause(c, []);
    await beat(a, 'unhealthy');
    await awaitRootCause(b, [a]);
    const after = await awaitRootCause(c, [a]);
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(after.generation).toBe(before.generation);
    expect((await call('GET', `/v1/components/${c}/health`)).body).toMatchObject({ rootCause: [a] });
    const { items } = (await call('GET', '/v1/components?type=caws_validator')).body;
    expect(items.find(({ id }: { id: string }) => id === c).health).toEqual(after.health);
    // a is the root: no dependency of a explains its status.
    expect((await resource(a)).health).toMatchObject({ status: 'unhealthy', rootCause: [] });

    await beat(a, 'healthy');
    await awaitRootCause(b, []);
    await awaitRootCause(c, []);
    const published = await coordinator().events({
      after: 0,
      types: ['component.root-cause-changed'],
      limit: 1_000,
      newest: false,
    });
    const ofChain = published.filter(({ subject }) => [b, c].includes(subject));
    const summaries = ofChain.map(({ subject, data }) => `${subject}: ${(data['rootCause'] as string[]).join(',')}`);
    expect(summaries.toSorted()).toEqual([`${b}: `, `${b}: ${a}`, `${c}: `, `${c}: ${a}`]);
  });

  it('survives the eviction of every object, and ends after another one', async () => {
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
    await evictAll();
    await awaitRootCause(b, [a]);
    await awaitRootCause(c, [a]);
    await beat(a, 'healthy');
    await evictAll();
    await awaitRootCause(b, []);
    await awaitRootCause(c, []);
  });

  it('is the deepest unhealthy dependency', async () => {
    await beat(b, 'unhealthy');
    await awaitRootCause(c, [b]);
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
    await awaitRootCause(b, [a], 'unhealthy');
    await beat(a, 'healthy');
    await awaitRootCause(c, [b]);
    await beat(b, 'healthy');
    await awaitRootCause(c, []);
  });

  it('ends when the dependency is removed', async () => {
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
    await call('DELETE', `/v1/components/${a}`);
    await awaitRootCause(b, []);
    await awaitRootCause(c, []);
    await register(a, []);
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
  });

  it('ends when a component no longer declares the dependency', async () => {
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
    expect((await call('PATCH', `/v1/components/${b}`, { dependencies: [] })).status).toBe(200);
    await awaitRootCause(b, []);
    await awaitRootCause(c, []);
    expect((await call('PATCH', `/v1/components/${b}`, { dependencies: [a] })).status).toBe(200);
    await awaitRootCause(c, [a]);
  });

  it('is shown by a component that registers while the dependency is down', async () => {
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
    await call('DELETE', `/v1/components/${c}`);
    await register(c, [b], 'caws_validator');
    await awaitRootCause(c, [a]);
    const late = freshId('late');
    await register(late, [c]);
    await awaitRootCause(late, [a]);
  });

  it('names a dependency under maintenance too, and system health lists the issue', async () => {
    const maintainUntil = (until: number) =>
      registryOf('task_router').operate(a, { action: 'maintenance', until, durationMs: null, reason: null });
    await maintainUntil(Date.now() + 600_000);
    await awaitRootCause(c, [a]);
    const { issues } = (await call('GET', '/v1/health')).body;
    expect(issues).toContainEqual(
      expect.objectContaining({ code: 'dependency-unavailable', severity: 'warning', componentId: a, affects: 2 }),
    );
    // The maintenance expires at once: the alarm ends it.
    await maintainUntil(Date.now() + 1);
    await awaitRootCause(c, []);
  });

  it('is one system issue with the count of affected components', async () => {
    await beat(a, 'unhealthy');
    await beat(c, 'unhealthy');
    await awaitRootCause(b, [a]);
    await awaitRootCause(c, [a], 'unhealthy');
    // The registries report one after the other.
    const affected = await eventually(
      async () =>
        (await call('GET', '/v1/health')).body.issues.filter((issue: { componentId: string }) =>
          [a, b, c].includes(issue.componentId),
        ),
      (issues) => issues.length === 1 && issues[0].componentId === a,
      5_000,
    );
    expect(affected).toMatchObject([{ componentId: a, code: 'component-unhealthy', affects: 2 }]);
  });

  it('does not affect routing, which uses the own status of a component', async () => {
    await beat(a, 'unhealthy');
    await awaitRootCause(b, [a]);
    const routed = await call('POST', '/v1/route', {
      type: 'agent_registry',
      preferences: { preferredComponent: b, strict: true },
    });
    expect(routed).toMatchObject({ status: 200, body: { component: { id: b } } });
  });

  it('is repaired by the sweep when either side has lost it', async () => {
    await beat(a, 'unhealthy');
    await awaitRootCause(c, [a]);
    const system = coordinator();
    // Simulates a coordinator that missed the failure of a; the sweep of a's registry reports it again.
    const { revision } = await resource(a);
    await system.reconcile({ type: 'task_router', revision, down: [], rootCauses: [] });
    await awaitRootCause(c, []);
    await registryOf('task_router').sweep();
    await awaitRootCause(c, [a]);
    // Simulates a registry of c that never received the root cause.
    await registryOf('caws_validator').applyRootCauseUpdates([{ id: c, rootCause: [], sequence: 2 ** 40 }]);
    await awaitRootCause(c, []);
    await registryOf('caws_validator').sweep();
  });
});

describe('a diamond of dependencies', () => {
  it('shows the causes of both sides until the last one recovers', async () => {
    const [foot, left, right, top] = ['foot', 'left', 'right', 'top'].map((name) => freshId(name)) as [
      string,
      string,
      string,
      string,
    ];
    await register(foot, []);
    await register(left, [foot], 'agent_registry');
    await register(right, [foot], 'caws_validator');
    await register(top, [left, right]);
    await beat(foot, 'unhealthy');
    await awaitRootCause(top, [foot]);
    await beat(foot, 'healthy');
    await awaitRootCause(top, []);
    await beat(right, 'unhealthy');
    await beat(left, 'unhealthy');
    await awaitRootCause(top, [left, right].toSorted());
    await beat(left, 'healthy');
    await awaitRootCause(top, [right]);
    await beat(right, 'healthy');
    await awaitRootCause(top, []);
  });
});

it('a failed component triggers an immediate check of its dependencies', async () => {
  const [base, above] = [freshId('base'), freshId('above')];
  await setMode(base, 'healthy');
  // The next scheduled check is in an hour.
  expect((await call('PUT', '/v1/config/types/performance_tracker', { maxDetectionMs: 0 })).status).toBe(200);
  const healthCheck = { endpoint: '/health', interval: 3_600_000, retries: 0 };
  await call('POST', '/v1/components', registrationFor(base, { type: 'performance_tracker', healthCheck }));
  await register(above, [base], 'agent_registry');
  const { health, detection } = await eventually(
    () => resource(base),
    (found) => found.health.status === 'healthy',
  );
  expect(detection.intervalMs).toBe(3_600_000);
  await setMode(base, 'unavailable');
  // A recheck within one second would return the known result.
  await eventually(
    async () => Date.now(),
    (now) => now > Date.parse(health.lastCheck) + 1_000,
  );
  await beat(above, 'unhealthy');
  await awaitRootCause(above, [base], 'unhealthy');
});
