import { describe, expect, it } from 'vitest';
import { registryOf } from '../../src/registry/contract/registry-api.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';
import {
  ailing,
  begunOnly,
  controlLog,
  ended,
  eventsOf,
  failThreeChecks,
  incidentsOf,
  withControl,
} from './failing-component.ts';

const resource = async (id: string) => (await call('GET', `/v1/components/${id}`)).body;
const failures = async (id: string) => (await call('GET', `/v1/failures?componentId=${id}`)).body.items;

async function register(id: string, overrides: Record<string, unknown>): Promise<void> {
  await setMode(id, 'healthy');
  expect((await call('POST', '/v1/components', registrationFor(id, overrides))).status).toBe(201);
  await eventually(
    () => resource(id),
    ({ health }) => health.status === 'healthy',
  );
}

const showsRootCause = (id: string, rootCause: readonly string[]) =>
  eventually(
    () => resource(id),
    ({ health }) => JSON.stringify(health.rootCause) === JSON.stringify(rootCause),
  );

describe('when a component takes along what depends on it', () => {
  it('there is one alert, about the root, and what stays down when it is back is acted on as usual', async () => {
    const [root, shadow] = [freshId('root'), freshId('shadow')];
    await register(root, {});
    await register(shadow, { type: 'agent_registry', dependencies: [root], ...withControl(shadow) });
    await Promise.all([root, shadow].map((id) => setMode(id, 'unavailable')));
    await failThreeChecks(registryAt('task_router'), root);
    await showsRootCause(shadow, [root]);
    await eventually(
      () => incidentsOf(root),
      (incidents) => incidents.length > 0,
    );
    // It fails as well, and is written down, with whom it suffers from.
    for (let check = 0; check < 3; check++) await call('POST', `/v1/components/${shadow}/probe`);
    const written = await eventually(
      () => failures(shadow),
      (all) => all.length >= 3,
    );
    expect(written[0]).toMatchObject({ componentId: shadow, rootCause: [root] });
    const reported = await call('POST', `/v1/components/${shadow}/failures`, { error: { message: 'it failed me' } });
    expect(reported).toMatchObject({ status: 202, body: { recoveryId: null } });
    expect(await eventsOf(shadow, 'recovery.')).toEqual([]);
    expect(await incidentsOf(shadow)).toEqual([]);
    expect((await controlLog(shadow)).control).toEqual([]);
    expect(await incidentsOf(root)).toHaveLength(1);

    await setMode(root, 'healthy');
    await setMode(shadow, 'heals-on-restart');
    await showsRootCause(shadow, []);
    const [started] = await eventually(
      () => eventsOf(shadow, 'recovery.started'),
      (all) => all.length > 0,
    );
    expect((await ended(started!.data['recoveryId'] as string)).status).toBe('successful');
    expect((await controlLog(shadow)).control).toHaveLength(1);
    expect(await incidentsOf(shadow)).toEqual([]);
  });
});

/** What the coordinator would tell. */
const tell = (registry: FreshRegistry, id: string, sequence: number, ...rootCause: readonly string[]) =>
  registry.api.applyRootCauseUpdates([{ id, rootCause, sequence }]);

describe.concurrent('a recovery of what only suffers from a dependency', () => {
  it('that began before that was known ends at its next action, without an incident, and holds nothing off', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await ailing(registry, 'unavailable');
    await eventually(
      () => controlLog(id),
      ({ control }) => control.length > 0,
    );
    await tell(registry, id, 1, 'db');
    // Its restart proves nothing; the next one is not made.
    const verified = await registry.api.beginVerification(id, recoveryId, 0, 60_000);
    expect(verified.ok).toBe(true);
    expect(await registry.api.permitAction(id, recoveryId, true)).toBe('shadowed');
    expect(await registry.api.endRecovery(id, recoveryId, 'failed')).toBe('suppressed');
    expect(await registry.api.endRecovery(id, recoveryId, 'failed')).toBe('suppressed');
    const [last] = (
      await eventually(
        () => eventsOf(id, 'recovery.'),
        (all) => all.some(({ type }) => type === 'recovery.cancelled'),
      )
    ).toReversed();
    expect(last).toMatchObject({ type: 'recovery.cancelled', data: { recoveryId, outcome: 'suppressed' } });
    expect(await incidentsOf(id)).toEqual([]);

    const cause = { failureId: 'f', failureType: 'health_check_failure', reason: 'r' } as const;
    const refused = await registry.api.beginRecovery(id, { ...cause, occurredAt: Date.now() + 1_000 });
    expect(refused).toMatchObject({ ok: false, reason: 'shadowed' });
    await tell(registry, id, 2);
    expect(await registry.api.beginRecovery(id, { ...cause, occurredAt: Date.now() + 1_000 })).toMatchObject({
      ok: true,
      value: { started: true },
    });
  });

  it('is ended by its workflow where no action is left to it', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, withControl(id));
    await registry.api.probe(id);
    const order = await begunOnly(registry, id);
    await tell(registry, id, 1, 'db');
    await registry.api.sweep();
    expect(await ended(order.recoveryId)).toMatchObject({ status: 'suppressed', actions: [], incidentId: null });
    expect(await incidentsOf(id)).toEqual([]);
    expect((await controlLog(id)).control).toEqual([]);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });

  it('is not for failures from that time', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await tell(registry, id, 1, 'db');
    const occurredAt = Date.now();
    await tell(registry, id, 2);
    const cause = { occurredAt, failureId: 'f', failureType: 'health_check_failure', reason: 'r' } as const;
    expect(await registry.api.beginRecovery(id, cause)).toMatchObject({ ok: false, reason: 'superseded' });
  });
});

/** A registry that is not of this test alone. */
const registryAt = (type: string): FreshRegistry => ({ ...freshRegistry(type), api: registryOf(type) });
