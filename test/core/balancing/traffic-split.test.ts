import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../../src/core/balancing/balancing-settings.ts';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import type { Assignment } from './assign-work.ts';
import { assignWork } from './assign-work.ts';
import { MODES, candidateOf, poolOf, fullCandidate, outcomesOf, pickOnce, requestOf } from './candidate-of.ts';

const CANARY: BalancingSettings['trafficSplit'] = [{ match: { version: '2' }, percent: 10 }];

const versioned = (version: string, count: number): Candidate[] =>
  Array.from({ length: count }, (_, at) => candidateOf(`v${version}-${at}`, { metadata: { version } }));

/** Spread like the edge does it: any run of values is even over [0, 1). */
const evenly = (at: number): number => (0.123 + at * 0.618_033_988_749_894_9) % 1;

/** Share of the work of each version, in percent. */
function percents(pool: CandidatePool, assignment: Partial<Assignment> = {}): Record<string, number> {
  const got = assignWork(pool, { count: 1_000, splitAt: evenly, ...assignment });
  const sums: Record<string, number> = {};
  for (const [position, count] of got.entries()) {
    const { version } = pool.candidates[position]!.metadata;
    if (typeof version !== 'string') throw new Error('every candidate here has a version');
    sums[version] = (sums[version] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(sums).map(([version, count]) => [version, count / 10]));
}

const closeTo = (percent: number, within = 2) => expect.toSatisfy((got: number) => Math.abs(got - percent) <= within);

describe('a traffic split', () => {
  it.each(POLICY_NAMES)(
    'of 10 and 90 holds within 2 %% over 1 000 requests, however many components serve each part: %s',
    (policy) => {
      for (const [canaries, others] of [
        [1, 1],
        [1, 30],
        [30, 3],
      ] as const)
        for (const mode of MODES)
          for (const work of ['done at once', 'kept'] as const) {
            const candidates = [...versioned('2', canaries), ...versioned('1', others)];
            const pool = poolOf(candidates, { policy, trafficSplit: CANARY });
            expect(percents(pool, { mode, work })).toEqual({ 1: closeTo(90), 2: closeTo(10) });
          }
    },
  );

  it('applies all of its parts, and gives the rest to components of no part', () => {
    const trafficSplit = [
      { match: { version: '2' }, percent: 20 },
      { match: { version: '3' }, percent: 30 },
    ];
    const candidates = ['1', '2', '3', '4'].flatMap((version) => versioned(version, 3));
    const got = percents(poolOf(candidates, { trafficSplit }));
    expect(got).toMatchObject({ 2: closeTo(20), 3: closeTo(30) });
    expect(got['1']! + got['4']!).toBeCloseTo(50, -1);
  });

  it.each([0, 100])('of %i percent is all or nothing', (percent) => {
    const trafficSplit = [{ match: { version: '2' }, percent }];
    const pool = poolOf([...versioned('2', 3), ...versioned('1', 3)], { trafficSplit });
    expect(percents(pool)).toEqual({ 1: 100 - percent, 2: percent });
  });

  it('assigns a component that matches two parts to the first', () => {
    const trafficSplit: BalancingSettings['trafficSplit'] = [
      { match: { version: '2' }, percent: 10 },
      { match: { tier: 'gold' }, percent: 90 },
    ];
    const both = candidateOf('both', { metadata: { version: '2', tier: 'gold' } });
    const gold = candidateOf('gold', { metadata: { version: '1', tier: 'gold' } });
    expect(percents(poolOf([both, gold], { trafficSplit }))).toEqual({ 1: closeTo(90), 2: closeTo(10) });
  });

  it('sends the same key to the same part', () => {
    const pool = poolOf([...versioned('2', 5), ...versioned('1', 5)], { trafficSplit: CANARY });
    const partsOf = (affinityKey: string): Set<unknown> =>
      new Set(
        Array.from({ length: 20 }, (_, at) => {
          const pick = pickOnce(pool, requestOf({}, { affinityKey }), { splitAt: at / 20, seed: at });
          return pick.ok ? pick.part : null;
        }),
      );
    const parts = Array.from({ length: 1_000 }, (_, key) => partsOf(`key-${key}`));
    expect(parts.every(({ size }) => size === 1)).toBe(true);
    expect(parts.filter((part) => part.has(0)).length / 10).toEqual(closeTo(10, 3));
  });

  it('yields to a preference for metadata or a component', () => {
    const pool = poolOf([...versioned('2', 3), ...versioned('1', 3)], { trafficSplit: CANARY });
    const only = (request: RouteRequest) => percents(pool, { request: () => request });
    expect(only(requestOf({ match: { version: '1' } }))).toEqual({ 1: 100, 2: 0 });
    expect(only(requestOf({ match: { version: '2' } }))).toEqual({ 1: 0, 2: 100 });
    expect(only(requestOf({ preferredComponent: 'v2-1' }))).toEqual({ 1: 0, 2: 100 });
  });

  it('holds among the components that meet a preference in both parts', () => {
    const located = [...versioned('2', 4), ...versioned('1', 4)].map((candidate, at): Candidate => ({
      ...candidate,
      location: at % 2 === 0 ? 'weur' : 'enam',
    }));
    const pool = poolOf(located, { trafficSplit: CANARY });
    expect(percents(pool, { request: () => requestOf({ location: 'weur' }) })).toEqual({
      1: closeTo(90),
      2: closeTo(10),
    });
  });

  it('loses no request if a part has no component, or none with capacity', () => {
    const pool = poolOf(versioned('1', 3), { trafficSplit: CANARY });
    expect(percents(pool)).toEqual({ 1: 100 });
    const full = fullCandidate('canary', { metadata: { version: '2' } });
    expect(percents(poolOf([full, ...versioned('1', 3)], { trafficSplit: CANARY }))).toEqual({ 1: 100, 2: 0 });
    const down = candidateOf('canary', { metadata: { version: '2' }, status: 'degraded' });
    expect(percents(poolOf([down, ...versioned('1', 3)], { trafficSplit: CANARY }))).toEqual({ 1: 100, 2: 0 });
  });

  it('reports the part that it chose from, and null if bypassed', () => {
    const pool = poolOf([...versioned('2', 2), ...versioned('1', 2)], { trafficSplit: CANARY });
    const partOf = (preferences = {}, splitAt = 0): number | null | undefined => {
      const pick = pickOnce(pool, requestOf(preferences), { splitAt });
      return pick.ok ? pick.part : undefined;
    };
    expect([partOf({}, 0.05), partOf({}, 0.95)]).toEqual([0, 1]);
    expect(partOf({ match: { version: '1' } }, 0.05)).toBeNull();
    expect(partOf({ match: { version: '1' } }, 0.95)).toBe(1);
    expect(partOf({ preferredComponent: 'v2-1' }, 0.05)).toBeNull();
    const panicking = poolOf([...versioned('2', 1), candidateOf('down', { status: 'unhealthy' })], {
      trafficSplit: CANARY,
      panicThreshold: 90,
    });
    expect(pickOnce(panicking, requestOf())).toMatchObject({ fallbackTier: 'panic', part: null });
    expect(outcomesOf(panicking)).toEqual(['down', 'v2-0']);
  });
});
