import { describe, expect, it } from 'vitest';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { eventually, freshId, setMode } from '../support/coordinator-http.ts';
import { ailing, controlLog, ended, failThreeChecks, incidentsOf, recovery, withControl } from './failing-component.ts';

const set = (registry: FreshRegistry, revision: number, overrides: object) =>
  registry.api.configure({ revision, overrides });
const policy = (actions: readonly object[], rest: object = {}) => ({
  recovery: { health_check_failure: { actions, ...rest } },
});

describe.concurrent('a policy that somebody set', () => {
  it('is what a recovery goes by: its attempts, its parameters, its time for proof', async () => {
    const registry = freshRegistry();
    const parameters = { grace: 5, why: ['policy'] };
    await set(registry, 1, policy([{ action: 'restart', attempts: 2, backoffMs: 100, verifyMs: 4_000, parameters }]));
    const { id, recoveryId } = await ailing(registry, 'down-refuses-control');
    const found = await ended(recoveryId);
    expect(found).toMatchObject({ status: 'failed', plan: [{ action: 'restart', attempts: 2, parameters }] });
    expect(found.actions).toMatchObject([{ action: 'restart', status: 'failed', attempts: 2 }]);
    expect(found.actions[0]!.answers).toMatchObject([
      { ok: false, detail: expect.stringContaining('HTTP 500') },
      { ok: false, detail: expect.stringContaining('HTTP 500') },
    ]);
    expect((await controlLog(id)).refusals).toBe(2);
  });

  it('hands its parameters to the control endpoint', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', parameters: { grace: 5 } }]));
    const { id, recoveryId } = await ailing(registry, 'heals-on-restart');
    expect((await ended(recoveryId)).status).toBe('successful');
    expect((await controlLog(id)).control).toMatchObject([{ action: 'restart', parameters: { grace: 5 } }]);
  });

  it('holds the next recovery off for as long as it says', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', attempts: 1 }], { cooldownMs: 0 }));
    const { id, recoveryId } = await ailing(registry, 'down-refuses-control');
    expect((await ended(recoveryId)).status).toBe('failed');
    expect(await failThreeChecks(registry, id)).not.toBe(recoveryId);
  });

  it('changes nothing in a recovery that has its plan', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', verifyMs: 4_000 }, { action: 'restart' }]));
    const { id, recoveryId } = await ailing(registry, 'unavailable');
    await eventually(
      () => recovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    await set(registry, 2, policy([{ action: 'alert' }]));
    await eventually(
      () => controlLog(id),
      ({ control }) => control.length === 2,
    );
    await setMode(id, 'healthy');
    const found = await ended(recoveryId);
    expect(found.actions.map(({ action }) => action)).toEqual(['restart', 'restart']);
    expect(found.plan.map(({ action }) => action)).toEqual(['restart', 'restart']);
  });

  it('that asks for what is not allowed fails, and says why', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'scale_up' }, { action: 'restart' }]));
    const { recoveryId } = await ailing(registry, 'heals-on-restart');
    expect((await ended(recoveryId)).actions).toMatchObject([
      { action: 'scale_up', status: 'failed', attempts: 0, detail: 'autoScalingEnabled is false', answers: [] },
      { action: 'restart', status: 'done', verification: 'proven' },
    ]);
  });
});

describe.concurrent('while recoveries are frozen', () => {
  it('one begins, alerts in the place of its actions, and ends well when its component comes back', async () => {
    const registry = freshRegistry();
    await set(registry, 1, { recoveryFrozen: true });
    const { id, recoveryId } = await ailing(registry, 'heals-on-restart');
    const [incident] = await eventually(
      () => incidentsOf(id),
      (all) => all.length > 0,
    );
    expect(incident).toMatchObject({ severity: 'warning', summary: expect.stringContaining('frozen, no restart') });
    expect((await controlLog(id)).control).toEqual([]);
    await setMode(id, 'healthy');
    const found = await ended(recoveryId);
    expect(found).toMatchObject({ status: 'successful', actions: [{ action: 'alert', verification: 'proven' }] });
    expect((await controlLog(id)).control).toEqual([]);
    expect(await incidentsOf(id)).toMatchObject([{ status: 'resolved' }]);
  });

  it('one that is under way acts no further, and does again once they are not', async () => {
    const registry = freshRegistry();
    const restart = { action: 'restart', verifyMs: 4_000 };
    await set(registry, 1, policy([restart, restart, restart]));
    const { id, recoveryId } = await ailing(registry, 'unavailable');
    await eventually(
      () => recovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    await set(registry, 2, { recoveryFrozen: true });
    await eventually(
      () => recovery(recoveryId),
      ({ actions }) => actions?.[1]?.action === 'alert' && actions[1].status === 'done',
    );
    expect((await controlLog(id)).control).toHaveLength(1);
    await setMode(id, 'heals-on-restart');
    await set(registry, 3, {});
    expect((await ended(recoveryId)).actions.map(({ action }) => action)).toEqual(['restart', 'alert', 'restart']);
  });
});

describe.concurrent('an action that is under way', () => {
  it('shows what its attempts were answered, before it is over', async () => {
    const registry = freshRegistry();
    await set(registry, 1, policy([{ action: 'restart', attempts: 3, backoffMs: 5_000 }]));
    const { id, recoveryId } = await ailing(registry, 'down-refuses-control');
    const running = await eventually(
      () => recovery(recoveryId),
      ({ actions }) => actions?.[0]?.attempts === 1,
      5_000,
    );
    expect(running.actions).toMatchObject([
      {
        action: 'restart',
        status: 'running',
        finishedAt: null,
        answers: [{ ok: false, durationMs: expect.any(Number) }],
      },
    ]);
    await setMode(id, 'heals-on-restart');
    const found = await ended(recoveryId);
    expect(found.actions).toMatchObject([
      { action: 'restart', status: 'done', attempts: 2, answers: [{ ok: false }, { ok: true }] },
    ]);
  });
});

describe.concurrent('what nobody can restart', () => {
  it('is planned as an alert that says so', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await setMode(id, 'unavailable');
    await registry.register(id, { ...withControl(id), control: undefined });
    const recoveryId = await failThreeChecks(registry, id);
    const { plan } = await eventually(
      () => recovery(recoveryId),
      (found) => (found.plan?.length ?? 0) > 0,
    );
    expect(plan).toMatchObject([{ action: 'alert', note: 'no control endpoint can restart it' }]);
    await setMode(id, 'healthy');
    await ended(recoveryId);
  });
});
