import { describe, expect, it } from 'vitest';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { eventually, freshId, setMode } from '../support/coordinator-http.ts';
import {
  registerFailing,
  controlLog,
  awaitEnd,
  failThreeChecks,
  incidentsOf,
  getRecovery,
  withControl,
} from './failing-component.ts';

const set = (registry: FreshRegistry, revision: number, overrides: object) =>
  registry.api.configureType({ revision, overrides });
const policy = (actions: readonly object[], rest: object = {}) => ({
  recovery: { health_check_failure: { actions, ...rest } },
});

describe.concurrent('a configured recovery policy', () => {
  it('decides the attempts, the parameters and the verification period of a recovery', async () => {
    const registry = freshRegistry();
    const parameters = { grace: 5, why: ['policy'] };
    await set(registry, 1, policy([{ action: 'restart', attempts: 2, backoffMs: 100, verifyMs: 4_000, parameters }]));
    const { id, recoveryId } = await registerFailing(registry, 'down-refuses-control');
    const found = await awaitEnd(recoveryId);
    expect(found).toMatchObject({ status: 'failed', plan: [{ action: 'restart', attempts: 2, parameters }] });
    expect(found.actions).toMatchObject([{ action: 'restart', status: 'failed', attempts: 2 }]);
    expect(found.actions[0]!.responses).toMatchObject([
      { ok: false, detail: expect.stringContaining('HTTP 500') },
      { ok: false, detail: expect.stringContaining('HTTP 500') },
    ]);
    expect((await controlLog(id)).refusals).toBe(2);
  });

  it('passes its parameters to the control endpoint', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', parameters: { grace: 5 } }]));
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    expect((await controlLog(id)).control).toMatchObject([{ action: 'restart', parameters: { grace: 5 } }]);
  });

  it('decides the cooldown before the next recovery', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', attempts: 1 }], { cooldownMs: 0 }));
    const { id, recoveryId } = await registerFailing(registry, 'down-refuses-control');
    expect((await awaitEnd(recoveryId)).status).toBe('failed');
    expect(await failThreeChecks(registry, id)).not.toBe(recoveryId);
  });

  it('does not change a recovery that already has its plan', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', verifyMs: 4_000 }, { action: 'restart' }]));
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    await eventually(
      () => getRecovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    await set(registry, 2, policy([{ action: 'alert' }]));
    await eventually(
      () => controlLog(id),
      ({ control }) => control.length === 2,
    );
    await setMode(id, 'healthy');
    const found = await awaitEnd(recoveryId);
    expect(found.actions.map(({ action }) => action)).toEqual(['restart', 'restart']);
    expect(found.plan.map(({ action }) => action)).toEqual(['restart', 'restart']);
  });

  it('fails an action that is not allowed, with the reason', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'scale_up' }, { action: 'restart' }]));
    const { recoveryId } = await registerFailing(registry, 'heals-on-restart');
    expect((await awaitEnd(recoveryId)).actions).toMatchObject([
      { action: 'scale_up', status: 'failed', attempts: 0, detail: 'autoScalingEnabled is false', responses: [] },
      { action: 'restart', status: 'done', verification: 'proven' },
    ]);
  });
});

describe.concurrent('a recovery while recoveries are frozen', () => {
  it('begins, alerts instead of acting, and succeeds when its component becomes healthy', async () => {
    const registry = freshRegistry();
    await set(registry, 1, { recoveryFrozen: true });
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    const [incident] = await eventually(
      () => incidentsOf(id),
      (all) => all.length > 0,
    );
    expect(incident).toMatchObject({ severity: 'warning', summary: expect.stringContaining('frozen, no restart') });
    expect((await controlLog(id)).control).toEqual([]);
    await setMode(id, 'healthy');
    const found = await awaitEnd(recoveryId);
    expect(found).toMatchObject({ status: 'successful', actions: [{ action: 'alert', verification: 'proven' }] });
    expect((await controlLog(id)).control).toEqual([]);
    expect(await incidentsOf(id)).toMatchObject([{ status: 'resolved' }]);
  });

  it('stops acting when it is in progress, and continues after the freeze', async () => {
    const registry = freshRegistry();
    const restart = { action: 'restart', verifyMs: 4_000 };
    await set(registry, 1, policy([restart, restart, restart]));
    const { id, recoveryId } = await registerFailing(registry, 'unavailable');
    await eventually(
      () => getRecovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    await set(registry, 2, { recoveryFrozen: true });
    await eventually(
      () => getRecovery(recoveryId),
      ({ actions }) => actions?.[1]?.action === 'alert' && actions[1].status === 'done',
    );
    expect((await controlLog(id)).control).toHaveLength(1);
    await setMode(id, 'heals-on-restart');
    await set(registry, 3, {});
    expect((await awaitEnd(recoveryId)).actions.map(({ action }) => action)).toEqual(['restart', 'alert', 'restart']);
  });
});

describe.concurrent('an action in progress', () => {
  it('shows the responses to its attempts before it ends', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', attempts: 3, backoffMs: 5_000 }]));
    const { id, recoveryId } = await registerFailing(registry, 'down-refuses-control');
    const running = await eventually(
      () => getRecovery(recoveryId),
      ({ actions }) => actions?.[0]?.attempts === 1,
      5_000,
    );
    expect(running.actions).toMatchObject([
      {
        action: 'restart',
        status: 'running',
        finishedAt: null,
        responses: [{ ok: false, durationMs: expect.any(Number) }],
      },
    ]);
    await setMode(id, 'heals-on-restart');
    const found = await awaitEnd(recoveryId);
    expect(found.actions).toMatchObject([
      { action: 'restart', status: 'done', attempts: 2, responses: [{ ok: false }, { ok: true }] },
    ]);
  });
});

describe.concurrent('the restart of a component without a control endpoint', () => {
  it('is planned as an alert with a note', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, { ...withControl(), control: undefined });
    const recoveryId = await failThreeChecks(registry, id);
    const { plan } = await eventually(
      () => getRecovery(recoveryId),
      (found) => (found.plan?.length ?? 0) > 0,
    );
    expect(plan).toMatchObject([{ action: 'alert', note: 'no control endpoint can restart it' }]);
    await setMode(id, 'healthy');
    await awaitEnd(recoveryId);
  });
});
