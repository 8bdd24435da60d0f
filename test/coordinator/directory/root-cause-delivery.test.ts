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

/** The event that a registry publishes when a component becomes unhealthy or healthy. */
function healthChanged(id: string, down: boolean): EventDraft {
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

/** Records the updates sent to all registries, in order. */
function recordUpdates(): RootCauseUpdate[] {
  const sent: RootCauseUpdate[] = [];
  vi.spyOn(ComponentRegistry.prototype, 'applyRootCauseUpdates').mockImplementation(async (updates) => {
    sent.push(...updates);
  });
  return sent;
}

const pending = (system: FreshCoordinator) =>
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

const allDelivered = (system: FreshCoordinator) =>
  eventually(
    () => pending(system),
    (rows) => rows.length === 0,
    5_000,
  );

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a root-cause update', () => {
  it('stays pending over an eviction until the alarm delivers it, in the order of sequence numbers', async () => {
    const system = freshCoordinator();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    const apply = vi
      .spyOn(ComponentRegistry.prototype, 'applyRootCauseUpdates')
      .mockRejectedValue(new Error('unavailable'));
    await system.publish([healthChanged('a', true)], null);
    await eventually(
      async () => apply.mock.calls.length,
      (calls) => calls > 0,
    );
    expect(await pending(system)).toEqual([{ id: 'b' }]);
    await system.evict();
    apply.mockRestore();
    const sent = recordUpdates();
    // The alarm was armed when the update became pending. Running it early saves the test from waiting.
    await runDurableObjectAlarm(system.stub);
    await allDelivered(system);
    await system.publish([healthChanged('a', false)], null);
    await eventually(
      async () => sent.at(-1)?.rootCause,
      (causes) => causes?.length === 0,
    );
    expect(sent.map(({ id, rootCause }) => [id, rootCause])).toEqual([
      ['b', ['a']],
      ['b', []],
    ]);
    expect(sent[1]!.sequence).toBeGreaterThan(sent[0]!.sequence);
    // No component is down and all registries know it, so no row is kept.
    await allDelivered(system);
    expect(await rootCauses(system)).toEqual({});
  });

  it('reaches one registry while another is unavailable', async () => {
    const system = freshCoordinator();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    await system.registered('c', 'caws_validator', ['a']);
    vi.spyOn(ComponentRegistry.prototype, 'applyRootCauseUpdates').mockImplementation(async ([update]) => {
      if (update?.id === 'b') throw new Error('this registry is unavailable');
    });
    await system.publish([healthChanged('a', true)], null);
    await eventually(
      () => pending(system),
      (rows) => rows.length === 1,
    );
    expect(await pending(system)).toEqual([{ id: 'b' }]);
    vi.restoreAllMocks();
    await system.sweep(Date.now());
    await allDelivered(system);
  });

  it('is not created for a component without dependants', async () => {
    const system = freshCoordinator();
    const sent = recordUpdates();
    await system.registered('a');
    await system.registered('b');
    await system.publish([healthChanged('a', true), healthChanged('b', true), healthChanged('a', false)], null);
    await system.registered('b');
    expect([sent, await rootCauses(system)]).toEqual([[], {}]);
    expect(await runInDurableObject(system.stub, (_, state) => state.storage.getAlarm())).toBeNull();
  });

  it('follows the newest status of a component, whatever arrives late', async () => {
    const system = freshCoordinator();
    recordUpdates();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    const [down, up] = [healthChanged('a', true), healthChanged('a', false)];
    await system.publish([down, up], null);
    await system.publish([down], null);
    const late = { type: 'task_router', revision: revision - 1, down: ['a'], rootCauses: [] };
    await system.reconcile(late);
    expect(await rootCauses(system)).toEqual({});
    await system.reconcile({ ...late, revision: revision + 1 });
    expect(await rootCauses(system)).toEqual({ b: ['a'] });
    // The spy records all registries, so no delivery may remain for the next test.
    await allDelivered(system);
  });

  it('is sent again to a registry that lacks it, and revoked in a registry with an ended cause', async () => {
    const system = freshCoordinator();
    const sent = recordUpdates();
    await system.registered('a');
    await system.registered('b', 'agent_registry', ['a']);
    await system.registered('c', 'agent_registry');
    await system.publish([healthChanged('a', true)], null);
    await allDelivered(system);
    const held = { type: 'agent_registry', revision: 0, down: [] };
    const { sequence } = sent[0]!;
    await system.reconcile({ ...held, rootCauses: [['b', sequence]] });
    expect(sent).toHaveLength(1);
    await system.reconcile({ ...held, rootCauses: [['c', 99]] });
    await allDelivered(system);
    expect(sent.slice(1).map(({ id, rootCause }) => [id, rootCause])).toEqual([
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

it('the stored root causes equal those of the whole graph after any history', async () => {
  recordUpdates();
  await fc.assert(
    fc.asyncProperty(steps, async (generated) => {
      const system = freshCoordinator();
      const edges = new Map<string, readonly string[]>();
      const claims = new Map<string, number>();
      const down = new Set<string>();
      for (const step of generated) {
        const id = IDS[step.at]!;
        if (step.kind === 'register') {
          const named = [...new Set(step.below.filter((below) => below < step.at))].map((below) => IDS[below]!);
          // A registration may name only registered dependencies.
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
          await system.publish([healthChanged(id, down.has(id))], null);
        }
        const expected = findRootCauses({
          dependencies: edges,
          isDown: (each) => edges.has(each) && down.has(each),
          rootCauseOf: () => [],
        });
        expect(await rootCauses(system)).toEqual(
          Object.fromEntries([...expected].filter(([, causes]) => causes.length > 0)),
        );
      }
    }),
    { numRuns: 25 },
  );
});
