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

describe('unsettled claims', () => {
  it('are those whose 60 s are over, and only those still pending', async () => {
    const pending = await system.claimed('a');
    await system.registered('b');
    await system.release('c', await system.claimed('c'));
    expect(await system.overdueClaims(Date.now() + CLAIM_MS - 5_000)).toEqual([]);
    expect(await system.overdueClaims(later())).toMatchObject([{ id: 'a', type: 'task_router', sequence: pending }]);
    await system.evict();
    expect(await system.overdueClaims(later())).toMatchObject([{ id: 'a', type: 'task_router', sequence: pending }]);
  });

  it('are held all the same until they are settled', async () => {
    await system.claimed('a');
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
  });
});

describe('claims that nobody could settle yet', () => {
  it('of one type do not keep those of another waiting', async () => {
    for (let at = 0; at < 110; at++) await system.claimed(`a-${at}`, 'task_router');
    const other = await system.claimed('b', 'agent_registry');
    const due = await system.overdueClaims(later());
    expect(due).toHaveLength(100);
    expect(due.map(({ sequence }) => sequence)).toContain(other);
    expect(due[0]).toMatchObject({ id: 'a-0' });
  });

  it('of one id are not piled up: the newest stands for all', async () => {
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
    // What the registry stored under a claim that is not kept is found by any that is.
    await system.release('a', newest);
    const held = { claim: stored, owner: null, dependencies: ['x'] };
    await system.settle('a', due[0]!.sequence, held);
    expect(await system.typeOf('a')).toBe('task_router');
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });
});

describe('a pending claim is settled by what the registry holds', () => {
  it('nothing: the id is free', async () => {
    const sequence = await system.claimed('a');
    await system.settle('a', sequence, null);
    expect(await system.overdueClaims(later())).toEqual([]);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });

  it('the registration of that claim: it is confirmed, with its dependencies', async () => {
    await system.registered('x');
    const sequence = await system.claimed('a', 'task_router', ['x']);
    await system.settle('a', sequence, { claim: sequence, owner: null, dependencies: ['x'] });
    expect(await system.typeOf('a')).toBe('task_router');
    expect(await system.overdueClaims(later())).toEqual([]);
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    await system.release('a', sequence);
    expect(await system.typeOf('a')).toBeNull();
  });

  it('an older registration: that one stays, with its dependencies, and goes by its own number', async () => {
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

  it('an older registration that was never confirmed: it is now', async () => {
    const older = await system.claimed('a');
    const newer = await system.claimed('a');
    await system.settle('a', newer, { claim: older, owner: null, dependencies: [] });
    expect(await system.typeOf('a')).toBe('task_router');
    await system.release('a', older);
    expect(await system.typeOf('a')).toBeNull();
  });

  it('and not when someone claimed or confirmed meanwhile', async () => {
    const overtaken = await system.claimed('a');
    const current = await system.claimed('a');
    await system.settle('a', overtaken, null);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    await system.confirm('a', current);
    await system.settle('a', current, null);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('twice is once', async () => {
    const sequence = await system.claimed('a');
    const held = { claim: sequence, owner: null, dependencies: [] };
    await system.settle('a', sequence, held);
    await system.settle('a', sequence, held);
    await system.settle('a', sequence, null);
    expect(await system.typeOf('a')).toBe('task_router');
  });
});

describe('a claim whose component was removed while the sweep asked for it', () => {
  it('enters nothing: the id is free', async () => {
    const sequence = await system.claimed('a');
    await system.removed('a', sequence);
    await system.settle('a', sequence, { claim: sequence, owner: null, dependencies: [] });
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });
});
