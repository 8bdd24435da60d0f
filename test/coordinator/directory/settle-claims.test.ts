import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const CLAIM_MS = 60_000;

let system: FreshCoordinator;
beforeEach(() => {
  system = freshCoordinator();
});

const later = (): number => Date.now() + CLAIM_MS + 1_000;
const claim = (id: string, type: string, dependencies: readonly string[] = []) =>
  system.claim({ id, type, dependencies, owner: null });

describe('overdueClaims', () => {
  it('returns pending claims after 60 s, and no others', async () => {
    const pending = await system.claimed('a');
    await system.registered('b');
    await system.release('c', await system.claimed('c'));
    expect(await system.overdueClaims(Date.now() + CLAIM_MS - 5_000)).toEqual([]);
    expect(await system.overdueClaims(later())).toMatchObject([{ id: 'a', type: 'task_router', sequence: pending }]);
    await system.evict();
    expect(await system.overdueClaims(later())).toMatchObject([{ id: 'a', type: 'task_router', sequence: pending }]);
  });

  it('leaves the ids reserved until the claims are settled', async () => {
    await system.claimed('a');
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
  });
});

describe('claims that could not be settled yet', () => {
  it('of one type do not delay those of another type', async () => {
    for (let at = 0; at < 110; at++) await system.claimed(`a-${at}`, 'task_router');
    const other = await system.claimed('b', 'agent_registry');
    const due = await system.overdueClaims(later());
    expect(due).toHaveLength(100);
    expect(due.map(({ sequence }) => sequence)).toContain(other);
    expect(due[0]).toMatchObject({ id: 'a-0' });
  });

  it('of one id do not accumulate: only the newest overdue one is kept', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await system.registered('x');
    const stored = await system.claimed('a', 'task_router', ['x']);
    await system.claimed('other');
    let newest = stored;
    for (let at = 0; at < 5; at++) {
      vi.setSystemTime(later());
      newest = await system.claimed('a');
    }
    const due = (await system.overdueClaims(later())).filter(({ id }) => id === 'a');
    expect(due).toHaveLength(2);
    expect(due[1]).toMatchObject({ sequence: newest });
    // Any kept claim settles a registration that was stored under a claim that was not kept.
    await system.release('a', newest);
    const held = { claim: stored, owner: null, dependencies: ['x'] };
    await system.settle('a', due[0]!.sequence, held);
    expect(await system.typeOf('a')).toBe('task_router');
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });
});

describe('a pending claim is settled by the state of the registry', () => {
  it('not registered: the id is free', async () => {
    const sequence = await system.claimed('a');
    await system.settle('a', sequence, null);
    expect(await system.overdueClaims(later())).toEqual([]);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });

  it('registered under that claim: the claim is confirmed, with its dependencies', async () => {
    await system.registered('x');
    const sequence = await system.claimed('a', 'task_router', ['x']);
    await system.settle('a', sequence, { claim: sequence, owner: null, dependencies: ['x'] });
    expect(await system.typeOf('a')).toBe('task_router');
    expect(await system.overdueClaims(later())).toEqual([]);
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    await system.release('a', sequence);
    expect(await system.typeOf('a')).toBeNull();
  });

  it('registered under an older claim: that one stays, with its dependencies and its number', async () => {
    for (const id of ['x', 'y']) await system.registered(id);
    const older = await system.registered('a', 'task_router', ['x']);
    const newer = await system.claimed('a', 'task_router', ['y']);
    await system.settle('a', newer, { claim: older, owner: null, dependencies: ['x'] });
    expect(await system.typeOf('a')).toBe('task_router');
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(await claim('y', 'task_router', ['a'])).toMatchObject({ ok: true });
    await system.release('a', older);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });

  it('registered under an older claim that was never confirmed: that one is confirmed', async () => {
    const older = await system.claimed('a');
    const newer = await system.claimed('a');
    await system.settle('a', newer, { claim: older, owner: null, dependencies: [] });
    expect(await system.typeOf('a')).toBe('task_router');
    await system.release('a', older);
    expect(await system.typeOf('a')).toBeNull();
  });

  it('but not when the id was claimed or confirmed in the meantime', async () => {
    const overtaken = await system.claimed('a');
    const current = await system.claimed('a');
    await system.settle('a', overtaken, null);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    await system.confirm('a', current);
    await system.settle('a', current, null);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('and settling again has no further effect', async () => {
    const sequence = await system.claimed('a');
    const held = { claim: sequence, owner: null, dependencies: [] };
    await system.settle('a', sequence, held);
    await system.settle('a', sequence, held);
    await system.settle('a', sequence, null);
    expect(await system.typeOf('a')).toBe('task_router');
  });
});

describe('a claim whose component was removed while the sweep settled it', () => {
  it('adds no entry, and the id is free', async () => {
    const sequence = await system.claimed('a');
    await system.removed('a', sequence);
    await system.settle('a', sequence, { claim: sequence, owner: null, dependencies: [] });
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });
});
