import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DirectoryStore } from '../../../src/coordinator/directory/directory-store.ts';
import { PlainDirectory } from '../../support/plain-directory.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const ids = fc.constantFrom(...IDS);

/** Random steps. Confirm and release pick one of the pending claims by `at`. */
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

/** Applies a step to the coordinator and to the model, and asserts that both give the same verdict. */
async function applyStep(
  step: Step,
  system: ReturnType<typeof freshCoordinator>,
  plain: PlainDirectory,
): Promise<void> {
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

function spyOnReaches() {
  const reaches = vi.spyOn(DirectoryStore.prototype, 'reaches');
  onTestFinished(() => reaches.mockRestore());
  return reaches;
}

describe('the dependency check', () => {
  it('equals a check of the whole graph after any history', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (generated) => {
        const [system, plain] = [freshCoordinator(), new PlainDirectory()];
        for (const id of IDS) plain.enter(await system.registered(id), id);
        for (const step of generated as Step[]) await applyStep(step, system, plain);
      }),
      { numRuns: 40 },
    );
  });
});

it('the dependency check includes a removed component that is claimed again', async () => {
  const system = freshCoordinator();
  await system.registered('a');
  const gone = await system.registered('p');
  await system.registered('x', 'task_router', ['p']);
  await system.removed('p', gone);
  await system.claimed('p', 'task_router', ['a']);
  const closing = { id: 'a', type: 'task_router', dependencies: ['x'], owner: null };
  expect(await system.claim(closing)).toMatchObject({ ok: false, reason: 'dependency-cycle' });
});

describe('the graph search', () => {
  it('runs for a new dependency of a component that has dependants', async () => {
    const system = freshCoordinator();
    for (const id of ['x', 'y', 'a']) await system.registered(id);
    await system.registered('above', 'task_router', ['a']);
    const reaches = spyOnReaches();
    await system.claimed('a', 'task_router', ['x', 'y']);
    expect(reaches).toHaveBeenCalledTimes(1);
  });

  it('does not run for unchanged dependencies', async () => {
    const system = freshCoordinator();
    for (const id of ['x', 'y']) await system.registered(id);
    await system.registered('a', 'task_router', ['x', 'y']);
    await system.registered('above', 'task_router', ['a']);
    const reaches = spyOnReaches();
    await system.registered('a', 'task_router', ['x', 'y']);
    await system.registered('a', 'task_router', ['y']);
    expect(reaches).not.toHaveBeenCalled();
  });

  it('does not run for a component without dependants', async () => {
    const system = freshCoordinator();
    await system.registered('x');
    const reaches = spyOnReaches();
    await system.registered('a', 'task_router', ['x']);
    const own = { id: 'a', type: 'task_router', dependencies: ['a'], owner: null };
    expect(await system.claim(own)).toMatchObject({ ok: false, reason: 'dependency-cycle' });
    expect(reaches).not.toHaveBeenCalled();
  });
});
