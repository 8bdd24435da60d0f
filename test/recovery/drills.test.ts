import { describe, expect, it } from 'vitest';
import type { Drill } from '../../src/core/drill/drill.ts';
import type { DrillMode } from '../../src/core/drill/active-drill.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';
import { controlLog, awaitEnd, eventsOf, incidentsOf, getRecovery, withControl } from './failing-component.ts';

/** Checks every second, so that a drill takes seconds. */
function quickChecks(id: string): Record<string, unknown> {
  const { healthCheck } = registrationFor(id) as { healthCheck: Record<string, unknown> };
  return { healthCheck: { ...healthCheck, interval: 1_000, timeout: 1_000 } };
}

async function healthy(registry: FreshRegistry, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId();
  await registry.register(id, { ...quickChecks(id), ...withControl(), ...overrides });
  await registry.api.probe(id);
  return id;
}

async function pair(): Promise<{ registry: FreshRegistry; id: string }> {
  const registry = freshRegistry();
  const id = await healthy(registry);
  await healthy(registry);
  return { registry, id };
}

let drills = 0;
const begin = ({ type, api }: FreshRegistry, id: string, fault: DrillMode, execute = false) =>
  api.beginDrill(id, { id: `d-${type}-${String(++drills).padStart(32, '0')}`, fault, execute });

async function endedDrill(registry: FreshRegistry): Promise<Drill> {
  const [drill] = await eventually(
    () => registry.api.listDrills(),
    ([last]) => last !== undefined && last.outcome !== 'running',
    40_000,
  );
  return drill!;
}

const healthyAgain = (registry: FreshRegistry, id: string) =>
  eventually(
    () => registry.read(id),
    ({ health }) => health.status === 'healthy',
    10_000,
  );

describe.concurrent('a drill without execution', () => {
  it.each<DrillMode>(['refuse', 'hang', 'unavailable'])(
    'with the fault %s runs through all stages without any effect on the component',
    async (fault) => {
      const { registry, id } = await pair();
      const begun = await begin(registry, id, fault);
      expect(begun).toMatchObject({ ok: true, value: { outcome: 'running', componentId: id } });
      const drill = await endedDrill(registry);
      expect(drill).toMatchObject({ outcome: 'proven', fault, execute: false });
      const times = [
        drill.startedAt,
        drill.suspectAt,
        drill.unhealthyAt,
        drill.recoveryStartedAt,
        drill.faultEndedAt,
        drill.provenAt,
      ];
      expect(times).toEqual(times.toSorted((a, b) => a! - b!));
      const found = await awaitEnd(drill.recoveryId!);
      expect(found).toMatchObject({ status: 'successful', drillId: drill.id });
      expect(found.actions).toMatchObject([{ action: 'restart', status: 'done', verification: 'proven' }]);
      expect(found.actions[0]!.detail).toMatch(/^drill: would have requested restart of/);
      expect((await controlLog(id)).control).toEqual([]);
      expect(await incidentsOf(id)).toEqual([]);
      await healthyAgain(registry, id);
      const types = (await eventsOf(id, 'drill.')).map(({ type }) => type);
      expect(types).toEqual(['drill.began', 'drill.ended']);
      const { items } = (await call('GET', `/v1/failures?componentId=${id}`)).body;
      expect(items.length).toBeGreaterThanOrEqual(3);
      for (const failure of items) expect(failure.drillId).toBe(drill.id);
      const { byComponent } = (await call('GET', '/v1/failures/stats')).body;
      expect(byComponent[id]).toBeUndefined();
    },
  );

  it('survives the eviction of its registry', async () => {
    const { registry, id } = await pair();
    await begin(registry, id, 'refuse');
    await registry.evict();
    await eventually(
      () => registry.read(id),
      ({ health }) => health.status === 'unhealthy',
      10_000,
    );
    await registry.evict();
    expect(await endedDrill(registry)).toMatchObject({ outcome: 'proven' });
    await healthyAgain(registry, id);
  });
});

describe.concurrent('a drill that executes', () => {
  it('restarts the component once and proves the recovery', async () => {
    const { registry, id } = await pair();
    await begin(registry, id, 'unavailable', true);
    const drill = await endedDrill(registry);
    expect(drill).toMatchObject({ outcome: 'proven', execute: true });
    expect((await controlLog(id)).control).toMatchObject([{ action: 'restart', recoveryId: drill.recoveryId }]);
  });

  it('fails when no action helps, without an incident and without delaying a recovery', async () => {
    const { registry, id } = await pair();
    await setMode(id, 'refuses-control');
    await begin(registry, id, 'refuse', true);
    const drill = await endedDrill(registry);
    expect(drill).toMatchObject({ outcome: 'failed', provenAt: null });
    expect(await awaitEnd(drill.recoveryId!)).toMatchObject({ status: 'failed', incidentId: null });
    expect(await incidentsOf(id)).toEqual([]);
    // A real failure afterwards is recovered at once.
    await setMode(id, 'unavailable');
    const [, real] = await eventually(
      () => eventsOf(id, 'recovery.started'),
      (started) => started.length > 1,
      20_000,
    );
    const found = await eventually(
      () => getRecovery(real!.data['recoveryId'] as string),
      ({ status }) => status !== undefined && (status as unknown) !== 404,
    );
    expect(found).toMatchObject({ componentId: id, drillId: null });
  });
});

describe.concurrent('a drill', () => {
  it('ends by itself with its recovery timeout', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    await healthy(registry);
    const overrides = { recoveryTimeout: 10_000, failureThreshold: 100 };
    await registry.api.configureType({ revision: 1, overrides });
    await begin(registry, id, 'refuse');
    expect(await endedDrill(registry)).toMatchObject({ outcome: 'timeout', recoveryId: null });
    await healthyAgain(registry, id);
  });

  it('is refused while another one of the type runs, and without another healthy component', async () => {
    const registry = freshRegistry();
    const id = await healthy(registry);
    expect(await begin(registry, id, 'refuse')).toMatchObject({ reason: 'capacity-at-risk' });
    const other = await healthy(registry);
    expect(await begin(registry, id, 'hang')).toMatchObject({ ok: true });
    expect(await begin(registry, other, 'hang')).toMatchObject({ reason: 'drill-running' });
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect(await registry.api.listDrills()).toMatchObject([{ outcome: 'aborted' }]);
  });
});
