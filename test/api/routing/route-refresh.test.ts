import { afterEach, describe, expect, it, vi } from 'vitest';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const route = (type: string, body: Record<string, unknown> = {}): Promise<ApiResponse> =>
  call('POST', '/v1/route', { type, ...body });

async function ready(type: string): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type }));
  await call('POST', `/v1/components/${id}/heartbeat`, { status: 'healthy' });
  return id;
}

const watchSync = () => vi.spyOn(ComponentRegistry.prototype, 'sync');
const rejectUnavailable = async (): Promise<never> => {
  throw new Error('the registry is away');
};

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('routing calls and the refresh of the edge snapshot', () => {
  it('share one registry call for the first snapshot, and need no further call', async () => {
    const type = 'agent_registry';
    const id = await ready(type);
    const spy = watchSync();
    const responses = await Promise.all(Array.from({ length: 25 }, () => route(type)));
    expect(responses.map(({ status, body }) => [status, body.component.id, body.decision.stale])).toEqual(
      Array.from({ length: 25 }, () => [200, id, false]),
    );
    expect(spy).toHaveBeenCalledTimes(1);
    for (let times = 0; times < 5; times++) await route(type);
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('are served at once from a snapshot one second old, which is refreshed after the response', async () => {
    const type = 'caws_validator';
    const id = await ready(type);
    // A fixed clock sets the age of the snapshots, however long the calls take. Earlier snapshots are too old to serve.
    const copiedAt = Date.now() + 10_000;
    vi.useFakeTimers({ toFake: ['Date'], now: copiedAt });
    await route(type);
    await call('POST', `/v1/components/${id}/heartbeat`, { status: 'unhealthy' });
    const spy = watchSync();
    vi.setSystemTime(copiedAt + 1_500);
    expect(await route(type)).toMatchObject({ status: 200, body: { component: { id }, decision: { stale: false } } });
    await eventually(
      () => route(type),
      ({ status }) => status === 503,
      2_000,
    );
    expect(spy.mock.calls[0]![0]).toMatchObject({
      syncedTo: { version: expect.any(Number) },
      assignments: expect.any(Array),
    });
  });

  it('wait for a fresh snapshot when theirs is older than two seconds', async () => {
    const type = 'performance_tracker';
    const [id, other] = [await ready(type), await ready(type)];
    await route(type);
    await call('POST', `/v1/components/${id}/heartbeat`, { status: 'unhealthy' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2_500 });
    const responses = await Promise.all(Array.from({ length: 20 }, () => route(type)));
    expect(new Set(responses.map(({ body }) => body.component.id))).toEqual(new Set([other]));
  });

  it('use the last snapshot while the registry is unavailable, marked stale', async () => {
    const type = 'task_orchestrator';
    const id = await ready(type);
    await route(type);
    const spy = watchSync().mockImplementation(rejectUnavailable);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2_500 });
    expect(await route(type)).toMatchObject({ status: 200, body: { component: { id }, decision: { stale: true } } });
    spy.mockRestore();
    expect(await route(type)).toMatchObject({ status: 200, body: { component: { id }, decision: { stale: false } } });
  });

  it('are refused with Retry-After without a snapshot while the registry is unavailable', async () => {
    watchSync().mockImplementation(rejectUnavailable);
    const refused = await route('constitutional_runtime');
    expect(refused).toMatchObject({ status: 503, body: { code: 'no-healthy-components' } });
    expect(refused.body.detail).toContain('cannot be reached');
    expect(refused.body).toMatchObject({ componentType: 'constitutional_runtime' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });
});

describe('a dry run', () => {
  it('counts no assignment, assumes components down or another policy, and returns the decision', async () => {
    const type = 'task_router';
    const [first, second] = [await ready(type), await ready(type)];
    const explained = { explain: true, dryRun: { assumeDown: [first], policy: 'score' } };
    const response = await eventually(
      () => route(type, explained),
      ({ body }) => body.decision?.candidates?.length >= 2,
    );
    expect(response.body.component.id).toBe(second);
    expect(response.body.decision).toMatchObject({ policy: 'score', runnerUp: null });
    const verdicts = new Map(
      response.body.decision.candidates.map((each: { id: string; rule: string }) => [each.id, each.rule]),
    );
    expect(verdicts.get(first)).toBe('assumed-down');
    for (let times = 0; times < 10; times++) await route(type, { dryRun: {} });
    const { body } = await route(type, { explain: true, dryRun: {} });
    for (const { parts } of body.decision.candidates) expect(parts.inFlight ?? 0).toBe(0);
    const noneLeft = await route(type, { dryRun: { assumeDown: [first, second] } });
    expect(noneLeft).toMatchObject({ status: 503, body: { code: 'no-healthy-components' } });
  });
});
