import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventDraft } from '../../../src/core/event/coordinator-event.ts';
import type { RootCauseUpdate } from '../../../src/core/health/root-cause-update.ts';
import { findRootCauses } from '../../../src/core/health/effective-status.ts';
import { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { eventually } from '../../support/coordinator-http.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

let revision = 0;

/** What a registry publishes when a component goes down or comes back. */
function turned(id: string, down: boolean): EventDraft {
  revision++;
  const component = { health: { status: down ? 'unhealthy' : 'healthy' }, lifecycle: 'active', revision };
  const type = 'component.health-changed';
  return { key: `k-${revision}`, type, subject: id, time: revision, data: { component } };
}

const gone = (id: string, claim: number): EventDraft => ({
  key: `k-${++revision}`,
  type: 'component.unregistered',
  subject: id,
  time: revision,
  data: {},
  claim,
});

/** What every registry is told, in order. */
function toldTo(): RootCauseUpdate[] {
  const told: RootCauseUpdate[] = [];
  vi.spyOn(ComponentRegistry.prototype, 'applyRootCauseUpdates').mockImplementation(async (turns) => {
    told.push(...turns);
  });
  return told;
}

const untold = (system: FreshCoordinator) =>
  runInDurableObject(system.stub, (_, state) =>
    state.storage.sql.exec<{ id: string }>('SELECT id FROM shadows WHERE told < sequence').toArray(),
  );

const rootCauses = (system: FreshCoordinator) =>
  runInDurableObject(system.stub, (_, state) => {
    const rows = state.storage.sql.exec<{ id: string; root_cause: string }>('SELECT * FROM shadows').toArray();
    return Object.fromEntries(
      rows
        .map(({ id, root_cause }) => [id, JSON.parse(root_cause) as string[]] as const)
        .filter(([, causes]) => causes.length > 0),
    );
  });

const allTold = (system: FreshCoordinator) =>
  eventually(
    () => untold(system),
    (rows) => rows.length === 0,
    5_000,
  );

afterEach(() => {
  vi.restoreAllMocks();
});

describe('what registries are told of dependencies', () => {
  it('is owed until they have it: through an eviction, by the alarm, in the order of its numbers', async () => {
    const system = freshCoordinator();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    const away = vi.spyOn(ComponentRegistry.prototype, 'applyRootCauseUpdates').mockRejectedValue(new Error('away'));
    await system.publish([turned('a', true)], null);
    await eventually(
      async () => away.mock.calls.length,
      (calls) => calls > 0,
    );
    expect(await untold(system)).toEqual([{ id: 'b' }]);
    await system.evict();
    away.mockRestore();
    const told = toldTo();
    // Armed when it came to be owed; earlier than its time, so that the test need not wait.
    await runDurableObjectAlarm(system.stub);
    await allTold(system);
    await system.publish([turned('a', false)], null);
    await eventually(
      async () => told.at(-1)?.rootCause,
      (causes) => causes?.length === 0,
    );
    expect(told.map(({ id, rootCause }) => [id, rootCause])).toEqual([
      ['b', ['a']],
      ['b', []],
    ]);
    expect(told[1]!.sequence).toBeGreaterThan(told[0]!.sequence);
    // Nothing is wrong and everybody knows: nothing is kept.
    await allTold(system);
    expect(await rootCauses(system)).toEqual({});
  });

  it('reaches one registry though another is away', async () => {
    const system = freshCoordinator();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    await system.registered('c', 'caws_validator', ['a']);
    vi.spyOn(ComponentRegistry.prototype, 'applyRootCauseUpdates').mockImplementation(async ([turn]) => {
      if (turn?.id === 'b') throw new Error('this registry is away');
    });
    await system.publish([turned('a', true)], null);
    await eventually(
      () => untold(system),
      (rows) => rows.length === 1,
    );
    expect(await untold(system)).toEqual([{ id: 'b' }]);
    vi.restoreAllMocks();
    await system.sweep(Date.now());
    await allTold(system);
  });

  it('is nothing where nobody depends on what turned', async () => {
    const system = freshCoordinator();
    const told = toldTo();
    await system.registered('a');
    await system.registered('b');
    await system.publish([turned('a', true), turned('b', true), turned('a', false)], null);
    await system.registered('b');
    expect([told, await rootCauses(system)]).toEqual([[], {}]);
    expect(await runInDurableObject(system.stub, (_, state) => state.storage.getAlarm())).toBeNull();
  });

  it('is what the newest word of a component means, whatever comes late', async () => {
    const system = freshCoordinator();
    toldTo();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    const [down, up] = [turned('a', true), turned('a', false)];
    await system.publish([down, up], null);
    await system.publish([down], null);
    const late = { type: 'task_router', revision: revision - 1, down: ['a'], rootCauses: [] };
    await system.reconcile(late);
    expect(await rootCauses(system)).toEqual({});
    await system.reconcile({ ...late, revision: revision + 1 });
    expect(await rootCauses(system)).toEqual({ b: ['a'] });
    // All registries are listened to at once: nothing may come late into the next test.
    await allTold(system);
  });

  it('is told again where the registry does not hold it, and taken back where it holds what is over', async () => {
    const system = freshCoordinator();
    const told = toldTo();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    await system.registered('c', 'agent_registry');
    await system.publish([turned('a', true)], null);
    await allTold(system);
    const held = { type: 'agent_registry', revision: 0, down: [] };
    const { sequence } = told[0]!;
    await system.reconcile({ ...held, rootCauses: [['b', sequence]] });
    expect(told).toHaveLength(1);
    await system.reconcile({ ...held, rootCauses: [['c', 99]] });
    await allTold(system);
    expect(told.slice(1).map(({ id, rootCause }) => [id, rootCause])).toEqual([
      ['b', ['a']],
      ['c', []],
    ]);
  });
});

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const;
const at = fc.nat(IDS.length - 1);
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const), at }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('register' as const), at, below: fc.array(at, { maxLength: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), at }) },
  ),
  { minLength: 10, maxLength: 40 },
);

it('root causes are those of the whole graph, whatever came before', async () => {
  toldTo();
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const system = freshCoordinator();
      const edges = new Map<string, readonly string[]>();
      const claims = new Map<string, number>();
      const down = new Set<string>();
      for (const step of taken) {
        const id = IDS[step.at]!;
        if (step.kind === 'register') {
          const named = [...new Set(step.below.filter((below) => below < step.at))].map((below) => IDS[below]!);
          // Who is gone cannot be named, unless it was named before.
          const below = named.filter((each) => edges.has(each));
          claims.set(id, await system.registered(id, 'task_router', below));
          edges.set(id, below);
        } else if (!edges.has(id)) continue;
        else if (step.kind === 'remove') {
          await system.publish([gone(id, claims.get(id)!)], null);
          edges.delete(id);
          down.delete(id);
        } else {
          if (!down.delete(id)) down.add(id);
          await system.publish([turned(id, down.has(id))], null);
        }
        const anew = findRootCauses({
          dependencies: edges,
          isDown: (each) => edges.has(each) && down.has(each),
          rootCauseOf: () => [],
        });
        expect(await rootCauses(system)).toEqual(
          Object.fromEntries([...anew].filter(([, causes]) => causes.length > 0)),
        );
      }
    }),
    { numRuns: 25 },
  );
});
