import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../src/core/access/actor.ts';
import type { KeyMark } from '../../../src/coordinator/contract/coordinator-api.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ROOT: Actor = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r' };
const HOUR_MS = 3_600_000;
const MAX_PER_KEY = 256;
const session = (id: string, endsAt: number, keyId = 'k') => ({ keyId, id, endsAt });

describe('ended sessions', () => {
  it('reach every edge once, in a change or in a full copy', async () => {
    const system = freshCoordinator();
    const sync = (since: KeyMark | null) => system.syncKeys({ since, used: {} });
    const edge = await sync(null);
    const ended = session('a', Date.now() + HOUR_MS);
    for (let time = 0; time < 2; time++) await system.endSession(ended, ROOT);
    await system.evict();
    for (const delta of [await sync(edge.mark), await sync(null)]) {
      expect(delta).toMatchObject({ endedSessions: [ended], more: false });
      expect((await sync(delta.mark)).endedSessions).toEqual([]);
    }
    expect((await system.pendingAuditEntries(10)).map(({ action }) => action)).toEqual(['session.close']);
  });

  it('are deleted when they would have expired', async () => {
    const system = freshCoordinator();
    const endsAt = Date.now() + HOUR_MS;
    await system.endSession(session('a', endsAt), ROOT);
    await system.sweep(endsAt - 1_000);
    expect((await system.syncKeys({ since: null, used: {} })).endedSessions).toHaveLength(1);
    await system.sweep(endsAt + HOUR_MS);
    expect((await system.syncKeys({ since: null, used: {} })).endedSessions).toEqual([]);
  });

  it('beyond the limit of a key are merged into one entry that covers all earlier expiries', async () => {
    const system = freshCoordinator();
    const now = Date.now() + HOUR_MS;
    await system.endSession(session('of another key', now + 9_999, 'other'), ROOT);
    for (let at = 0; at <= MAX_PER_KEY; at++) await system.endSession(session(`s${at}`, now + at), ROOT);
    const { endedSessions } = await system.syncKeys({ since: null, used: {} });
    expect(endedSessions).toEqual([
      session('of another key', now + 9_999, 'other'),
      { keyId: 'k', id: null, endsAt: now + MAX_PER_KEY },
    ]);
    await system.endSession(session('covered', now), ROOT);
    await system.endSession(session('later', now + 1_000), ROOT);
    expect((await system.syncKeys({ since: null, used: {} })).endedSessions.slice(2)).toEqual([
      session('later', now + 1_000),
    ]);
  });
});
