import { describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const check = (overrides: Record<string, unknown>) => ({ healthCheck: { endpoint: '/health', ...overrides } });

/** Invalid registration → path that the problem must name. */
const FAULTS: readonly (readonly [Record<string, unknown>, string])[] = [
  [{ name: 7 }, 'name'],
  [{ name: '' }, 'name'],
  [{ name: null }, 'name'],
  [{ type: ['task_router'] }, 'type'],
  [{ type: 'Task Router' }, 'type'],
  [{ type: undefined }, 'type'],
  [{ endpoint: {} }, 'endpoint'],
  [{ endpoint: undefined }, 'endpoint'],
  [{ weight: '1' }, 'weight'],
  [{ weight: -1 }, 'weight'],
  [{ role: 'boss' }, 'role'],
  [{ dependencies: 'a' }, 'dependencies'],
  [{ dependencies: [1] }, 'dependencies[0]'],
  [{ dependencies: ['a b'] }, 'dependencies[0]'],
  [{ metadata: [] }, 'metadata'],
  [{ metadata: 'text' }, 'metadata'],
  [{ heartbeat: { ttl: 'soon' } }, 'heartbeat.ttl'],
  [{ heartbeat: { ttl: 0 } }, 'heartbeat.ttl'],
  [{ heartbeat: {} }, 'heartbeat.ttl'],
  [{ heartbeat: true }, 'heartbeat'],
  [{ deregisterAfter: 1.5 }, 'deregisterAfter'],
  [{ deregisterAfter: -1 }, 'deregisterAfter'],
  [{ healthCheck: '/health' }, 'healthCheck'],
  [{ healthCheck: {} }, 'healthCheck.endpoint'],
  [check({ timeout: '5000' }), 'healthCheck.timeout'],
  [check({ timeout: -5 }), 'healthCheck.timeout'],
  [check({ interval: 0 }), 'healthCheck.interval'],
  [check({ retries: 1.5 }), 'healthCheck.retries'],
  [check({ method: 'BREW' }), 'healthCheck.method'],
  [{ capabilities: [] }, 'capabilities'],
  [{ capabilities: { maxConcurrentTasks: 0 } }, 'capabilities.maxConcurrentTasks'],
  [{ capabilities: { supportedTaskTypes: ['ok', 7] } }, 'capabilities.supportedTaskTypes[1]'],
  [{ capabilities: { healthMonitoring: 'yes' } }, 'capabilities.healthMonitoring'],
  [{ control: { endpoint: '/control', actions: ['explode'] } }, 'control.actions[0]'],
  [{ control: { endpoint: '/control', actions: [] } }, 'control.actions'],
  [{ nickname: 'x' }, 'nickname'],
  [{ healths: { status: 'healthy' } }, 'healths'],
  [check({ port: 80 }), 'healthCheck.port'],
  [{ capabilities: { speed: 9 } }, 'capabilities.speed'],
  [{ heartbeat: { ttl: 5_000, interval: 1 } }, 'heartbeat.interval'],
  [{ control: { endpoint: '/c', actions: ['restart'], key: 'k' } }, 'control.key'],
  [{ heartbeat: undefined }, 'healthCheck'],
];

describe('an invalid registration', () => {
  it.each(FAULTS)('%j is refused at %s and not stored', async (fault, path) => {
    const id = freshId();
    const refused = await call('POST', '/v1/components', silentRegistration(id, fault));
    expect(expectProblem(refused, 422, 'invalid-request')).toEqual([path]);
    await expectNothingStored(id);
  });

  it.each(['', '-a', 'A', 'a b', 'ä', 'a/b', 'a\n', '../a', 'x'.repeat(129), 7, null, undefined])(
    'with the id %j is refused',
    async (id) => {
      const refused = await call('POST', '/v1/components', silentRegistration('x', { id }));
      expect(expectProblem(refused, 422, 'invalid-request')).toEqual(['id']);
    },
  );

  it('gets every fault named at once', async () => {
    const refused = await call(
      'POST',
      '/v1/components',
      silentRegistration(freshId(), { name: 7, weight: 'x', color: 'red', heartbeat: { ttl: 'x' } }),
    );
    expect(expectProblem(refused, 422, 'invalid-request').toSorted()).toEqual([
      'color',
      'heartbeat.ttl',
      'name',
      'weight',
    ]);
  });

  it('without healthCheck and heartbeat is refused with the reason', async () => {
    const refused = await call('POST', '/v1/components', silentRegistration(freshId(), { heartbeat: undefined }));
    expectProblem(refused, 422, 'invalid-request');
    expect(refused.body.errors[0].message).toMatch(/healthCheck.*heartbeat/);
  });

  it('with an unregistered dependency is refused and the dependency named', async () => {
    const id = freshId();
    const [known, missing] = [freshId(), freshId()];
    await call('POST', '/v1/components', silentRegistration(known));
    const refused = await call('POST', '/v1/components', silentRegistration(id, { dependencies: [known, missing] }));
    expect(expectProblem(refused, 422, 'dependency-not-registered')).toEqual(['dependencies']);
    expect(refused.body.errors[0].message).toContain(missing);
    await expectNothingStored(id);
  });

  it('with a dependency on itself or a duplicate is refused', async () => {
    const [id, known] = [freshId(), freshId()];
    await call('POST', '/v1/components', silentRegistration(known));
    for (const dependencies of [[id], [known, known]]) {
      const refused = await call('POST', '/v1/components', silentRegistration(id, { dependencies }));
      expect(expectProblem(refused, 422, 'invalid-request')).toEqual(['dependencies']);
    }
    await expectNothingStored(id);
  });

  it('of a registered id under another type is refused and changes nothing', async () => {
    const id = freshId();
    const first = await call('POST', '/v1/components', silentRegistration(id));
    const refused = await call(
      'POST',
      '/v1/components',
      silentRegistration(id, { type: 'agent_registry', name: 'thief' }),
    );
    expect(expectProblem(refused, 409, 'type-conflict')).toEqual(['type']);
    const kept = await call('GET', `/v1/components/${id}`);
    expect(kept.body).toMatchObject({ type: 'task_router', name: id, revision: first.body.revision });
    const list = await call('GET', '/v1/components?type=agent_registry&limit=500');
    expect(list.body.items.map((item: { id: string }) => item.id)).not.toContain(id);
  });
});
