import { createScheduledController, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { RegistrationSchema } from '../../src/core/component/registration.ts';
import worker from '../../src/index.ts';
import { EventStore } from '../../src/coordinator/events/event-store.ts';
import { Incidents } from '../../src/coordinator/incidents/incidents.ts';
import { ComponentRegistry } from '../../src/registry/component-registry.ts';
import { Lifecycles } from '../../src/registry/membership/lifecycles.ts';
import { registryOf } from '../../src/registry/contract/registry-api.ts';
import { RegistryState } from '../../src/registry/state/registry-state.ts';
import { cronSweep } from '../../src/sweep/cron-sweep.ts';
import { beginWithoutWorkflow, controlLog, awaitEnd, withControl } from '../recovery/failing-component.ts';
import { freshCoordinator } from '../coordinator/fresh-coordinator.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, componentLog, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';

const DAY_MS = 86_400_000;
const CLAIM_OVER_MS = 61_000;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the sweep over registries', () => {
  it('arms an alarm that was lost, and runs overdue checks', async () => {
    const registry = freshRegistry('task_router');
    const id = freshId();
    const { healthCheck } = registrationFor(id) as { healthCheck: Record<string, unknown> };
    await registry.register(id, { healthCheck: { ...healthCheck, interval: 1_000 } });
    await registry.api.probe(id);
    await runInDurableObject(registry.stub, (_, state) => state.storage.deleteAlarm());
    const { checks } = await componentLog(id);
    await cronSweep(env, Date.now());
    expect(await runInDurableObject(registry.stub, (_, state) => state.storage.getAlarm())).not.toBeNull();
    await eventually(
      () => componentLog(id),
      (log) => log.checks > checks,
      8_000,
    );
  });

  it('visits the other types when one of them throws', async () => {
    const visited: string[] = [];
    vi.spyOn(RegistryState.prototype, 'clampSchedule').mockImplementation(function (this: RegistryState) {
      visited.push(this.type);
      if (this.type === 'task_router') throw new Error('this registry cannot');
    });
    for (const type of ['task_router', 'agent_registry', 'constitutional_runtime']) {
      await freshRegistry(type).register(freshId());
    }
    await cronSweep(env, Date.now());
    expect(visited).toEqual(expect.arrayContaining(['task_router', 'agent_registry', 'constitutional_runtime']));
  });

  it('leaves out types that never had a component, whose objects would stay where cron runs', async () => {
    await call('POST', '/v1/components', registrationFor(freshId(), { type: 'caws_validator' }));
    const swept: (string | undefined)[] = [];
    vi.spyOn(ComponentRegistry.prototype, 'sweep').mockImplementation(async function (this: ComponentRegistry) {
      swept.push(this['ctx'].id.name);
    });
    await cronSweep(env, Date.now());
    expect(swept).toContain('caws_validator');
    expect(swept).not.toContain('performance_tracker');
  });

  it('runs the other parts of a registry when one of them throws', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id);
    await registry.api.probe(id);
    vi.spyOn(RegistryState.prototype, 'clampSchedule').mockImplementation(() => {
      throw new Error('this part cannot');
    });
    vi.spyOn(Lifecycles.prototype, 'expire').mockImplementation(() => {
      throw new Error('nor can this one');
    });
    const { checks } = await componentLog(id);
    await runInDurableObject(registry.stub, (instance: ComponentRegistry, state) => {
      instance['runtime'].state.members.get(id)!.nextCheckAt = 0;
      return state.storage.deleteAlarm();
    });
    await registry.api.sweep(null);
    await eventually(
      () => componentLog(id),
      (log) => log.checks > checks,
      8_000,
    );
    expect(await runInDurableObject(registry.stub, (_, state) => state.storage.getAlarm())).not.toBeNull();
  });

  it('runs the other parts of the coordinator when one of them throws', async () => {
    vi.spyOn(EventStore.prototype, 'trim').mockImplementation(() => {
      throw new Error('this part cannot');
    });
    const swept = vi.spyOn(Incidents.prototype, 'sweep');
    await freshCoordinator().sweep(Date.now());
    expect(swept).toHaveBeenCalledOnce();
  });

  it('runs as the scheduled handler', async () => {
    const registry = freshRegistry('caws_validator');
    await registry.register(freshId());
    await runInDurableObject(registry.stub, (_, state) => state.storage.deleteAlarm());
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), env);
    expect(await runInDurableObject(registry.stub, (_, state) => state.storage.getAlarm())).not.toBeNull();
  });
});

describe('the sweep over recoveries', () => {
  it('starts the workflow of a recovery that has none', async () => {
    const registry = freshRegistry('agent_registry');
    const id = freshId();
    await setMode(id, 'heals-on-restart');
    await registry.register(id, withControl());
    await registry.api.probe(id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    expect((await call('GET', `/v1/recoveries/${recoveryId}`)).status).toBe(404);
    await cronSweep(env, Date.now());
    await cronSweep(env, Date.now());
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(1);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });

  it('reports the end of a recovery to a registry that missed it', async () => {
    const registry = freshRegistry('task_orchestrator');
    const id = freshId();
    await setMode(id, 'heals-on-restart');
    await registry.register(id, withControl());
    await registry.api.probe(id);
    const endRecovery = vi
      .spyOn(ComponentRegistry.prototype, 'endRecovery')
      .mockImplementation(async (_, _id, outcome) => outcome);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    await cronSweep(env, Date.now());
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    expect((await registry.read(id)).recoveryId).toBe(recoveryId);
    endRecovery.mockRestore();
    await eventually(
      async () => (await (await env.RECOVERY_WORKFLOW.get(recoveryId)).status()).status,
      (status) => status === 'complete',
    );
    await cronSweep(env, Date.now());
    expect((await registry.read(id)).recoveryId).toBeNull();
    // Another failure meets the cooldown of the ended recovery, not a recovery that still runs.
    const next = await registry.api.beginRecovery(id, {
      occurredAt: Date.now() + 1_000,
      failureId: 'f-next',
      failureType: 'health_check_failure',
      reason: 'again',
    });
    expect(next).toMatchObject({ ok: false, reason: 'cooling-down' });
  });
});

describe('the sweep over the directory', () => {
  it('frees an id whose registration never arrived', async () => {
    const id = freshId();
    expect(await coordinator().claim({ id, type: 'task_router', dependencies: [], owner: null })).toMatchObject({
      ok: true,
    });
    const conflicting = await coordinator().claim({ id, type: 'agent_registry', dependencies: [], owner: null });
    expect(conflicting).toMatchObject({ ok: false, reason: 'type-conflict' });
    await cronSweep(env, Date.now());
    expect(await coordinator().claim({ id, type: 'agent_registry', dependencies: [], owner: null })).toMatchObject({
      ok: false,
    });
    await cronSweep(env, Date.now() + CLAIM_OVER_MS);
    expect(await coordinator().claim({ id, type: 'agent_registry', dependencies: [], owner: null })).toMatchObject({
      ok: true,
    });
  });

  it('confirms an id whose registration arrived unconfirmed', async () => {
    const id = freshId();
    const type = 'performance_tracker';
    const claim = await coordinator().claim({ id, type, dependencies: [], owner: null });
    if (!claim.ok) throw new Error(claim.message);
    const registration = RegistrationSchema.parse(registrationFor(id, { type }));
    await registryOf(type).register({
      registration,
      claim: claim.value.sequence,
      ifGeneration: null,
      owner: null,
      actor: null,
    });
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(404);
    await cronSweep(env, Date.now() + CLAIM_OVER_MS);
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
  });
});

const failure = (name: string, at: number) =>
  env.HISTORY.prepare(
    `INSERT INTO failures (id, component_id, component_type, failure_type, source, message, occurred_at)
     VALUES (?, 'kept', 'task_router', 'internal_error', 'report', 'm', ?)`,
  ).bind(name, at);

const recovery = (name: string, status: string, deadline: number, finishedAt: number | null) =>
  env.HISTORY.prepare(
    `INSERT INTO recoveries (id, component_id, component_type, failure_type, failure_id, status, reason, started_at, deadline, finished_at, actions)
     VALUES (?, 'kept', 'task_router', 'internal_error', 'f', ?, 'r', ?, ?, ?, '[]')`,
  ).bind(name, status, deadline - 300_000, deadline, finishedAt);

const incident = (name: string, status: string, openedAt: number, resolvedAt: number | null) =>
  env.HISTORY.prepare(
    `INSERT INTO incidents (id, status, severity, title, summary, component_id, component_type, opened_at, resolved_at)
     VALUES (?, ?, 'critical', 't', 's', 'kept', 'task_router', ?, ?)`,
  ).bind(name, status, openedAt, resolvedAt);

const idsOf = async (table: string) =>
  (
    await env.HISTORY.prepare(`SELECT id FROM ${table} WHERE component_id = 'kept' ORDER BY id`).all<{
      id: string;
    }>()
  ).results.map((row) => row.id);

describe('the sweep over the history', () => {
  it('removes rows past their retention and keeps the rest', async () => {
    const now = Date.now();
    const longAgo = now - 91 * DAY_MS;
    await env.HISTORY.batch([
      failure('f-old', now - 31 * DAY_MS),
      failure('f-new', now - 29 * DAY_MS),
      recovery('r-old', 'failed', longAgo, longAgo),
      recovery('r-new', 'successful', now - 89 * DAY_MS, now - 89 * DAY_MS),
      recovery('r-abandoned', 'running', now - 3_700_000, null),
      recovery('r-running', 'running', now + 60_000, null),
      incident('i-old', 'resolved', longAgo, longAgo),
      incident('i-open', 'open', longAgo, null),
    ]);
    await cronSweep(env, now);
    await cronSweep(env, now);
    expect(await idsOf('failures')).toEqual(['f-new']);
    expect(await idsOf('recoveries')).toEqual(['r-abandoned', 'r-new', 'r-running']);
    expect(await idsOf('incidents')).toEqual(['i-open']);
    const { results } = await env.HISTORY.prepare(
      `SELECT id, status, finished_at FROM recoveries WHERE id IN ('r-abandoned', 'r-running') ORDER BY id`,
    ).all();
    expect(results).toEqual([
      { id: 'r-abandoned', status: 'failed', finished_at: now },
      { id: 'r-running', status: 'running', finished_at: null },
    ]);
  });

  it('uses the configured retention', async () => {
    const now = Date.now();
    const ago = (days: number) => now - days * DAY_MS;
    const retention = { failureDays: 2, incidentDays: 400 };
    expect(await call('PUT', '/v1/config', { retention })).toMatchObject({ status: 200, body: { retention } });
    await env.HISTORY.batch([
      failure('f-3-days', ago(3)),
      failure('f-1-day', ago(1)),
      recovery('r-89-days', 'failed', ago(89), ago(89)),
      incident('i-399-days', 'resolved', ago(399), ago(399)),
      incident('i-401-days', 'resolved', ago(401), ago(401)),
    ]);
    await cronSweep(env, now);
    expect(await idsOf('failures')).toEqual(['f-1-day']);
    expect(await idsOf('recoveries')).toContain('r-89-days');
    expect((await idsOf('incidents')).filter((id) => id.endsWith('days'))).toEqual(['i-399-days']);
    await call('PUT', '/v1/config', {});
  });
});
