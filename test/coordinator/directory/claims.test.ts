import { beforeEach, describe, expect, it } from 'vitest';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

let system: FreshCoordinator;
beforeEach(() => {
  system = freshCoordinator();
});

const claim = (id: string, type: string, dependencies: readonly string[] = []) =>
  system.claim({ id, type, dependencies, owner: null });

describe('a claim', () => {
  it('reserves an id, which is registered only once it is confirmed', async () => {
    const sequence = await system.claimed('a');
    expect(await system.typeOf('a')).toBeNull();
    expect(await system.confirm('a', sequence)).toBe(true);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('blocks other types while it is pending and once it is confirmed', async () => {
    const sequence = await system.claimed('a');
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    await system.confirm('a', sequence);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('has a higher number than all earlier claims of any id', async () => {
    const numbers = [];
    for (const id of ['a', 'b', 'a', 'c', 'b', 'a']) numbers.push(await system.claimed(id));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('leaves no trace when it is released', async () => {
    const sequence = await system.claimed('a');
    await system.release('a', sequence);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });

  it('of a registered component leaves the registration unchanged when it is released', async () => {
    await system.registered('x');
    await system.registered('a', 'task_router', ['x']);
    const change = await system.claimed('a', 'task_router', []);
    await system.release('a', change);
    expect(await system.typeOf('a')).toBe('task_router');
    // a still depends on x.
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });

  it('can be confirmed or released twice without further effect', async () => {
    const sequence = await system.registered('a');
    expect(await system.confirm('a', sequence)).toBe(true);
    await system.release('a', sequence);
    await system.release('a', sequence);
    expect(await system.typeOf('a')).toBeNull();
    expect(await system.confirm('a', sequence)).toBe(false);
  });

  it('that was released or never made cannot be confirmed', async () => {
    const sequence = await system.claimed('a');
    await system.release('a', sequence);
    expect(await system.confirm('a', sequence)).toBe(false);
    expect(await system.confirm('never-claimed', 1)).toBe(false);
    expect(await system.typeOf('a')).toBeNull();
  });
});

describe('two claims of one id', () => {
  it('are decided by the newer one; the older has no effect', async () => {
    const [x, y] = ['x', 'y'];
    await system.registered(x);
    await system.registered(y);
    const older = await system.claimed('a', 'task_router', [x]);
    const newer = await system.claimed('a', 'task_router', [y]);
    expect(newer).toBeGreaterThan(older);
    await system.confirm('a', newer);
    await system.confirm('a', older);
    expect(await system.typeOf('a')).toBe('task_router');
    // Component a depends on y, by the newer claim, and no longer on x.
    expect(await claim(y, 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(await claim(x, 'task_router', ['a'])).toMatchObject({ ok: true });
  });

  it('keep the id reserved by the newer one when the older is released', async () => {
    const older = await system.claimed('a');
    const newer = await system.claimed('a');
    await system.release('a', older);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    expect(await system.confirm('a', newer)).toBe(true);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('keep the newer registration when a removal names the older number', async () => {
    const first = await system.registered('a');
    const second = await system.claimed('a');
    await system.release('a', first);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    await system.confirm('a', second);
    await system.release('a', first);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('made concurrently get unique numbers, and only one of two types succeeds', async () => {
    const results = await Promise.all(
      [0, 1, 0, 1, 0].map((at) => claim('a', at === 0 ? 'task_router' : 'agent_registry')),
    );
    const won = results.filter((result) => result.ok).map((result) => result.value.sequence);
    expect(new Set(won).size).toBe(won.length);
    expect(won).toHaveLength(3);
  });
});

describe('the dependencies of a claim', () => {
  it('must be confirmed, not only claimed', async () => {
    const sequence = await system.claimed('x');
    expect(await claim('a', 'task_router', ['x'])).toMatchObject({ ok: false, reason: 'dependency-not-registered' });
    await system.confirm('x', sequence);
    expect(await claim('a', 'task_router', ['x'])).toMatchObject({ ok: true });
  });

  it('must not close a cycle of any length, including pending claims', async () => {
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    await system.registered('c', 'caws_validator', ['b']);
    expect(await claim('a', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(await claim('a', 'task_router', ['c'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    await system.registered('d');
    await system.claimed('d', 'task_router', ['c']);
    expect(await claim('a', 'task_router', ['d'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });

  it('that are refused reserve nothing', async () => {
    expect(await claim('a', 'task_router', ['nobody'])).toMatchObject({ ok: false });
    expect(await system.confirm('a', 1)).toBe(false);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });
});

describe('the directory after an eviction', () => {
  it('has all types, pending claims, dependencies and numbers', async () => {
    await system.registered('x', 'agent_registry');
    await system.registered('a', 'task_router', ['x']);
    const pending = await system.claimed('p', 'caws_validator', ['a']);
    await system.evict();
    expect(await system.typeOf('x')).toBe('agent_registry');
    expect(await system.typeOf('a')).toBe('task_router');
    expect(await system.typeOf('p')).toBeNull();
    expect(await claim('p', 'task_router')).toMatchObject({ ok: false, reason: 'type-conflict' });
    expect(await claim('x', 'agent_registry', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(await system.claimed('z')).toBeGreaterThan(pending);
    expect(await system.confirm('p', pending)).toBe(true);
    expect(await system.typeOf('p')).toBe('caws_validator');
  });
});
