import { beforeEach, describe, expect, it } from 'vitest';
import type { EventDraft } from '../../../src/core/event/coordinator-event.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

let system: FreshCoordinator;
beforeEach(() => {
  system = freshCoordinator();
});

const claim = (id: string, type: string, dependencies: readonly string[] = []) =>
  system.claim({ id, type, dependencies, owner: null });
const registered: EventDraft = { key: 'k', type: 'component.registered', subject: 'base', time: 1, data: {} };
const all = () => system.events({ after: 0, types: null, limit: 100, newest: false });

describe('a change that was stored while a refused one was pending', () => {
  it('does not keep the id reserved after the removal', async () => {
    await system.registered('a');
    const stored = await system.claimed('a');
    const refused = await system.claimed('a');
    await system.confirm('a', stored);
    await system.release('a', refused);
    // The registry removed the component, with number `stored`.
    await system.release('a', stored);
    expect(await system.typeOf('a')).toBeNull();
    expect(await claim('a', 'agent_registry')).toMatchObject({ ok: true });
  });

  it('keeps its dependencies', async () => {
    await system.registered('x');
    await system.registered('a');
    const stored = await system.claimed('a', 'task_router', ['x']);
    const refused = await system.claimed('a');
    await system.confirm('a', stored);
    await system.release('a', refused);
    expect(await claim('x', 'task_router', ['a'])).toMatchObject({ ok: false, reason: 'dependency-cycle' });
  });
});

describe('a component removed while its change was stored but not confirmed', () => {
  it('is removed', async () => {
    await system.registered('a');
    const change = await system.claimed('a');
    // The removal names the change's number, as its event or the DELETE does.
    await system.publish(
      [{ key: 'u', type: 'component.unregistered', subject: 'a', time: 1, data: {}, claim: change }],
      null,
    );
    expect(await system.typeOf('a')).toBeNull();
  });
});

describe('a claim that was settled as absent and then made by another type', () => {
  it('cannot be confirmed', async () => {
    const lost = await system.claimed('a', 'task_router');
    await system.settle('a', lost, null);
    await system.registered('a', 'agent_registry');
    expect(await system.confirm('a', lost)).toBe(false);
  });
});

describe('a registration confirmed while a newer claim is pending', () => {
  it('is registered at once', async () => {
    const older = await system.claimed('a');
    await system.claimed('a');
    expect(await system.confirm('a', older)).toBe(true);
    expect(await system.typeOf('a')).toBe('task_router');
  });
});

describe('a draft that is published again', () => {
  it('leaves no gap in the sequence', async () => {
    await system.publish([registered], null);
    await system.publish([registered], null);
    await system.publish([{ ...registered, key: 'next' }], null);
    expect((await all()).map((event) => event.sequence)).toEqual([1, 2]);
  });

  it('adds no event, although the component has dependants by now', async () => {
    await system.publish([registered], null);
    await system.registered('base');
    await system.registered('a', 'task_router', ['base']);
    await system.publish([registered], null);
    expect(await all()).toHaveLength(1);
  });
});
