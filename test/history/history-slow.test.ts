import { env } from 'cloudflare:workers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ConfiguredStep } from '../../src/core/failure/recovery-policy.ts';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { call, componentLog, eventually, freshId, setMode } from '../support/coordinator-http.ts';

/** Makes each call to D1 wait until the returned function is called, as an overloaded database does. */
function slowHistory(): () => void {
  const { promise: responding, resolve: respond } = Promise.withResolvers<void>();
  const statement = Object.getPrototypeOf(env.HISTORY.prepare('SELECT 1')) as D1PreparedStatement;
  const database = Object.getPrototypeOf(env.HISTORY) as D1Database;
  for (const [prototype, name] of [
    [statement, 'run'],
    [statement, 'first'],
    [statement, 'all'],
    [database, 'batch'],
  ] as const) {
    const original = (prototype as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]!;
    vi.spyOn(prototype as unknown as Record<string, typeof original>, name).mockImplementation(async function (
      this: unknown,
      ...args
    ) {
      await responding;
      return original.apply(this, args);
    });
  }
  onTestFinished(() => {
    respond();
    vi.restoreAllMocks();
  });
  return respond;
}

describe('a recovery while the history responds late', () => {
  it.each<[string, ConfiguredStep[]]>([
    ['by restart', [{ action: 'restart' }]],
    ['by an alert, then a restart', [{ action: 'alert' }, { action: 'restart' }]],
  ])('%s, restarts and proves the component without it, and is recorded afterwards', async (_, actions) => {
    const registry = freshRegistry();
    await registry.api.configureType({ revision: 1, overrides: { recovery: { health_check_failure: { actions } } } });
    const id = freshId();
    await setMode(id, 'heals-on-restart');
    const respond = slowHistory();
    await registry.register(id, { control: { endpoint: '/control', actions: ['restart'] } });
    for (let check = 0; check < 3; check++) await registry.api.probe(id);
    const { recoveryId } = await eventually(
      () => registry.read(id),
      (component) => component.recoveryId !== null,
    );
    await eventually(
      () => registry.read(id),
      (component) => component.recoveryId === null && component.health.status === 'healthy',
      30_000,
    );
    expect((await componentLog(id)).control).toHaveLength(1);
    respond();
    const { body } = await eventually(
      () => call('GET', `/v1/recoveries/${recoveryId}`),
      (result) => result.body.status === 'successful',
      30_000,
    );
    expect(body.actions.map(({ action }: { action: string }) => action)).toEqual(actions.map(({ action }) => action));
    const failures = await eventually(
      () => call('GET', `/v1/failures?componentId=${id}`),
      (result) => result.body.items.length === 3,
    );
    expect(failures.status).toBe(200);
    const { body: incidents } = await call('GET', `/v1/incidents?componentId=${id}`);
    expect(incidents.items.map(({ status }: { status: string }) => status)).toEqual(
      actions.length > 1 ? ['resolved'] : [],
    );
  });
});
