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

/** A component that says itself how it is. */
async function register(id: string, dependencies: readonly string[], type: string = TYPES[0]): Promise<void> {
  const registration = silentRegistration(id, { dependencies, type });
  expect((await call('POST', '/v1/components', registration)).status).toBe(201);
  await beat(id, 'healthy');
}

/** Waits until it shows what lies below it, whatever it says of itself. */
const shows = (id: string, rootCause: readonly string[], own = 'healthy') =>
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

describe('what a dead dependency makes of a chain', () => {
  let [a, b, c] = ['', '', ''];

  /** a ← b ← c, over three types. */
  beforeEach(async () => {
    [a, b, c] = [freshId('a'), freshId('b'), freshId('c')];
    await register(a, []);
    await register(b, [a], 'agent_registry');
    await register(c, [b], 'caws_validator');
  });

  it('is shown by all above it, each with its own status beside it, until it is back', async () => {
    const before = await shows(c, []);
    await beat(a, 'unhealthy');
    await shows(b, [a]);
    const after = await shows(c, [a]);
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(after.generation).toBe(before.generation);
    expect((await call('GET', `/v1/components/${c}/health`)).body).toMatchObject({ rootCause: [a] });
    const { items } = (await call('GET', '/v1/components?type=caws_validator')).body;
    expect(items.find(({ id }: { id: string }) => id === c).health).toEqual(after.health);
    // It is the root itself: nothing below explains it.
    expect((await resource(a)).health).toMatchObject({ status: 'unhealthy', rootCause: [] });

    await beat(a, 'healthy');
    await shows(b, []);
    await shows(c, []);
    const told = await coordinator().events({
      after: 0,
      types: ['component.root-cause-changed'],
      limit: 1_000,
      newest: false,
    });
    const ofChain = told.filter(({ subject }) => [b, c].includes(subject));
    const said = ofChain.map(({ subject, data }) => `${subject}: ${(data['rootCause'] as string[]).join(',')}`);
    expect(said.toSorted()).toEqual([`${b}: `, `${b}: ${a}`, `${c}: `, `${c}: ${a}`]);
  });

  it('stands through the eviction of every object, and ends after one', async () => {
    await beat(a, 'unhealthy');
    await shows(c, [a]);
    await evictAll();
    await shows(b, [a]);
    await shows(c, [a]);
    await beat(a, 'healthy');
    await evictAll();
    await shows(b, []);
    await shows(c, []);
  });

  it('follows it down: the deepest that is down is the cause', async () => {
    await beat(b, 'unhealthy');
    await shows(c, [b]);
    await beat(a, 'unhealthy');
    await shows(c, [a]);
    await shows(b, [a], 'unhealthy');
    await beat(a, 'healthy');
    await shows(c, [b]);
    await beat(b, 'healthy');
    await shows(c, []);
  });

  it('ends with its removal: nobody watches it any more, and those above must be', async () => {
    await beat(a, 'unhealthy');
    await shows(c, [a]);
    await call('DELETE', `/v1/components/${a}`);
    await shows(b, []);
    await shows(c, []);
    await register(a, []);
    await beat(a, 'unhealthy');
    await shows(c, [a]);
  });

  it('ends where a component gives it up', async () => {
    await beat(a, 'unhealthy');
    await shows(c, [a]);
    expect((await call('PATCH', `/v1/components/${b}`, { dependencies: [] })).status).toBe(200);
    await shows(b, []);
    await shows(c, []);
    expect((await call('PATCH', `/v1/components/${b}`, { dependencies: [a] })).status).toBe(200);
    await shows(c, [a]);
  });

  it('is known of one that registers while it is down, anew or for the first time', async () => {
    await beat(a, 'unhealthy');
    await shows(c, [a]);
    await call('DELETE', `/v1/components/${c}`);
    await register(c, [b], 'caws_validator');
    await shows(c, [a]);
    const late = freshId('late');
    await register(late, [c]);
    await shows(late, [a]);
  });

  it('is the same while people keep it out of service, and system health says so', async () => {
    const maintainUntil = (until: number) =>
      registryOf('task_router').operate(a, { action: 'maintenance', until, forMs: null, reason: null });
    await maintainUntil(Date.now() + 600_000);
    await shows(c, [a]);
    const { issues } = (await call('GET', '/v1/health')).body;
    expect(issues).toContainEqual(
      expect.objectContaining({ code: 'dependency-unavailable', severity: 'warning', componentId: a, affects: 2 }),
    );
    // Over at once: the alarm puts it back.
    await maintainUntil(Date.now() + 1);
    await shows(c, []);
  });

  it('is one issue of the system, with what it takes along', async () => {
    await beat(a, 'unhealthy');
    await beat(c, 'unhealthy');
    await shows(b, [a]);
    await shows(c, [a], 'unhealthy');
    // The types tell of themselves one after the other.
    const concerned = await eventually(
      async () =>
        (await call('GET', '/v1/health')).body.issues.filter((issue: { componentId: string }) =>
          [a, b, c].includes(issue.componentId),
        ),
      (issues) => issues.length === 1 && issues[0].componentId === a,
      5_000,
    );
    expect(concerned).toMatchObject([{ componentId: a, code: 'component-unhealthy', affects: 2 }]);
  });

  it('changes nothing in routing, which goes by what a component says', async () => {
    await beat(a, 'unhealthy');
    await shows(b, [a]);
    const routed = await call('POST', '/v1/route', {
      type: 'agent_registry',
      preferences: { preferredComponent: b, strict: true },
    });
    expect(routed).toMatchObject({ status: 200, body: { component: { id: b } } });
  });

  it('comes back by the sweep where either side has lost it', async () => {
    await beat(a, 'unhealthy');
    await shows(c, [a]);
    const system = coordinator();
    // What the registry of a says now, as if the coordinator had missed that it is down, or that it is back.
    const { revision } = await resource(a);
    await system.reconcile({ type: 'task_router', revision, down: [], shadows: [] });
    await shows(c, []);
    await registryOf('task_router').sweep();
    await shows(c, [a]);
    // What the registry of c says, as if it had never been told; and of one who is told what is over.
    await registryOf('caws_validator').dependenciesTurned([{ id: c, rootCause: [], sequence: 2 ** 40 }]);
    await shows(c, []);
    await registryOf('caws_validator').sweep();
  });
});

describe('a diamond', () => {
  it('suffers through both its sides, and is free when the last of them is', async () => {
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
    await shows(top, [foot]);
    await beat(foot, 'healthy');
    await shows(top, []);
    await beat(right, 'unhealthy');
    await beat(left, 'unhealthy');
    await shows(top, [left, right].toSorted());
    await beat(left, 'healthy');
    await shows(top, [right]);
    await beat(right, 'healthy');
    await shows(top, []);
  });
});

it('a failed component has what it depends on checked at once', async () => {
  const [base, above] = [freshId('base'), freshId('above')];
  await setMode(base, 'healthy');
  // Its next check by itself is an hour away.
  expect((await call('PUT', '/v1/config/types/performance_tracker', { maxDetectionMs: 0 })).status).toBe(200);
  const healthCheck = { endpoint: `/${base}/health`, interval: 3_600_000, retries: 0 };
  await call('POST', '/v1/components', registrationFor(base, { type: 'performance_tracker', healthCheck }));
  await register(above, [base], 'agent_registry');
  const { health, detection } = await eventually(
    () => resource(base),
    (found) => found.health.status === 'healthy',
  );
  expect(detection.intervalMs).toBe(3_600_000);
  await setMode(base, 'unavailable');
  // Asked again within a second it would be known how it is.
  await eventually(
    async () => Date.now(),
    (now) => now > Date.parse(health.lastCheck) + 1_000,
  );
  await beat(above, 'unhealthy');
  await shows(above, [base], 'unhealthy');
});
