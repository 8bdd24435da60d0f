/** Routing when no caller reports outcomes: work routed to a component is estimated load, which ranks and never refuses. */
import { describe, expect, it } from 'vitest';
import { ComponentSchema } from '../../../src/api/schemas/component.ts';
import type { CandidateVerdict } from '../../../src/core/balancing/explain.ts';
import type { ComponentLoad } from '../../../src/core/component/load.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

async function freshType(document: object = {}): Promise<string> {
  const type = freshId('t').replaceAll('-', '_');
  expect((await call('PUT', `/v1/config/types/${type}`, document)).status).toBe(201);
  return type;
}

interface Member {
  readonly status?: string;
  readonly capabilities?: object;
  readonly metadata?: object;
}

async function ready(type: string, { status = 'healthy', ...registration }: Member = {}): Promise<string> {
  const id = freshId();
  expect((await call('POST', '/v1/components', silentRegistration(id, { type, ...registration }))).status).toBe(201);
  await call('POST', `/v1/components/${id}/heartbeat`, { status });
  return id;
}

const limit = (maxConcurrentTasks: number) => ({ capabilities: { maxConcurrentTasks } });
const route = (type: string, body: object = {}): Promise<ApiResponse> => call('POST', '/v1/route', { type, ...body });
const chosen = ({ body }: ApiResponse): string => body.component?.id ?? body.code;

/** Waits until the isolate's snapshot has all components. */
const whenSeen = (type: string, ids: number): Promise<ApiResponse> =>
  eventually(
    () => route(type, { explain: true, dryRun: {} }),
    ({ body }) => (body.decision?.candidates ?? body.candidates)?.length === ids,
  );

/** Components or refusals of calls that follow one another. */
async function oneByOne(type: string, calls: number, body: object = {}): Promise<string[]> {
  const outcomes: string[] = [];
  for (let made = 0; made < calls; made++) outcomes.push(chosen(await route(type, body)));
  return outcomes;
}

const countOf = (outcomes: readonly string[], id: string): number => outcomes.filter((each) => each === id).length;

/** The load of a component once the registry has received the assignments. */
async function syncedLoad(type: string, id: string, until: (load: ComponentLoad) => boolean): Promise<ComponentLoad> {
  return eventually(
    async () => {
      await route(type, { dryRun: {} });
      return (await call('GET', `/v1/components/${id}`)).body.load as ComponentLoad;
    },
    until,
    5_000,
  );
}

describe('calls whose outcomes no caller reports', () => {
  it('are not refused, however many come at once', async () => {
    const type = await freshType();
    const id = await ready(type, limit(100));
    await whenSeen(type, 1);
    const responses = await Promise.all(Array.from({ length: 150 }, () => route(type)));
    expect(countOf(responses.map(chosen), id)).toBe(150);
  });

  it('are not refused when much more than the task limit was routed before', async () => {
    const type = await freshType();
    const ids = [await ready(type, limit(10)), await ready(type, limit(10))];
    await whenSeen(type, 2);
    const outcomes = await oneByOne(type, 120);
    expect(ids.map((id) => countOf(outcomes, id))).toEqual([60, 60]);
  });

  it('keep their preference while the component that meets it is busy by estimate', async () => {
    const type = await freshType();
    await ready(type, limit(2));
    const able = await ready(type, { capabilities: { maxConcurrentTasks: 2, supportedTaskTypes: ['x'] } });
    await whenSeen(type, 2);
    const outcomes = await oneByOne(type, 12, { preferences: { capabilities: ['x'] } });
    expect(countOf(outcomes, able)).toBe(12);
  });

  it('never reach a degraded component while there is a healthy one, whose share is then 0', async () => {
    const type = await freshType();
    const healthy = await ready(type, limit(2));
    const degraded = await ready(type, { ...limit(2), status: 'degraded' });
    await whenSeen(type, 2);
    expect(countOf(await oneByOne(type, 12), healthy)).toBe(12);
    const shares = (await call('GET', `/v1/load?type=${type}`)).body.map(
      (each: { componentId: string; share: number }) => [each.componentId, each.share],
    );
    expect(new Map(shares)).toEqual(
      new Map([
        [healthy, 1],
        [degraded, 0],
      ]),
    );
  });

  it('show as estimated load, which counts for maxLoad and decays over assumedTaskMs', async () => {
    const type = await freshType();
    const id = await ready(type, limit(100));
    await whenSeen(type, 1);
    await oneByOne(type, 90);
    const load = await syncedLoad(type, id, ({ activeConnections }) => activeConnections > 80);
    expect(load).toMatchObject({
      estimated: { activeConnections: load.activeConnections, loadPercentage: load.loadPercentage },
    });
    expect(load.loadPercentage).toBe(load.activeConnections);
    const strict = { preferences: { maxLoad: 70, strict: true } };
    expect((await route(type, strict)).status).toBe(503);
    await call('PUT', `/v1/config/types/${type}`, { assumedTaskMs: 100 });
    await eventually(
      () => route(type, strict),
      ({ status }) => status === 200,
      5_000,
    );
    expect((await syncedLoad(type, id, (now) => now.activeConnections < 5)).loadPercentage).toBeLessThan(5);
    expect(ComponentSchema.shape.load.parse(load)).toEqual(load);
  });

  it('share two healthy components 150 ms apart under policy score', async () => {
    const type = await freshType({ balancingPolicy: 'score' });
    const [quick, slow] = [await ready(type), await ready(type)];
    for (const [id, latencyMs] of [
      [quick, 20],
      [slow, 170],
    ] as const)
      await call('POST', `/v1/components/${id}/outcomes`, [{ outcome: 'success', latencyMs }]);
    await eventually(
      () => route(type, { explain: true, dryRun: {} }),
      ({ body }) => body.decision?.candidates?.every(({ parts }: CandidateVerdict) => parts!['responseTime']! < 0),
      5_000,
    );
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => route(type)));
    expect(countOf(outcomes.map(chosen), slow)).toBeGreaterThanOrEqual(5);
    expect(countOf(outcomes.map(chosen), quick)).toBeGreaterThanOrEqual(5);
  });

  it('go to the preferred component before any other preference', async () => {
    const type = await freshType();
    const preferred = await ready(type, { metadata: { location: 'enam' } });
    await ready(type, { metadata: { location: 'weur' } });
    await whenSeen(type, 2);
    const preferences = { preferredComponent: preferred, location: 'weur' };
    expect(countOf(await oneByOne(type, 10, { preferences }), preferred)).toBe(10);
    expect((await route(type, { preferences })).body.decision.relaxed).toEqual(['location']);
    const exact = await route(type, { preferences, lease: {} });
    expect(chosen(exact)).toBe(preferred);
  });
});

describe('known load', () => {
  it('refuses', async () => {
    const type = await freshType();
    const id = await ready(type, limit(5));
    await call('POST', `/v1/components/${id}/heartbeat`, { load: { activeConnections: 5, queueDepth: 0 } });
    await whenSeen(type, 1);
    expect(await oneByOne(type, 1)).toEqual(['at-capacity']);
    expect((await call('GET', `/v1/components/${id}`)).body.load).toMatchObject({
      activeConnections: 5,
      share: 0,
      estimated: { activeConnections: 0, loadPercentage: 0 },
    });
  });
});
