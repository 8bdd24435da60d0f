import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { toIsoOrNull } from '../../../src/core/component/resource.ts';
import type { EventDraft } from '../../../src/core/event/coordinator-event.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { beginWithoutWorkflow, withControl } from '../../recovery/failing-component.ts';
import { freshId, registrationFor } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { PLAIN, freshRegistry, nextClaim } from '../fresh-registry.ts';

const actor = { keyId: 'k-1', keyName: 'ops', address: '192.0.2.1', requestId: 'req-1' };
const beats = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };

/** A registry whose events stay in the outbox, where the test reads them. */
async function keepingEvents(): Promise<FreshRegistry> {
  const registry = freshRegistry();
  await runInDurableObject(registry.stub, (instance: ComponentRegistry) => {
    instance['runtime'].events.publish = async () => {
      throw new Error('the coordinator is unavailable');
    };
  });
  return registry;
}

async function drafts(registry: FreshRegistry): Promise<EventDraft[]> {
  const rows = await registry.rows<{ payload: string }>(`SELECT payload FROM outbox WHERE kind = 'event' ORDER BY seq`);
  return rows.map(({ payload }) => JSON.parse(payload) as EventDraft);
}

const parsed = (registry: FreshRegistry, id: string, changes: Record<string, unknown> = {}) =>
  RegistrationSchema.parse(registrationFor(id, { type: registry.type, ...beats, ...changes }));

describe.concurrent('the audit note of an event', () => {
  it('contains the actor and the state before and after the change', async () => {
    const registry = await keepingEvents();
    const id = freshId();
    const first = parsed(registry, id);
    const second = parsed(registry, id, { weight: 2 });
    for (const registration of [first, second, second])
      await registry.api.register({ ...PLAIN, registration, claim: nextClaim(), actor });
    await registry.api.remove(id, { drainMs: 60_000, ifGeneration: null, actor });
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null, actor });
    expect((await drafts(registry)).map(({ type, audit }) => ({ type, audit }))).toEqual([
      { type: 'component.registered', audit: { actor, action: 'component.register', before: null, after: first } },
      {
        type: 'component.updated',
        audit: { actor, action: 'component.update', before: { weight: 1 }, after: { weight: 2 } },
      },
      {
        type: 'component.lifecycle-changed',
        audit: { actor, action: 'component.drain', before: second, after: second },
      },
      { type: 'component.unregistered', audit: { actor, action: 'component.remove', before: second, after: null } },
    ]);
  });

  it('contains the actor who cancelled a recovery, and is written once, with the cancellation', async () => {
    const registry = await keepingEvents();
    const id = freshId();
    await registry.register(id, beats);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    for (let time = 0; time < 2; time++)
      expect(await registry.api.cancelRecovery(id, recoveryId, actor)).toMatchObject({ ok: true });
    await registry.api.endRecovery(id, recoveryId, 'cancelled');
    expect(await registry.api.cancelRecovery(id, recoveryId, actor)).toMatchObject({ ok: true });
    const [cancelRequested, ...more] = (await drafts(registry)).filter(({ audit }) => audit);
    expect(cancelRequested).toMatchObject({
      key: `${recoveryId}:cancel`,
      type: 'recovery.cancel-requested',
      subject: id,
      data: { recoveryId },
      audit: {
        actor,
        action: 'recovery.cancel',
        subject: recoveryId,
        before: { componentId: id, status: 'running' },
        after: null,
      },
    });
    expect(more).toEqual([]);
  });

  it('contains the actor who rotated a control secret, but not the secret', async () => {
    const registry = await keepingEvents();
    const id = freshId();
    await registry.register(id, { ...beats, ...withControl() });
    const rotated = await registry.api.rotateControlSecret(id, { actor });
    if (!rotated.ok) throw new Error(rotated.message);
    await registry.api.rotateControlSecret(id, { actor });
    const written = (await drafts(registry)).filter(({ type }) => type === 'component.control-secret-rotated');
    expect(written).toHaveLength(2);
    expect(written[0]).toMatchObject({
      subject: id,
      data: { previousUntil: toIsoOrNull(rotated.value.previousUntil) },
      audit: { actor, action: 'control-secret.rotate', before: null, after: null },
    });
    expect(JSON.stringify(written)).not.toContain('whsec_');
  });

  it('is written in one transaction with the change', async () => {
    const registry = await keepingEvents();
    const id = freshId();
    await registry.register(id, { ...beats, ...withControl() });
    const before = await registry.api.controlSecret(id);
    const { recoveryId } = await beginWithoutWorkflow(registry, id);
    const stored = await registry.rows('SELECT recovery FROM components');
    const refused = await runInDurableObject(registry.stub, async (instance: ComponentRegistry, { storage }) => {
      storage.sql.exec('ALTER TABLE outbox RENAME TO outbox_away');
      const changes = [
        () => instance.cancelRecovery(id, recoveryId, actor),
        () => instance.rotateControlSecret(id, { actor }),
      ];
      const errors = [];
      for (const change of changes) errors.push(await change().then(() => 'made', String));
      storage.sql.exec('ALTER TABLE outbox_away RENAME TO outbox');
      return errors;
    });
    for (const error of refused) expect(error).toContain('no such table: outbox');
    expect(await registry.rows('SELECT recovery FROM components')).toEqual(stored);
    expect(await registry.api.permitAction(id, recoveryId, false)).toBe('permitted');
    expect(await registry.api.controlSecret(id)).toEqual(before);
  });

  it('contains only differences, and shortens large values', async () => {
    const registry = await keepingEvents();
    const id = freshId();
    for (const mode of ['on', 'off', 'on']) {
      const registration = parsed(registry, id, { metadata: { mode, note: 'x'.repeat(8_000), version: '1' } });
      await registry.api.register({ ...PLAIN, registration, claim: nextClaim(), actor });
    }
    const [registered, ...toggled] = (await drafts(registry)).map(({ audit }) => audit!);
    expect(registered).toMatchObject({ after: { id, metadata: { mode: 'on', version: '1' } } });
    for (const note of [registered, ...toggled]) expect(JSON.stringify(note).length).toBeLessThan(1_024);
    expect(toggled.map(({ before, after }) => [before, after])).toEqual([
      [{ metadata: { mode: 'on' } }, { metadata: { mode: 'off' } }],
      [{ metadata: { mode: 'off' } }, { metadata: { mode: 'on' } }],
    ]);
  });

  it('is absent without an actor', async () => {
    const registry = await keepingEvents();
    const id = freshId();
    await registry.api.register({ ...PLAIN, registration: parsed(registry, id), claim: nextClaim() });
    await registry.beat(id);
    await registry.takeOutOfService(id, 'maintenance', Date.now() + 60_000);
    await registry.api.remove(id, { drainMs: 0, ifGeneration: null });
    const written = await drafts(registry);
    expect(written).toHaveLength(4);
    for (const draft of written) expect(draft).not.toHaveProperty('audit');
  });
});
