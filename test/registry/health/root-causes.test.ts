import { describe, expect, it } from 'vitest';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import { clockReaches, freshRegistry } from '../fresh-registry.ts';

const SILENT = { healthCheck: undefined, heartbeat: { ttl: 1_000 } };
const LASTING = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

describe.concurrent('what a registry is told of dependencies', () => {
  it('is shown, stored, and taken over once, in the order of its numbers', async () => {
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

    // The same again under a newer number: nobody sees a difference, and what is older stays without effect.
    await registry.api.applyRootCauseUpdates([{ ...update, sequence: 9 }]);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 8 }]);
    expect(await registry.read(id)).toEqual({ ...updated, updatedAt: expect.anything() });
    await registry.api.applyRootCauseUpdates([{ id, rootCause: [], sequence: 10 }]);
    expect((await registry.read(id)).health).toEqual(before.health);
  });

  it('is kept by one that registers again, and unknown to a successor', async () => {
    const registry = freshRegistry();
    const id = freshId();
    await registry.register(id, LASTING);
    await registry.api.applyRootCauseUpdates([{ id, rootCause: ['db'], sequence: 1 }]);
    expect((await registry.register(id, { ...LASTING, name: 'renamed' })).health.rootCause).toEqual(['db']);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect((await registry.register(id, LASTING)).health.rootCause).toEqual([]);
  });

  it('gives a silent component the time of one heartbeat when its dependencies are back', async () => {
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
    // It would be said again in a minute only.
    await eventually(
      () => registry.read(id),
      (found) => found.health.lastFailure !== health.lastFailure,
      5_000,
    );
  });

  it('keeps it from being removed for being down, and starts that time anew', async () => {
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
