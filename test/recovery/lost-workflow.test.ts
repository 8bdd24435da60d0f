import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { freshRegistry } from '../registry/fresh-registry.ts';
import { eventually, freshId } from '../support/coordinator-http.ts';
import { ailing, begunOnly, ended, eventsOf, incidentsOf, recovery } from './ailing-component.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

describe.concurrent('a recovery whose workflow died', () => {
  it('is ended by the sweep: written down as failed, with a critical incident', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await ailing(registry, 'unavailable');
    await eventually(
      () => recovery(recoveryId),
      ({ actions }) => actions?.[0]?.verification === 'running',
    );
    const instance = await env.RECOVERY_WORKFLOW.get(recoveryId);
    await instance.terminate();
    await eventually(
      async () => (await instance.status()).status,
      (status) => status === 'terminated',
    );
    expect((await registry.read(id)).recoveryId).toBe(recoveryId);

    await registry.api.sweep();
    const found = await ended(recoveryId, 5_000);
    expect(found).toMatchObject({ status: 'failed', actions: [{ action: 'restart', status: 'done' }] });
    expect(found.finishedAt).not.toBeNull();
    expect((await registry.read(id)).recoveryId).toBeNull();
    expect(await incidentsOf(id)).toMatchObject([
      { id: found.incidentId, status: 'open', severity: 'critical', recoveryId },
    ]);
    await registry.api.sweep();
    const told = await eventually(
      () => eventsOf(id, 'recovery.failed'),
      (events) => events.length > 0,
    );
    expect(told).toMatchObject([{ data: { recoveryId, outcome: 'failed' } }]);
    expect(await incidentsOf(id)).toHaveLength(1);
  });
});

describe.concurrent('a recovery whose workflow was never started', () => {
  it('leaves nothing owed behind when its component is removed', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await begunOnly(registry, id);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await eventually(
      () => registry.rows('SELECT kind, key FROM outbox'),
      (rows) => rows.length === 0,
      5_000,
    );
    await expect(env.RECOVERY_WORKFLOW.get(recoveryId)).rejects.toThrow();
  });

  it('is still owed its signal when an operator cancels it: the sweep starts it and it ends', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await begunOnly(registry, id);
    await registry.api.cancelRecovery(id, recoveryId);
    await registry.api.sweep();
    expect(await ended(recoveryId)).toMatchObject({ status: 'cancelled', actions: [] });
    expect((await registry.read(id)).recoveryId).toBeNull();
  });
});
