import { describe, expect, it } from 'vitest';
import { registryOf } from '../../src/registry/contract/registry-api.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';
import {
  registerFailing,
  beginWithoutWorkflow,
  controlLog,
  awaitEnd,
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

describe('the failure of a component with a dependant', () => {
  it('alerts about the root only, and a dependant that stays down afterwards is recovered as usual', async () => {
    const [root, dependant] = [freshId('root'), freshId('shadow')];
    await register(root, {});
    await register(dependant, { type: 'agent_registry', dependencies: [root], ...withControl() });
    await Promise.all([root, dependant].map((id) => setMode(id, 'unavailable')));
    await failThreeChecks(registryAt('task_router'), root);
    await showsRootCause(dependant, [root]);
    await eventually(
      () => incidentsOf(root),
      (incidents) => incidents.length > 0,
    );
    // The dependant fails as well, and its failures are recorded with the root cause.
    for (let check = 0; check < 3; check++) await call('POST', `/v1/components/${dependant}/probe`);
    const written = await eventually(
      () => failures(dependant),
      (all) => all.length >= 3,
    );
    expect(written[0]).toMatchObject({ componentId: dependant, rootCause: [root] });
    const reported = await call('POST', `/v1/components/${dependant}/failures`, { error: { message: 'it failed me' } });
    expect(reported).toMatchObject({ status: 202, body: { recoveryId: null } });
    expect(await eventsOf(dependant, 'recovery.')).toEqual([]);
    expect(await incidentsOf(dependant)).toEqual([]);
    expect((await controlLog(dependant)).control).toEqual([]);
    expect(await incidentsOf(root)).toHaveLength(1);

    await setMode(root, 'healthy');
    await setMode(dependant, 'heals-on-restart');
    await showsRootCause(dependant, []);
    const [started] = await eventually(
      () => eventsOf(dependant, 'recovery.started'),
      (all) => all.length > 0,
    );
    expect((await awaitEnd(started!.data['recoveryId'] as string)).status).toBe('successful');
    expect((await controlLog(dependant)).control).toHaveLength(1);
    expect(await incidentsOf(dependant)).toEqual([]);
  });
});

/** Sends a root-cause update as the coordinator does. */
const sendRootCause = (registry: FreshRegistry, id: string, sequence: number, ...rootCause: readonly string[]) =>
  registry.api.applyRootCauseUpdates([{ id, rootCause, sequence }]);

describe.concurrent('a recovery of a component with a failed dependency', () => {
  it('that began before the root cause was known ends at its next action, without incident or cooldown', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    await eventually(
      () => controlLog(id),
      ({ control }) => control.length > 0,
    );
    await sendRootCause(registry, id, 1, 'db');
    // Its first restart stays unproven, and the second one is not permitted.
    const verified = await registry.api.beginVerification(id, recoveryId, 0, 60_000);
    expect(verified.ok).toBe(true);
    expect(await registry.api.permitAction(id, recoveryId, true)).toBe('dependency-failed');
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
    expect(refused).toMatchObject({ ok: false, reason: 'dependency-failed' });
    await sendRootCause(registry, id, 2);
    expect(await registry.api.beginRecovery(id, { ...cause, occurredAt: Date.now() + 1_000 })).toMatchObject({
      ok: true,
      value: { started: true },
    });
  });

  it('is ended by its workflow when no action is possible', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, withControl());
    await registry.api.probe(id);
    const order = await beginWithoutWorkflow(registry, id);
    await sendRootCause(registry, id, 1, 'db');
    await registry.api.sweep();
    expect(await awaitEnd(order.recoveryId)).toMatchObject({ status: 'suppressed', actions: [], incidentId: null });
    expect(await incidentsOf(id)).toEqual([]);
    expect((await controlLog(id)).control).toEqual([]);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });

  it('does not begin for failures from the time of the root cause', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await sendRootCause(registry, id, 1, 'db');
    const occurredAt = Date.now();
    await sendRootCause(registry, id, 2);
    const cause = { occurredAt, failureId: 'f', failureType: 'health_check_failure', reason: 'r' } as const;
    expect(await registry.api.beginRecovery(id, cause)).toMatchObject({ ok: false, reason: 'superseded' });
  });
});

/** The registry of a configured type, shared with other tests. */
const registryAt = (type: string): FreshRegistry => ({ ...freshRegistry(type), api: registryOf(type) });
