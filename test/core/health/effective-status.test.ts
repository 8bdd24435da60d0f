import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LifecycleState } from '../../../src/core/component/lifecycle.ts';
import { MAX_ROOT_CAUSES, effectiveStatus, findRootCauses, isDown } from '../../../src/core/health/effective-status.ts';
import type { HealthStatus } from '../../../src/core/health/health-status.ts';

type Edges = Readonly<Record<string, readonly string[]>>;

const causesOf = (edges: Edges, down: readonly string[]) =>
  Object.fromEntries(
    findRootCauses({
      dependencies: new Map(Object.entries(edges)),
      isDown: (id) => down.includes(id),
      rootCauseOf: () => [],
    }),
  );

const CHAIN = { a: [], b: ['a'], c: ['b'] };
const DIAMOND = { a: [], l: ['a'], r: ['a'], top: ['l', 'r'] };

describe('the root cause', () => {
  it.each<[string, Edges, string[], Record<string, string[]>]>([
    ['nothing is down', CHAIN, [], { a: [], b: [], c: [] }],
    ['the end of a chain is down', CHAIN, ['a'], { a: [], b: ['a'], c: ['a'] }],
    ['the middle is down', CHAIN, ['b'], { a: [], b: [], c: ['b'] }],
    ['end and middle are down', CHAIN, ['a', 'b'], { a: [], b: ['a'], c: ['a'] }],
    ['the top is down', CHAIN, ['c'], { a: [], b: [], c: [] }],
    ['the foot of a diamond is down', DIAMOND, ['a'], { a: [], l: ['a'], r: ['a'], top: ['a'] }],
    ['both its sides are down', DIAMOND, ['l', 'r'], { a: [], l: [], r: [], top: ['l', 'r'] }],
    ['foot and one side are down', DIAMOND, ['a', 'r'], { a: [], l: ['a'], r: ['a'], top: ['a'] }],
    ['two feet are down', { x: ['q', 'p'], p: [], q: [] }, ['p', 'q'], { x: ['p', 'q'], p: [], q: [] }],
    ['a component outside the map is down', { b: ['a'] }, ['a'], { b: ['a'] }],
  ])('when %s', (_, edges, down, expected) => {
    expect(causesOf(edges, down)).toEqual(expected);
  });

  it('is found along a chain of any length', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20_000 }, (_each, at) => [`n${at}`, at === 0 ? [] : [`n${at - 1}`]]),
    );
    expect(causesOf(chain, ['n0'])['n19999']).toEqual(['n0']);
  });

  it('is found even in a cycle, although registration refuses cycles', () => {
    expect(causesOf({ a: ['b'], b: ['a', 'z'], z: [] }, ['z'])).toMatchObject({ b: ['z'], z: [] });
  });

  it('lists the first ten', () => {
    const roots = Array.from({ length: 30 }, (_each, at) => `r-${String(at).padStart(2, '0')}`);
    const { top } = causesOf({ top: roots.toReversed() }, roots);
    expect(top).toEqual(roots.slice(0, MAX_ROOT_CAUSES));
  });
});

it('effectiveStatus is the own status, or unhealthy with a root cause', () => {
  for (const own of ['unknown', 'healthy', 'degraded', 'unhealthy'] as const) {
    expect(effectiveStatus(own, [])).toBe(own);
    expect(effectiveStatus(own, ['a'])).toBe('unhealthy');
  }
});

it.each<[HealthStatus, LifecycleState, boolean]>([
  ['healthy', 'active', false],
  ['healthy', 'standby', false],
  ['healthy', 'draining', false],
  ['unknown', 'active', false],
  ['degraded', 'active', false],
  ['unhealthy', 'active', true],
  ['unhealthy', 'draining', true],
  ['healthy', 'maintenance', true],
  ['healthy', 'isolated', true],
])('isDown for status %s and lifecycle %s: %s', (status, lifecycle, down) => {
  expect(isDown(status, lifecycle)).toBe(down);
});

/** Twelve components: each may depend on earlier ones, so that no cycle exists. */
const SIZE = 12;
const idOf = (at: number): string => `n${String(at).padStart(2, '0')}`;
const ALL = Array.from({ length: SIZE }, (_each, at) => idOf(at));

const step = fc.record({
  at: fc.nat(SIZE - 1),
  what: fc.oneof(fc.constant('turn' as const), fc.array(fc.nat(SIZE - 1), { maxLength: 5 })),
});

describe('findRootCauses', () => {
  it('gives the same result incrementally as for the whole graph', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const edges = new Map<string, readonly string[]>(ALL.map((id) => [id, []]));
        const down = new Set<string>();
        const known = new Map<string, readonly string[]>();
        const isDownNow = (id: string): boolean => down.has(id);
        for (const { at, what } of steps) {
          const id = idOf(at);
          if (what !== 'turn') edges.set(id, [...new Set(what.filter((below) => below < at).map(idOf))]);
          else if (!down.delete(id)) down.add(id);
          // Transitive dependants.
          const above = new Set([id]);
          for (const next of above) for (const [other, below] of edges) if (below.includes(next)) above.add(other);
          const changed = findRootCauses({
            dependencies: new Map([...above].map((each) => [each, edges.get(each) ?? []])),
            isDown: isDownNow,
            rootCauseOf: (each) => known.get(each) ?? [],
          });
          for (const [each, causes] of changed) known.set(each, causes);
          const complete = findRootCauses({ dependencies: edges, isDown: isDownNow, rootCauseOf: () => [] });
          expect(Object.fromEntries(ALL.map((each) => [each, known.get(each) ?? []]))).toEqual(
            Object.fromEntries(complete),
          );
        }
      }),
    );
  });

  it('explains each dependant of a failed component by a failed component without failed dependencies', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(SIZE - 1), { maxLength: 4 }), { minLength: SIZE, maxLength: SIZE }),
        fc.uniqueArray(fc.nat(SIZE - 1)),
        (drawn, failed) => {
          const edges = Object.fromEntries(
            drawn.map((below, at) => [idOf(at), [...new Set(below.filter((each) => each < at).map(idOf))]]),
          );
          const down = failed.map(idOf);
          const causes = causesOf(edges, down);
          for (const id of ALL) {
            const suffers = edges[id]!.some((each) => down.includes(each) || causes[each]!.length > 0);
            expect(causes[id]!.length > 0).toBe(suffers);
            for (const cause of causes[id]!) {
              expect(down).toContain(cause);
              expect(causes[cause]).toEqual([]);
            }
          }
        },
      ),
    );
  });
});
