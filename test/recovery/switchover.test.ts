import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { performAction } from '../../src/recovery/perform-action.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, setMode } from '../support/coordinator-http.ts';
import {
  registerFailing,
  beginWithoutWorkflow,
  controlLog,
  awaitEnd,
  eventsOf,
  failThreeChecks,
  getRecovery,
  withControl,
  plannedAction,
} from './failing-component.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

const tasks = (...supportedTaskTypes: string[]) => ({ capabilities: { supportedTaskTypes } });

async function healthyStandby(registry: FreshRegistry, overrides: Record<string, unknown> = {}): Promise<string> {
  const id = freshId('standby');
  await registry.register(id, { role: 'standby', ...overrides });
  await registry.api.probe(id);
  return id;
}

const lifecycleOf = async (registry: FreshRegistry, id: string): Promise<string> => (await registry.read(id)).lifecycle;

const routed = async () => (await call('POST', '/v1/route', { requestType: 'metrics_collection' })).body;

describe.concurrent('a recovery by switchover', () => {
  it('promotes the standby, demotes the failed component, then restarts and proves the latter', async () => {
    const registry = freshRegistry();
    const standby = await healthyStandby(registry);
    const { id, recoveryId } = await registerFailing(registry, 'reset');
    await eventually(
      () => lifecycleOf(registry, standby),
      (lifecycle) => lifecycle === 'active',
    );
    expect(await lifecycleOf(registry, id)).toBe('standby');
    await eventually(
      () => controlLog(id),
      ({ control }) => control.length === 1,
    );
    await setMode(id, 'healthy');
    const found = await awaitEnd(recoveryId);
    expect(found).toMatchObject({ status: 'successful', failureType: 'connection_failure' });
    expect(found.actions).toMatchObject([
      { position: 0, action: 'switchover', status: 'done', detail: `${standby} took over`, verification: 'none' },
      { position: 1, action: 'restart', status: 'done', verification: 'proven' },
    ]);
    expect(await lifecycleOf(registry, id)).toBe('standby');
    const [promoted] = await eventsOf(standby, 'component.lifecycle-changed');
    expect(promoted!.data).toMatchObject({ from: 'standby', to: 'active' });
    const [demoted] = await eventsOf(id, 'component.lifecycle-changed');
    expect(demoted!.data).toMatchObject({ from: 'active', to: 'standby' });
  });

  it('is not made for a failed health check, which causes a restart', async () => {
    const registry = freshRegistry();
    const standby = await healthyStandby(registry);
    const { recoveryId } = await registerFailing(registry, 'heals-on-restart');
    expect((await awaitEnd(recoveryId)).actions.map((each) => each.action)).toEqual(['restart']);
    expect(await lifecycleOf(registry, standby)).toBe('standby');
  });

  it('skips a standby that lacks task types, and one that is not healthy', async () => {
    const registry = freshRegistry();
    const unhealthy = freshId('standby');
    await setMode(unhealthy, 'unavailable');
    await registry.register(unhealthy, { role: 'standby', ...tasks('a', 'b', 'c') });
    const incapable = await healthyStandby(registry, tasks('a'));
    const capable = await healthyStandby(registry, tasks('b', 'a'));
    const id = freshId();
    await registry.register(id, tasks('a', 'b'));
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    expect(await registry.api.promoteStandby(id, recoveryId)).toEqual({ ok: true, value: { promoted: capable } });
    expect(await lifecycleOf(registry, unhealthy)).toBe('standby');
    expect(await lifecycleOf(registry, incapable)).toBe('standby');
  });

  it('fails with a reason when there is no standby', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    const order = await beginWithoutWorkflow(registry, id);
    const result = await performAction(plannedAction('switchover'), { env, order, position: 0 });
    expect(result).toMatchObject({ status: 'failed', detail: expect.stringContaining('no healthy standby') });
    expect(await lifecycleOf(registry, id)).toBe('active');
  });

  it('promotes one standby, however often its step is repeated', async () => {
    const registry = freshRegistry();
    const failed = freshId();
    const standbys = [freshId('standby'), freshId('standby')];
    await registry.register(failed, beats);
    for (const id of standbys) {
      await registry.register(id, { ...beats, role: 'standby' });
      await registry.beat(id);
    }
    const order = await beginWithoutWorkflow(registry, failed);
    const context = { env, order, position: 0 };
    const first = await performAction(plannedAction('switchover'), context);
    expect(first).toMatchObject({ status: 'done' });
    expect((await performAction(plannedAction('switchover'), context)).detail).toBe(first.detail);
    expect(await lifecycleOf(registry, failed)).toBe('standby');
    const lifecycles = await Promise.all(standbys.map((id) => lifecycleOf(registry, id)));
    expect(lifecycles.toSorted()).toEqual(['active', 'standby']);
  });

  it('is not made for a failing standby', async () => {
    const registry = freshRegistry();
    const [failing, other] = [freshId('standby'), freshId('standby')];
    for (const id of [failing, other]) {
      await registry.register(id, { ...beats, role: 'standby' });
      await registry.beat(id);
    }
    const refused = { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };
    for (let reported = 0; reported < 3; reported++) await registry.api.reportFailure(failing, refused, null);
    const { recoveryId } = await registry.read(failing);
    const { actions } = await eventually(
      () => getRecovery(recoveryId!),
      (found) => (found.actions?.length ?? 0) > 0,
    );
    expect(actions[0]!.action).toBe('alert');
    expect(await lifecycleOf(registry, failing)).toBe('standby');
    expect(await lifecycleOf(registry, other)).toBe('standby');
  });

  it('makes routing choose the standby', async () => {
    const registry = freshRegistry('performance_tracker');
    const standby = freshId('standby');
    const failing = freshId();
    for (const [id, role] of [
      [standby, 'standby'],
      [failing, 'active'],
    ] as const) {
      await registry.register(id, { role, ...withControl() });
      await registry.api.probe(id);
    }
    expect((await routed()).component.id).toBe(failing);
    await setMode(failing, 'reset');
    await failThreeChecks(registry, failing);
    await eventually(routed, (body) => body.component?.id === standby);
  });
});

describe.concurrent('a recovery by isolation', () => {
  it('follows a dependency failure that callers report, for a limited period', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    const error = { code: 'DEPENDENCY_DOWN', message: 'its database is unavailable' };
    for (let reported = 0; reported < 3; reported++) await registry.api.reportFailure(id, error, null);
    const component = await eventually(
      () => registry.read(id),
      ({ lifecycle }) => lifecycle === 'isolated',
    );
    const left = Date.parse(component.lifecycleUntil!) - Date.now();
    expect(left).toBeGreaterThan(280_000);
    expect(left).toBeLessThanOrEqual(300_000);
  });
});
