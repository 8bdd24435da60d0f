import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { RecordedRecovery } from '../../src/history/recovery-history.ts';
import { saveRecovery } from '../../src/history/recovery-history.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { clockReaches, freshRegistry } from '../registry/fresh-registry.ts';
import { call, eventually, freshId, setMode } from '../support/coordinator-http.ts';
import {
  ailing,
  begunOnly,
  controlLog,
  ended,
  eventsOf,
  failThreeChecks,
  incidentsOf,
  recovery,
  withControl,
} from './failing-component.ts';

const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

async function recovering(registry: FreshRegistry, count: number): Promise<{ id: string; recoveryId: string }[]> {
  const found = [];
  for (let made = 0; made < count; made++) {
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await begunOnly(registry, id);
    found.push({ id, recoveryId });
  }
  return found;
}

const permits = (registry: FreshRegistry, each: { id: string; recoveryId: string }) =>
  registry.api.permitAction(each.id, each.recoveryId, true);

/** As the workflow would write it to the history. */
async function writeDown(
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

/** Its restart is accepted and does not help: the recovery waits for proof. */
async function waitingForProof(registry: FreshRegistry): Promise<{ id: string; recoveryId: string }> {
  const found = await ailing(registry, 'unavailable');
  await eventually(
    () => recovery(found.recoveryId),
    ({ actions }) => actions?.[0]?.verification === 'running',
  );
  return found;
}

describe.concurrent('the guard', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [5, 1],
    [6, 2],
    [9, 3],
  ])('lets of %i components %i be restarted at once', async (size, allowed) => {
    const registry = freshRegistry();
    const all = await recovering(registry, size);
    const answers = [];
    for (const each of all) answers.push(await permits(registry, each));
    expect(answers.filter((answer) => answer === 'permitted')).toHaveLength(allowed);
    expect(answers.filter((answer) => answer === 'too-many')).toHaveLength(size - allowed);
  });

  it('says the same again to who has leave, also after an eviction, and passes it on at the end', async () => {
    const registry = freshRegistry();
    const [first, second] = await recovering(registry, 2);
    expect(await permits(registry, first!)).toBe('permitted');
    expect(await permits(registry, first!)).toBe('permitted');
    expect(await permits(registry, second!)).toBe('too-many');
    await registry.evict();
    expect(await permits(registry, second!)).toBe('too-many');
    await registry.api.endRecovery(first!.id, first!.recoveryId, 'successful');
    expect(await permits(registry, second!)).toBe('permitted');
    expect(await permits(registry, first!)).toBe('not-recovering');
  });

  it('lets one recovery wait for the other, and then both succeed', async () => {
    const registry = freshRegistry();
    const held = await waitingForProof(registry);
    const { id, recoveryId } = await ailing(registry, 'heals-on-restart');
    await eventually(
      () => recovery(recoveryId),
      ({ status }) => status === 'running',
    );
    expect((await controlLog(id)).control).toEqual([]);
    await setMode(held.id, 'healthy');
    expect((await ended(held.recoveryId)).status).toBe('successful');
    expect((await ended(recoveryId)).status).toBe('successful');
    expect((await controlLog(id)).control).toHaveLength(1);
  });
});

describe.concurrent('a recovery that an operator cancels', () => {
  it('ends as cancelled, without another action and without an incident', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await waitingForProof(registry);
    const answer = await call('POST', `/v1/recoveries/${recoveryId}/cancel`);
    expect(answer).toMatchObject({ status: 202, body: { id: recoveryId } });
    expect((await ended(recoveryId)).status).toBe('cancelled');
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

  it('is the same cancel also when others have ended since, and none when it had ended by itself', async () => {
    const registry = freshRegistry();
    const [{ id, recoveryId }] = (await recovering(registry, 1)) as [{ id: string; recoveryId: string }];
    const cancel = () => call('POST', `/v1/recoveries/${recoveryId}/cancel`);
    await writeDown(registry, { id, recoveryId, status: 'running' });
    expect((await cancel()).status).toBe(202);
    await registry.api.endRecovery(id, recoveryId, 'failed');
    // Not written to the history yet.
    expect((await cancel()).status).toBe(202);
    await writeDown(registry, { id, recoveryId, status: 'cancelled' });
    await clockReaches(Date.now() + 2);
    const next = await begunOnly(registry, id);
    await registry.api.endRecovery(id, next.recoveryId, 'successful');
    expect((await cancel()).status).toBe(202);
    await writeDown(registry, { id, recoveryId: next.recoveryId, status: 'successful' });
    const late = await call('POST', `/v1/recoveries/${next.recoveryId}/cancel`);
    expect(late).toMatchObject({ status: 409, body: { code: 'not-recovering' } });
  });

  it('ends at once while it waits for leave to act, and never asks for anything', async () => {
    const registry = freshRegistry();
    const [busy] = await recovering(registry, 1);
    expect(await permits(registry, busy!)).toBe('permitted');
    const { id, recoveryId } = await ailing(registry, 'heals-on-restart');
    await eventually(
      () => recovery(recoveryId),
      ({ status }) => status === 'running',
    );
    expect((await call('POST', `/v1/recoveries/${recoveryId}/cancel`)).status).toBe(202);
    expect(await ended(recoveryId)).toMatchObject({ status: 'cancelled', actions: [] });
    await registry.api.endRecovery(busy!.id, busy!.recoveryId, 'successful');
    expect((await controlLog(id)).control).toEqual([]);
    expect((await registry.read(id)).recoveryId).toBeNull();
  });

  it('begins no further action while one fails, and is no failure', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await ailing(registry, 'down-refuses-control');
    await eventually(
      () => controlLog(id),
      ({ refusals }) => refusals > 0,
    );
    expect((await call('POST', `/v1/recoveries/${recoveryId}/cancel`)).status).toBe(202);
    const found = await ended(recoveryId);
    expect(found).toMatchObject({ status: 'cancelled', incidentId: null });
    expect(found.actions.map((each) => each.position)).toEqual([0]);
    expect((await controlLog(id)).refusals).toBeLessThanOrEqual(3);
    expect(await incidentsOf(id)).toEqual([]);
    const ends = (await eventsOf(id, 'recovery.')).map((event) => event.type);
    expect(ends).toContain('recovery.cancelled');
    expect(ends).not.toContain('recovery.failed');
  });

  it('is no failure, however its workflow says that it ended: the next may begin at once', async () => {
    const registry = freshRegistry();
    const [first] = await recovering(registry, 1);
    await registry.api.cancelRecovery(first!.id, first!.recoveryId);
    expect(await permits(registry, first!)).toBe('not-recovering');
    for (const repeated of [1, 2]) {
      const ending = await registry.api.endRecovery(first!.id, first!.recoveryId, 'failed');
      expect(ending, `time ${repeated}`).toBe('cancelled');
    }
    await clockReaches(Date.now() + 2);
    expect((await begunOnly(registry, first!.id)).recoveryId).not.toBe(first!.recoveryId);
  });

  it('must exist', async () => {
    const answer = await call('POST', `/v1/recoveries/r-${'0'.repeat(32)}/cancel`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});

describe.concurrent('a component that is removed while it recovers', () => {
  it('takes its recovery with it', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await waitingForProof(registry);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    expect((await ended(recoveryId)).status).toBe('cancelled');
    expect(await incidentsOf(id)).toEqual([]);
    expect((await controlLog(id)).control).toHaveLength(1);
  });

  it('recovers on its own account when it registers again', async () => {
    const registry = freshRegistry();
    const { id, recoveryId } = await waitingForProof(registry);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    await ended(recoveryId);
    await setMode(id, 'heals-on-restart');
    await registry.register(id, withControl(id));
    expect((await registry.read(id)).recoveryId).toBeNull();
    const next = await failThreeChecks(registry, id);
    expect(next).not.toBe(recoveryId);
    expect((await ended(next)).status).toBe('successful');
  });
});
