import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { flushAudit } from '../../src/audit/flush-audit.ts';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { SystemCoordinator } from '../../src/coordinator/system-coordinator.ts';
import type { AuditEntry } from '../../src/core/access/audit-entry.ts';
import type { EventDraft } from '../../src/core/event/coordinator-event.ts';
import { listAudit } from '../../src/history/audit-history.ts';
import { freshId } from '../support/coordinator-http.ts';
import { freshCoordinator } from './fresh-coordinator.ts';

const actor = { keyId: 'root', keyName: 'ops', address: null, requestId: 'req-1' };

const draft = (overrides: Partial<EventDraft> = {}): EventDraft => ({
  key: freshId('e'),
  type: 'component.updated',
  subject: 'a',
  time: 1_000,
  data: {},
  audit: { actor, action: 'component.update', before: { weight: 1 }, after: { weight: 2 } },
  ...overrides,
});

const entry = (subject: string): AuditEntry => ({
  id: crypto.randomUUID(),
  at: Date.now(),
  actor,
  action: 'session.open',
  subject,
  before: null,
  after: null,
});

const written = async (subject: string): Promise<readonly AuditEntry[]> =>
  (await listAudit(env.HISTORY, { subject }, { limit: 500, before: null })).items;

async function whileAuditUnavailable<T>(work: () => Promise<T>): Promise<T> {
  await env.HISTORY.exec('ALTER TABLE audit RENAME TO audit_away');
  try {
    return await work();
  } finally {
    await env.HISTORY.exec('ALTER TABLE audit_away RENAME TO audit');
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a pending audit entry', () => {
  it('is created once by an event with an audit note, however often the event is delivered', async () => {
    const system = freshCoordinator();
    const withNote = draft();
    await system.publish([withNote, draft({ audit: undefined })], null);
    await system.publish([withNote], null);
    expect(await system.pendingAuditEntries(10)).toEqual([
      { ...withNote.audit, id: withNote.key, at: 1_000, subject: 'a' },
    ]);
    const another = draft({ audit: { ...withNote.audit!, subject: 'r-1' } });
    await system.publish([another], null);
    expect(await system.pendingAuditEntries(10)).toMatchObject([{ subject: 'a' }, { id: another.key, subject: 'r-1' }]);
    const [event] = await system.events({ after: 0, types: null, limit: 1, newest: false });
    expect(event).not.toHaveProperty('audit');
  });

  it('is not created again by a repeated event after it was settled', async () => {
    const system = freshCoordinator();
    const event = draft();
    await system.publish([event], null);
    await system.settleAuditEntries([event.key]);
    await system.publish([event], null);
    expect(await system.pendingAuditEntries(10)).toEqual([]);
  });

  it('is created by every change of a key, but not by a call without effect', async () => {
    const system = freshCoordinator();
    const key = { id: 'k', name: 'k', scopes: ['viewer'], digest: 'd'.repeat(64), expiresAt: null, issue: null };
    for (let time = 0; time < 2; time++) await system.createKey(key, actor);
    await system.rotateKey('k', { digest: 'e'.repeat(64), overlapMs: 0 }, actor);
    for (let time = 0; time < 2; time++) await system.revokeKey('k', { cascade: false }, actor);
    await system.rotateKey('k', { digest: 'f'.repeat(64), overlapMs: 0 }, actor);
    const pending = await system.pendingAuditEntries(10);
    expect(pending.map(({ action }) => action)).toEqual(['key.create', 'key.rotate', 'key.revoke']);
    expect(JSON.stringify(pending)).not.toMatch(/([def])\1{20}/);
  });

  it('survives an eviction, in order of age, until it is settled', async () => {
    const system = freshCoordinator();
    const entries = ['a', 'b', 'c'].map(entry);
    await system.audit(entries);
    await system.audit(entries.slice(0, 1));
    await system.evict();
    expect(await system.pendingAuditEntries(2)).toEqual(entries.slice(0, 2));
    await system.settleAuditEntries([entries[0]!.id]);
    await system.settleAuditEntries([entries[0]!.id, 'unknown']);
    await system.evict();
    expect(await system.pendingAuditEntries(10)).toEqual(entries.slice(1));
  });
});

describe('flushAudit', () => {
  it('writes all entries, in several batches, and then none', async () => {
    const subject = freshId();
    await coordinator().audit(Array.from({ length: 60 }, () => entry(subject)));
    expect(await flushAudit(env.HISTORY)).toBe(60);
    expect(await flushAudit(env.HISTORY)).toBe(0);
    expect(await written(subject)).toHaveLength(60);
  });

  it('writes each entry once when several calls run concurrently', async () => {
    const subject = freshId();
    await coordinator().audit(Array.from({ length: 40 }, () => entry(subject)));
    await Promise.all([1, 2, 3].map(() => flushAudit(env.HISTORY)));
    expect(await written(subject)).toHaveLength(40);
    expect(await coordinator().pendingAuditEntries(1)).toEqual([]);
  });

  it('writes an entry once when it fails before the coordinator has settled it', async () => {
    const subject = freshId();
    await coordinator().audit([entry(subject)]);
    vi.spyOn(SystemCoordinator.prototype, 'settleAuditEntries').mockRejectedValueOnce(new Error('cut off'));
    await expect(flushAudit(env.HISTORY)).rejects.toThrow('cut off');
    expect(await coordinator().pendingAuditEntries(10)).toHaveLength(1);
    expect(await flushAudit(env.HISTORY)).toBe(1);
    expect(await written(subject)).toHaveLength(1);
  });

  it('logs a D1 outage once, loses no entry, and logs the next outage again', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const subject = freshId();
    for (const outage of [1, 2]) {
      const entries = [entry(subject), entry(subject)];
      await coordinator().audit(entries);
      await whileAuditUnavailable(async () => {
        expect(await flushAudit(env.HISTORY)).toBe(0);
        expect(await flushAudit(env.HISTORY)).toBe(0);
      });
      expect(logged.mock.calls.flat().filter((line) => String(line).includes('audit not written'))).toHaveLength(
        outage,
      );
      expect(await coordinator().pendingAuditEntries(10)).toEqual(entries);
      expect(await flushAudit(env.HISTORY)).toBe(2);
      expect(await written(subject)).toHaveLength(2 * outage);
    }
  });
});
