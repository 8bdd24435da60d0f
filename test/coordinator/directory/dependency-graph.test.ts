import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DirectoryStore } from '../../../src/coordinator/directory/directory-store.ts';
import { PlainDirectory } from '../../support/plain-directory.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const ids = fc.constantFrom(...IDS);

/** Those that name a claim take one of those under way. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('claim'), id: ids, names: fc.subarray([...IDS], { maxLength: 2 }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('confirm', 'release'), at: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), id: ids }) },
  ),
  { minLength: 20, maxLength: 40 },
);
type Step =
  | { readonly kind: 'claim'; readonly id: string; readonly names: readonly string[] }
  | { readonly kind: 'confirm' | 'release'; readonly at: number }
  | { readonly kind: 'remove'; readonly id: string };

/** Does a step to both; the verdict on a claim is that of the plain one. */
async function take(step: Step, system: ReturnType<typeof freshCoordinator>, plain: PlainDirectory): Promise<void> {
  if (step.kind === 'claim') {
    const { id, names } = step;
    const claim = await system.claim({ id, type: 'task_router', dependencies: names, owner: null });
    expect(claim.ok ? 'held' : claim.reason).toBe(plain.verdict(id, names));
    if (claim.ok) plain.claim(claim.value.sequence, id, names);
  } else if (step.kind === 'remove') {
    const sequence = plain.entries.get(step.id)?.sequence;
    if (sequence === undefined) return;
    await system.removed(step.id, sequence);
    plain.remove(step.id);
  } else {
    const pending = [...plain.claims];
    const [sequence, { id } = { id: '' }] = pending[step.at % pending.length] ?? [];
    if (sequence === undefined) return;
    if (step.kind === 'release') {
      await system.release(id, sequence);
      plain.release(sequence);
    } else expect(await system.confirm(id, sequence)).toBe(plain.confirm(sequence));
  }
}

function searches() {
  const reaches = vi.spyOn(DirectoryStore.prototype, 'reaches');
  onTestFinished(() => reaches.mockRestore());
  return reaches;
}

describe('the verdict on dependencies', () => {
  it('is that of a check of the whole graph, whatever came before', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const [system, plain] = [freshCoordinator(), new PlainDirectory()];
        for (const id of IDS) plain.enter(await system.registered(id), id);
        for (const step of taken as Step[]) await take(step, system, plain);
      }),
      { numRuns: 40 },
    );
  });
});

it('counts who is on the way back after it was removed', async () => {
  const system = freshCoordinator();
  await system.registered('a');
  const gone = await system.registered('p');
  await system.registered('x', 'task_router', ['p']);
  await system.removed('p', gone);
  await system.claimed('p', 'task_router', ['a']);
  const closing = { id: 'a', type: 'task_router', dependencies: ['x'], owner: null };
  expect(await system.claim(closing)).toMatchObject({ ok: false, reason: 'dependency-cycle' });
});

describe('the graph is searched', () => {
  it('for a dependency that is new to one on whom somebody depends', async () => {
    const system = freshCoordinator();
    for (const id of ['x', 'y', 'a']) await system.registered(id);
    await system.registered('above', 'task_router', ['a']);
    const reaches = searches();
    await system.claimed('a', 'task_router', ['x', 'y']);
    expect(reaches).toHaveBeenCalledTimes(1);
  });

  it('not for those that it names already', async () => {
    const system = freshCoordinator();
    for (const id of ['x', 'y']) await system.registered(id);
    await system.registered('a', 'task_router', ['x', 'y']);
    await system.registered('above', 'task_router', ['a']);
    const reaches = searches();
    await system.registered('a', 'task_router', ['x', 'y']);
    await system.registered('a', 'task_router', ['y']);
    expect(reaches).not.toHaveBeenCalled();
  });

  it('not while nobody depends on it', async () => {
    const system = freshCoordinator();
    await system.registered('x');
    const reaches = searches();
    await system.registered('a', 'task_router', ['x']);
    const own = { id: 'a', type: 'task_router', dependencies: ['a'], owner: null };
    expect(await system.claim(own)).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(reaches).not.toHaveBeenCalled();
  });
});
