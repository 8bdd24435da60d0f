import { describe, expect, it } from 'vitest';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';

const SILENT = { healthCheck: undefined, heartbeat: { ttl: 1_000 } };
const LASTING = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

describe.concurrent('a root-cause update in a registry', () => {
  it('is shown, stored and applied once, in the order of sequence numbers', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, LASTING);
    await registry.beat(id);
    const before = await registry.read(id);
    const update = { id, rootCause: ['db', 'mq'], sequence: 7 };
    await registry.api.applyRootCauseUpdates([update, { ...update, id: 'nobody' }]);
    const updated = await registry.read(id);
    expect(updated.health).toEqual({ ...before.health, effectiveStatus: 'unhealthy', rootCause: ['db', 'mq'] });
    expect(updated.revision).toBeGreaterThan(before.revision);
    await registry.api.applyRootCauseUpdates([update]);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 6 }]);
    expect(await registry.read(id)).toEqual(updated);
    await registry.evict();
    expect((await registry.read(id)).health).toEqual(updated.health);

    // The same causes under a newer number change nothing visible, and older numbers stay without effect.
    await registry.api.applyRootCauseUpdates([{ ...update, sequence: 9 }]);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 8 }]);
    expect(await registry.read(id)).toEqual({ ...updated, updatedAt: expect.anything() });
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 10 }]);
    expect((await registry.read(id)).health).toEqual(before.health);
  });

  it('survives a re-registration, but not a removal', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, LASTING);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: ['db'], sequence: 1 }]);
    expect((await registry.register(id, { ...LASTING, name: 'renamed' })).health.rootCause).toEqual(['db']);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect((await registry.register(id, LASTING)).health.rootCause).toEqual([]);
  });

  it('that ends gives a silent component one more heartbeat TTL', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, SILENT);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: ['db'], sequence: 1 }]);
    await eventually(
      () => registry.read(id),
      ({ health }) => health.status === 'unhealthy',
    );
    const { health } = await registry.read(id);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 2 }]);
    // Without the update, the expiry would be repeated a minute later only.
    await eventually(
      () => registry.read(id),
      (found) => found.health.lastFailure !== health.lastFailure,
      5_000,
    );
  });

  it('suspends the removal of an unhealthy component, and restarts its period', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, { ...LASTING, deregisterAfter: 10_000 });
    await registry.beat(id, 'unhealthy');
    await registry.api.applyRootCauseUpdates([{ id, rootCause: ['db'], sequence: 1 }]);
    const { health } = await registry.read(id);
    await clockReaches(Date.parse(health.since) + 10_100);
    await registry.api.sweep();
    expect((await registry.read(id)).health.status).toBe('unhealthy');
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 2 }]);
    await registry.api.sweep();
    expect((await registry.read(id)).health.status).toBe('unhealthy');
  });
});
