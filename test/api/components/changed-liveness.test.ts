import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const read = async (id: string) => (await call('GET', `/v1/components/${id}`)).body;
const awaitStatus = (id: string, status: string, withinMs: number) =>
  eventually(
    () => read(id),
    (component) => component.health.status === status,
    withinMs,
  );

const route = () => call('POST', '/v1/route', { type: 'agent_registry' });

describe('a changed liveness declaration', () => {
  it('without the heartbeat stops its expiry', async () => {
    const id = freshId();
    await call('POST', '/v1/components', registrationFor(id, { heartbeat: { ttl: 1_000 } }));
    await awaitStatus(id, 'unhealthy', 5_000);
    expect((await call('PATCH', `/v1/components/${id}`, { heartbeat: null })).status).toBe(200);
    await awaitStatus(id, 'healthy', 8_000);
  });

  it('with a shorter ttl applies at once', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    await call('POST', `/v1/components/${id}/heartbeat`, {});
    await call('PATCH', `/v1/components/${id}`, { heartbeat: { ttl: 1_000 } });
    await awaitStatus(id, 'unhealthy', 4_000);
  });

  it('keeps its heartbeat deadline through an eviction', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id, { type: 'caws_validator', heartbeat: { ttl: 3_000 } }));
    const beaten = Date.now();
    await call('POST', `/v1/components/${id}/heartbeat`, {});
    await eventually(
      async () => Date.now() - beaten,
      (age) => age > 2_500,
    );
    await evict(env.COMPONENT_REGISTRY.getByName('caws_validator'));
    const { health } = await awaitStatus(id, 'unhealthy', 8_000);
    expect(Date.parse(health.since) - beaten).toBeLessThan(4_000);
  });
});

describe('a draining component', () => {
  it('becomes routable again when it re-registers', async () => {
    const id = freshId();
    const registration = silentRegistration(id, { type: 'agent_registry' });
    await call('POST', '/v1/components', registration);
    await call('POST', `/v1/components/${id}/heartbeat`, {});
    await eventually(route, ({ status }) => status === 200, 3_000);
    await call('DELETE', `/v1/components/${id}?drain=600000`);
    await eventually(route, ({ status }) => status === 503, 3_000);
    expect((await call('POST', '/v1/components', registration)).body.lifecycle).toBe('active');
    await eventually(route, ({ status }) => status === 200, 4_000);
  });
});

describe('the component resource in an event', () => {
  it('shows the share after the event', async () => {
    const [small, large] = [freshId(), freshId()];
    for (const [id, weight] of [
      [small, 1],
      [large, 10],
    ] as const) {
      await call('POST', '/v1/components', silentRegistration(id, { type: 'performance_tracker', weight }));
      await call('POST', `/v1/components/${id}/heartbeat`, {});
    }
    const [event] = await eventually(
      async () =>
        (await call('GET', '/v1/events?after=0&limit=1000&types=component.health-changed')).body.items.filter(
          (item: { subject: string }) => item.subject === large,
        ),
      (events) => events.length > 0,
      5_000,
    );
    expect(event.data.component.load.share).toBe((await read(large)).load.share);
  });
});

describe('heartbeats of 500 components with ordinary names and loads', () => {
  it('fit into one request', async () => {
    const heartbeats = Array.from({ length: 500 }, (_each, at) => ({
      id: `arbiter-001-performance-tracker-eu-west-${at}`,
      status: 'healthy',
      load: { activeConnections: 12, queueDepth: 3, loadPercentage: 42 },
    }));
    const { status, body } = await call('POST', '/v1/heartbeats', { heartbeats });
    expect(status).toBe(200);
    expect(body.results).toHaveLength(500);
  });
});
