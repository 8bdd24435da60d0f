import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { RecordedRecovery } from '../../src/history/recovery-history.ts';
import { saveRecovery } from '../../src/history/recovery-history.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { clockReaches, freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, setMode } from '../support/coordinator-http.ts';
import {
  registerFailing,
  beginWithoutWorkflow,
  controlLog,
  awaitEnd,
  eventsOf,
  failThreeChecks,
  incidentsOf,
  getRecovery,
  withControl,
} from './failing-component.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

async function recovering(registry: FreshRegistry, count: number): Promise<{ id: string; recoveryId: string }[]> {
  const found = [];
  for (let made = 0; made < count; made++) {
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    found.push({ id, recoveryId });
  }
  return found;
}

const permit = (registry: FreshRegistry, each: { id: string; recoveryId: string }) =>
  registry.api.permitAction(each.id, each.recoveryId, true);

/** Writes the recovery to the history, as its workflow would. */
async function writeHistory(
  registry: FreshRegistry,
  { id, recoveryId, status }: { id: string; recoveryId: string; status: RecordedRecovery['status'] },
): Promise<void> {
  await saveRecovery(env.HISTORY, {
    recoveryId,
    componentId: id,
    componentType: registry.type,
    failureType: 'health_check_failure',
    failureId: 'f',
    reason: 'r',
    startedAt: Date.now(),
    deadline: Date.now() + 60_000,
    status,
    finishedAt: null,
    actions: [],
    incidentId: null,
  });
}

/** A recovery that waits for proof, after a restart that was accepted but does not help. */
async function waitingForProof(registry: FreshRegistry): Promise<{ id: string; recoveryId: string }> {
  const found = await registerFailing(registry, 'unavailable');
  await eventually(
    () => getRecovery(found.recoveryId),
    ({ actions }) => actions?.[0]?.verification === 'running',
  );
  return found;
}

describe.concurrent('the recovery guard', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [5, 1],
    [6, 2],
    [9, 3],
  ])('permits with %i components %i concurrent restarts', async (size, allowed) => {
    const registry = freshRegistry();
    const all = await recovering(registry, size);
    const permissions = [];
    for (const each of all) permissions.push(await permit(registry, each));
    expect(permissions.filter((permission) => permission === 'permitted')).toHaveLength(allowed);
    expect(permissions.filter((permission) => permission === 'too-many')).toHaveLength(size - allowed);
  });

  it('repeats its permission, also after an eviction, and permits the next recovery when one ends', async () => {
    const registry = freshRegistry();
    const [first, second] = await recovering(registry, 2);
    expect(await permit(registry, first!)).toBe('permitted');
    expect(await permit(registry, first!)).toBe('permitted');
    expect(await permit(registry, second!)).toBe('too-many');
    await registry.evict();
    expect(await permit(registry, second!)).toBe('too-many');
    await registry.api.endRecovery(first!.id, first!.recoveryId, 'successful');
    expect(await permit(registry, second!)).toBe('permitted');
    expect(await permit(registry, first!)).toBe('not-recovering');
  });

  it('makes one recovery wait for the other, and then both succeed', async () => {
    const registry = freshRegistry();
    const held = await waitingForProof(registry);
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    await eventually(
      () => getRecovery(recoveryId),
      ({ status }) => status === 'running',
    );
    expect((await controlLog(id)).control).toEqual([]);
    await setMode(held.id, 'healthy');
    expect((await awaitEnd(held.recoveryId)).status).toBe('successful');
    expect((await awaitEnd(recoveryId)).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(1);
  });
});

describe.concurrent('a recovery that an operator cancels', () => {
  it('ends as cancelled, without another action or an incident', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await waitingForProof(registry);
    const response = await call('POST', `/v1/recoveries/${recoveryId}/cancel`);
    expect(response).toMatchObject({ status: 202, body: { id: recoveryId } });
    expect((await awaitEnd(recoveryId)).status).toBe('cancelled');
    expect((await registry.read(id)).recoveryId).toBeNull();
    expect((await controlLog(id)).control).toHaveLength(1);
    expect(await incidentsOf(id)).toEqual([]);
    const [last] = (
      await eventually(
        () => eventsOf(id, 'recovery.'),
        (events) => events.some(({ type }) => type === 'recovery.cancelled'),
      )
    ).toReversed();
    expect(last).toMatchObject({ type: 'recovery.cancelled', data: { recoveryId, outcome: 'cancelled' } });

    const again = await call('POST', `/v1/recoveries/${recoveryId}/cancel`);
    expect(again).toMatchObject({ status: 202, body: { id: recoveryId, status: 'cancelled' } });
    expect((await eventsOf(id, 'recovery.')).filter(({ type }) => type === 'recovery.cancel-requested')).toHaveLength(
      1,
    );
  });

  it('can be cancelled again after later recoveries have ended, but not after it ended by itself', async () => {
    const registry = freshRegistry();
    const [{ id, recoveryId }] = (await recovering(registry, 1)) as [{ id: string; recoveryId: string }];
    const cancel = () => call('POST', `/v1/recoveries/${recoveryId}/cancel`);
    await writeHistory(registry, { id, recoveryId, status: 'running' });
    expect((await cancel()).status).toBe(202);
    await registry.api.endRecovery(id, recoveryId, 'failed');
    // The history does not have the end yet.
    expect((await cancel()).status).toBe(202);
    await writeHistory(registry, { id, recoveryId, status: 'cancelled' });
    await clockReaches(Date.now() + 2);
    const next = await beginWithoutWorkflow(registry, id);
    await registry.api.endRecovery(id, next.recoveryId, 'successful');
    expect((await cancel()).status).toBe(202);
    await writeHistory(registry, { id, recoveryId: next.recoveryId, status: 'successful' });
    const late = await call('POST', `/v1/recoveries/${next.recoveryId}/cancel`);
    expect(late).toMatchObject({ status: 409, body: { code: 'not-recovering' } });
  });

  it('ends at once while it waits for permission, without any action', async () => {
    const registry = freshRegistry();
    const [busy] = await recovering(registry, 1);
    expect(await permit(registry, busy!)).toBe('permitted');
    const { id, recoveryId } = await registerFailing(registry, 'heals-on-restart');
    await eventually(
      () => getRecovery(recoveryId),
      ({ status }) => status === 'running',
    );
    expect((await call('POST', `/v1/recoveries/${recoveryId}/cancel`)).status).toBe(202);
    expect(await awaitEnd(recoveryId)).toMatchObject({ status: 'cancelled', actions: [] });
    await registry.api.endRecovery(busy!.id, busy!.recoveryId, 'successful');
    expect((await controlLog(id)).control).toEqual([]);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });

  it('begins no further action after a failing one, and does not count as failed', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await registerFailing(registry, 'down-refuses-control');
    await eventually(
      () => controlLog(id),
      ({ refusals }) => refusals > 0,
    );
    expect((await call('POST', `/v1/recoveries/${recoveryId}/cancel`)).status).toBe(202);
    const found = await awaitEnd(recoveryId);
    expect(found).toMatchObject({ status: 'cancelled', incidentId: null });
    expect(found.actions.map((each) => each.position)).toEqual([0]);
    expect((await controlLog(id)).refusals).toBeLessThanOrEqual(3);
    expect(await incidentsOf(id)).toEqual([]);
    const ends = (await eventsOf(id, 'recovery.')).map((event) => event.type);
    expect(ends).toContain('recovery.cancelled');
    expect(ends).not.toContain('recovery.failed');
  });

  it('does not count as failed, whatever its workflow reports, so the next may begin at once', async () => {
    const registry = freshRegistry();
    const [first] = await recovering(registry, 1);
    await registry.api.cancelRecovery(first!.id, first!.recoveryId);
    expect(await permit(registry, first!)).toBe('not-recovering');
    for (const repeated of [1, 2]) {
      const ending = await registry.api.endRecovery(first!.id, first!.recoveryId, 'failed');
      expect(ending, `time ${repeated}`).toBe('cancelled');
    }
    await clockReaches(Date.now() + 2);
    expect((await beginWithoutWorkflow(registry, first!.id)).recoveryId).not.toBe(first!.recoveryId);
  });

  it('is 404 when it does not exist', async () => {
    const response = await call('POST', `/v1/recoveries/r-${'0'.repeat(32)}/cancel`);
    expect(response).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});

describe.concurrent('a component that is removed while it recovers', () => {
  it('ends its recovery as cancelled', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await waitingForProof(registry);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect((await awaitEnd(recoveryId)).status).toBe('cancelled');
    expect(await incidentsOf(id)).toEqual([]);
    expect((await controlLog(id)).control).toHaveLength(1);
  });

  it('gets a new recovery when it registers again and fails', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await waitingForProof(registry);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await awaitEnd(recoveryId);
    await setMode(id, 'heals-on-restart');
    await registry.register(id, withControl());
    expect((await registry.read(id)).recoveryId).toBeNull();
    const next = await failThreeChecks(registry, id);
    expect(next).not.toBe(recoveryId);
    expect((await awaitEnd(next)).status).toBe('successful');
  });
});
