import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { ComponentSchema } from '../../../src/api/schemas/component.ts';
import type { EventResource } from '../../../src/api/schemas/events/cloud-event.ts';
import { EventPageSchema } from '../../../src/api/schemas/system.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

/** The whole log, oldest first, page by page. */
async function readLog(types = '', limit = 1_000): Promise<EventResource[]> {
  const events: EventResource[] = [];
  for (let after = '0'; ;) {
    const { body } = await call(
      'GET',
      `/v1/events?after=${after}&limit=${limit}${types === '' ? '' : `&types=${types}`}`,
    );
    if (body.items.length === 0) return events;
    events.push(...(body.items as EventResource[]));
    after = body.nextCursor;
  }
}

const read = async (query: string) => (await call('GET', `/v1/events${query}`)).body;

const eventsOf = async (id: string): Promise<EventResource[]> =>
  (await readLog()).filter((event) => event.subject === id);

/** Events about `id` once there are `count` of them. */
const awaitEvents = (id: string, count: number): Promise<EventResource[]> =>
  eventually(
    () => eventsOf(id),
    (events) => events.length >= count,
    5_000,
  );

const register = (id: string, overrides: Record<string, unknown> = {}) =>
  call('POST', '/v1/components', silentRegistration(id, overrides));
const beat = (id: string, status: string) => call('POST', `/v1/components/${id}/heartbeat`, { status });
const typesOf = (events: readonly EventResource[]): string[] => events.map((event) => event.type);

describe('GET /v1/events', () => {
  it('returns the events of a component in order', async () => {
    const id = freshId();
    const registered = await register(id);
    await beat(id, 'healthy');
    const updated = await register(id, { weight: 5 });
    await call('DELETE', `/v1/components/${id}?drain=600000`);
    await call('DELETE', `/v1/components/${id}`);
    const events = await awaitEvents(id, 5);
    expect(typesOf(events)).toEqual([
      'component.registered',
      'component.health-changed',
      'component.updated',
      'component.lifecycle-changed',
      'component.unregistered',
    ]);
    const [first, health, second] = events;
    const { load: _load, ...resource } = registered.body;
    expect(first!.data['component']).toMatchObject(resource);
    expect(health!.data).toMatchObject({
      from: 'unknown',
      to: 'healthy',
      component: { id, health: { status: 'healthy' } },
    });
    expect(second!.data['component']).toMatchObject({
      id,
      weight: 5,
      revision: updated.body.revision,
      generation: updated.body.generation,
    });
    for (const event of [first, health, second])
      expect(() => ComponentSchema.parse(event!.data['component'])).not.toThrow();
  });

  it('has no event for a repeated registration without a change', async () => {
    const [id, later] = [freshId(), freshId()];
    await register(id);
    await register(id);
    await register(later);
    await awaitEvents(later, 1);
    expect(typesOf(await eventsOf(id))).toEqual(['component.registered']);
  });

  it('has no event for a refused registration', async () => {
    const [id, later] = [freshId(), freshId()];
    await register(id, { dependencies: [freshId()] });
    await register(later);
    await awaitEvents(later, 1);
    expect(await eventsOf(id)).toEqual([]);
  });

  it('has events for dependants when a dependency is lost or available again', async () => {
    const [base, first, second, stranger] = [freshId('base'), freshId(), freshId(), freshId()];
    await register(base);
    for (const id of [first, second]) await register(id, { dependencies: [base], type: 'agent_registry' });
    await register(stranger);
    await beat(base, 'healthy');
    await beat(base, 'unhealthy');
    await awaitEvents(first, 2);
    await beat(base, 'healthy');
    await awaitEvents(first, 3);
    await call('DELETE', `/v1/components/${base}`);
    await awaitEvents(first, 4);
    await register(base, { type: 'caws_validator' });
    for (const id of [first, second]) {
      const dependencyEvents = (await awaitEvents(id, 5)).filter((event) => event.type.includes('dependency'));
      expect(typesOf(dependencyEvents).map((type) => type.replace('component.dependency-', ''))).toEqual([
        'lost',
        'available',
        'lost',
        'available',
      ]);
      for (const event of dependencyEvents) expect(event.data).toEqual({ dependency: base });
    }
    expect(typesOf(await eventsOf(stranger))).toEqual(['component.registered']);
  });

  it('has no dependency event for a component that no longer declares the dependency', async () => {
    const [base, former, later] = [freshId('base'), freshId(), freshId()];
    await register(base);
    await register(former, { dependencies: [base] });
    await register(former, { dependencies: [] });
    await call('DELETE', `/v1/components/${base}`);
    await register(later);
    await awaitEvents(later, 1);
    expect(typesOf(await eventsOf(former))).toEqual(['component.registered', 'component.updated']);
  });

  it('returns gapless CloudEvents, the same in pages of any size and after an eviction', async () => {
    await Promise.all(Array.from({ length: 10 }, () => register(freshId())));
    const last = freshId();
    await register(last);
    await awaitEvents(last, 1);
    const events = await readLog();
    expect(events.map((event) => event.sequence)).toEqual(events.map((_event, at) => String(at + 1)));
    for (const event of events)
      expect(event).toMatchObject({ specversion: '1.0', id: event.sequence, datacontenttype: 'application/json' });
    expect(EventPageSchema.shape.items.parse(events)).toEqual(events);
    // Events of load shares follow a second later, so only the known prefix is compared.
    expect((await readLog('', 3)).slice(0, events.length)).toEqual(events);
    await evict(env.SYSTEM_COORDINATOR.getByName('system'));
    expect((await readLog()).slice(0, events.length)).toEqual(events);
  });

  it('returns events by type, after a position, and at the end of the log', async () => {
    const id = freshId();
    await register(id);
    await beat(id, 'healthy');
    await awaitEvents(id, 2);
    const wanted = ['component.registered', 'component.unregistered'];
    const readPages = async () => {
      const all = await readLog();
      const end = Number(all.at(-1)!.sequence);
      const filtered = await readLog(wanted.join(','), 2);
      const [tail, beyond, newest] = [
        await read(`?after=${end - 2}`),
        await read(`?after=${end}`),
        await read('?limit=2'),
      ];
      return { all, end, filtered, tail, beyond, newest, isStable: (await readLog()).length === all.length };
    };
    // Events of load shares follow a second later: read again until no event arrives in between.
    const { all, end, filtered, tail, beyond, newest } = await eventually(readPages, ({ isStable }) => isStable);
    expect(filtered).toEqual(all.filter((event) => wanted.includes(event.type)));
    expect(tail).toEqual({ items: all.slice(-2), nextCursor: String(end) });
    expect(beyond).toEqual({ items: [], nextCursor: String(end) });
    expect(newest.items).toEqual(all.slice(-2));
  });

  it.each([
    ['after=-1', 'after'],
    ['after=first', 'after'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['types=component.exploded', 'types'],
    ['types=component.registered,nonsense', 'types'],
  ])('refuses ?%s at %s', async (query, path) => {
    expect(expectProblem(await call('GET', `/v1/events?${query}`), 422, 'invalid-request')).toEqual([path]);
  });
});
