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
  it('holds an id that is not registered before it is confirmed', async () => {
    const sequence = await system.claimed('a');
    expect(await system.typeOf('a')).toBeNull();
    expect(await system.confirm('a', sequence)).toBe(true);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('keeps other types away while it is pending and when it is confirmed', async () => {
    const sequence = await system.claimed('a');
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    await system.confirm('a', sequence);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('has a number above all before it, whatever the id', async () => {
    const numbers = [];
    for (const id of ['a', 'b', 'a', 'c', 'b', 'a']) numbers.push(await system.claimed(id));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('released is as if it had never been', async () => {
    const sequence = await system.claimed('a');
    await system.release('a', sequence);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });

  it('of a registered component released leaves the registration as it was', async () => {
    await system.registered('x');
    await system.registered('a', 'task_router', ['x']);
    const change = await system.claimed('a', 'task_router', []);
    await system.release('a', change);
    expect(await system.typeOf('a')).toBe('task_router');
    // a still depends on x.
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });

  it('confirmed or released twice changes nothing more', async () => {
    const sequence = await system.registered('a');
    expect(await system.confirm('a', sequence)).toBe(true);
    await system.release('a', sequence);
    await system.release('a', sequence);
    expect(await system.typeOf('a')).toBeNull();
    expect(await system.confirm('a', sequence)).toBe(false);
  });

  it('that is gone cannot be confirmed', async () => {
    const sequence = await system.claimed('a');
    await system.release('a', sequence);
    expect(await system.confirm('a', sequence)).toBe(false);
    expect(await system.confirm('never-claimed', 1)).toBe(false);
    expect(await system.typeOf('a')).toBeNull();
  });
});

describe('two claims of one id', () => {
  it('are settled by the newer; the older changes nothing', async () => {
    const [x, y] = ['x', 'y'];
    await system.registered(x);
    await system.registered(y);
    const older = await system.claimed('a', 'task_router', [x]);
    const newer = await system.claimed('a', 'task_router', [y]);
    expect(newer).toBeGreaterThan(older);
    await system.confirm('a', newer);
    await system.confirm('a', older);
    expect(await system.typeOf('a')).toBe('task_router');
    // It depends on y as the newer says, and no longer on x.
    expect(await claim(y, 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(await claim(x, 'task_router', ['a'])).toMatchObject({ ok: true });
  });

  it('stay held by the newer when the older is given up', async () => {
    const older = await system.claimed('a');
    const newer = await system.claimed('a');
    await system.release('a', older);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    expect(await system.confirm('a', newer)).toBe(true);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('of a registered component: a removal under the old number leaves the new registration', async () => {
    const first = await system.registered('a');
    const second = await system.claimed('a');
    await system.release('a', first);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: false, reason: 'type-conflict' });
    await system.confirm('a', second);
    await system.release('a', first);
    expect(await system.typeOf('a')).toBe('task_router');
  });

  it('at the same instant get one number each, and one of two types', async () => {
    const answers = await Promise.all(['x', 'y', 'x', 'y', 'x'].map((type) => claim('a', type)));
    const won = answers.filter((answer) => answer.ok).map((answer) => answer.value.sequence);
    expect(new Set(won).size).toBe(won.length);
    expect(won).toHaveLength(3);
  });
});

describe('dependencies of a claim', () => {
  it('must be confirmed, not merely claimed', async () => {
    const sequence = await system.claimed('x');
    expect(await claim('a', 'task_router', ['x'])).toMatchObject({ ok: false, reason: 'dependency-not-registered' });
    await system.confirm('x', sequence);
    expect(await claim('a', 'task_router', ['x'])).toMatchObject({ ok: true });
  });

  it('close no cycle, over any number of steps, pending ones counted', async () => {
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    await system.registered('c', 'caws_validator', ['b']);
    expect(await claim('a', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(await claim('a', 'task_router', ['c'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    await system.registered('d');
    await system.claimed('d', 'task_router', ['c']);
    expect(await claim('a', 'task_router', ['d'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });

  it('that were refused hold nothing', async () => {
    expect(await claim('a', 'task_router', ['nobody'])).toMatchObject({ ok: false });
    expect(await system.confirm('a', 1)).toBe(false);
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });
});

describe('after an eviction', () => {
  it('all is there: types, pending claims, dependencies, numbers', async () => {
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
