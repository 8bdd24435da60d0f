import { afterEach, describe, expect, it, vi } from 'vitest';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const route = (type: string, body: Record<string, unknown> = {}): Promise<Answer> =>
  call('POST', '/v1/route', { type, ...body });

async function ready(type: string): Promise<string> {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type }));
  await call('POST', `/v1/components/${id}/heartbeat`, { status: 'healthy' });
  return id;
}

const watchSync = () => vi.spyOn(ComponentRegistry.prototype, 'sync');
const isAway = async (): Promise<never> => {
  throw new Error('the registry is away');
};

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('routing calls and the refresh of what they decide from', () => {
  it('share one call to the registry when none has been made yet, and need none after it', async () => {
    const type = 'agent_registry';
    const id = await ready(type);
    const spy = watchSync();
    const answers = await Promise.all(Array.from({ length: 25 }, () => route(type)));
    expect(answers.map(({ status, body }) => [status, body.component.id, body.decision.stale])).toEqual(
      Array.from({ length: 25 }, () => [200, id, false]),
    );
    expect(spy).toHaveBeenCalledTimes(1);
    for (let times = 0; times < 5; times++) await route(type);
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('are answered at once from a copy of a second ago, which is refreshed behind the answer', async () => {
    const type = 'caws_validator';
    const id = await ready(type);
    // However long the calls take, the copies are as old as is said here: those of before are too old to serve.
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
    expect(spy.mock.calls[0]![0]).toMatchObject({ place: { version: expect.any(Number) }, given: expect.any(Array) });
  });

  it('wait for a fresh copy where theirs is older than two seconds', async () => {
    const type = 'performance_tracker';
    const [id, other] = [await ready(type), await ready(type)];
    await route(type);
    await call('POST', `/v1/components/${id}/heartbeat`, { status: 'unhealthy' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2_500 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => route(type)));
    expect(new Set(answers.map(({ body }) => body.component.id))).toEqual(new Set([other]));
  });

  it('go on from the last copy while the registry is away, and say so', async () => {
    const type = 'task_orchestrator';
    const id = await ready(type);
    await route(type);
    const spy = watchSync().mockImplementation(isAway);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2_500 });
    expect(await route(type)).toMatchObject({ status: 200, body: { component: { id }, decision: { stale: true } } });
    spy.mockRestore();
    expect(await route(type)).toMatchObject({ status: 200, body: { component: { id }, decision: { stale: false } } });
  });

  it('are refused where there is no copy and the registry is away, with when to come again', async () => {
    watchSync().mockImplementation(isAway);
    const refused = await route('constitutional_runtime');
    expect(refused).toMatchObject({ status: 503, body: { code: 'no-healthy-components' } });
    expect(refused.body.detail).toContain('cannot be reached');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });
});

describe('a rehearsal', () => {
  it('counts nothing, decides as if some were gone or under another policy, and says what it would have done', async () => {
    const type = 'task_router';
    const [first, second] = [await ready(type), await ready(type)];
    const explained = { explain: true, dryRun: { assumeDown: [first], policy: 'score' } };
    const answer = await eventually(
      () => route(type, explained),
      ({ body }) => body.decision?.candidates?.length >= 2,
    );
    expect(answer.body.component.id).toBe(second);
    expect(answer.body.decision).toMatchObject({ policy: 'score', runnerUp: null });
    const verdicts = new Map(
      answer.body.decision.candidates.map((each: { id: string; rule: string }) => [each.id, each.rule]),
    );
    expect(verdicts.get(first)).toBe('assumed-down');
    for (let times = 0; times < 10; times++) await route(type, { dryRun: {} });
    const { body } = await route(type, { explain: true, dryRun: {} });
    for (const { parts } of body.decision.candidates) expect(parts.inFlight ?? 0).toBe(0);
    const nobody = await route(type, { dryRun: { assumeDown: [first, second] } });
    expect(nobody).toMatchObject({ status: 503, body: { code: 'no-healthy-components' } });
  });
});
