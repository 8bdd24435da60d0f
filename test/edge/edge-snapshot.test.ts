import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../src/core/balancing/balancing-settings.ts';
import type { Candidate, LiveStats } from '../../src/core/balancing/candidate.ts';
import type { SnapshotDelta } from '../../src/core/balancing/snapshot-delta.ts';
import { estimatedAt as estimatedWorkAt, openAt as openWorkAt } from '../../src/core/balancing/open-work.ts';
import { packLiveStats } from '../../src/core/balancing/snapshot-delta.ts';
import type { Outcomes } from '../../src/core/component/load.ts';
import type { EdgeSnapshot } from '../../src/edge/edge-snapshot.ts';
import {
  applyDelta,
  applySettings,
  endWork,
  assign,
  restoreAssignments,
  newEdgeSnapshot,
  countOutcomes,
  drainOutcomes,
  drainAssignments,
} from '../../src/edge/edge-snapshot.ts';
import { NOW, candidateOf } from '../core/balancing/candidate-of.ts';

type Rows = readonly (readonly [position: number, liveStats: LiveStats])[];

interface DeltaInput {
  readonly epoch?: string;
  readonly version?: number;
  readonly changed?: SnapshotDelta['changed'];
  readonly conditions?: SnapshotDelta['conditions'];
  readonly rows?: Rows;
  readonly size: number;
}

const deltaOf = (input: DeltaInput, full: boolean): SnapshotDelta => {
  const { epoch = 'first', version = 1, changed = [], conditions = [], rows = [], size } = input;
  const liveStats = Float64Array.from(rows.flatMap(([position, each]) => packLiveStats(position, each)));
  return {
    epoch,
    version,
    revision: 7,
    full,
    size,
    changed,
    conditions,
    liveStats,
    nextCheckAt: NOW + 5_000,
    sentAt: NOW,
  };
};

const apply = (edge: EdgeSnapshot, input: DeltaInput, settings = DEFAULT_BALANCING): void =>
  applyDelta(edge, deltaOf(input, false), { settings, edgeMember: null }, NOW);
const applyFull = (edge: EdgeSnapshot, candidates: readonly (Candidate | null)[], epoch = 'first'): void => {
  const changed = [...candidates.entries()].filter(([, candidate]) => candidate !== null);
  applyDelta(
    edge,
    deltaOf({ epoch, changed, size: candidates.length }, true),
    { settings: DEFAULT_BALANCING, edgeMember: null },
    NOW,
  );
};

const liveStatsOf = (inFlight: number): LiveStats => candidateOf('any', {}, { inFlight }).liveStats;
const withWork = (id: string, inFlight: number): Candidate => candidateOf(id, {}, { inFlight });

/** A snapshot of `a`, `b`, `c` with 0, 1 and 2 pieces of work. */
function edgeOf(...ids: readonly string[]): EdgeSnapshot {
  const edge = newEdgeSnapshot(DEFAULT_BALANCING);
  applyFull(
    edge,
    (ids.length === 0 ? ['a', 'b', 'c'] : ids).map((id, at) => withWork(id, at)),
  );
  return edge;
}

const ONE_ENDED = { ended: 1, inFlight: null };
const outcomesOf = (ended: number): Outcomes => ({ ended, failed: 0, latencyMs: 0, timed: 0 });

const openAt = ({ pool, work }: EdgeSnapshot, ...positions: readonly number[]): number[] =>
  positions.map((position) => openWorkAt(pool, work, position, NOW));
const estimatedStats = (estimated: number, at = NOW): LiveStats => ({ ...liveStatsOf(0), estimated, estimatedAt: at });

describe('a snapshot that receives deltas', () => {
  it('contains all components, with the work in flight', () => {
    const edge = edgeOf();
    expect(edge.pool.candidates.map((candidate) => candidate?.id)).toEqual(['a', 'b', 'c']);
    expect(openAt(edge, 0, 1, 2)).toEqual([0, 1, 2]);
    expect(edge).toMatchObject({ syncedTo: { epoch: 'first', version: 1 }, revision: 7, nextCheckAt: NOW + 5_000 });
  });

  it('applies changed, new and removed components, and changed numbers', () => {
    const edge = edgeOf();
    const down = candidateOf('b', { status: 'unhealthy' }, { inFlight: 4 });
    apply(edge, {
      version: 2,
      changed: [
        [0, null],
        [1, down],
        [3, withWork('d', 9)],
      ],
      rows: [[2, { ...liveStatsOf(5), ewmaMs: 300, suspect: true }]],
      size: 4,
    });
    expect(edge.pool.candidates.map((candidate) => candidate?.id)).toEqual([undefined, 'b', 'c', 'd']);
    expect(edge.pool.candidates[1]).toBe(down);
    expect(edge.pool.candidates[2]).toMatchObject({ id: 'c', liveStats: { inFlight: 5, ewmaMs: 300, suspect: true } });
    expect(openAt(edge, 0, 1, 2, 3)).toEqual([0, 4, 5, 9]);
    expect([edge.pool.healthy.size, edge.pool.suspect.size]).toEqual([1, 1]);
    expect(edge.syncedTo).toEqual({ epoch: 'first', version: 2 });
  });

  it('applies a condition to the component that it knows', () => {
    const edge = edgeOf();
    const before = edge.pool.candidates[1]!;
    assign(edge, 1, NOW);
    const condition = { lifecycle: 'active', status: 'unhealthy', reason: 'HTTP_503', backSince: null } as const;
    apply(edge, {
      conditions: [
        [1, condition],
        [9, condition],
      ],
      rows: [[1, { ...before.liveStats, suspect: true, inFlight: 5 }]],
      size: 3,
    });
    expect(edge.pool.candidates[1]).toEqual({
      ...before,
      ...condition,
      liveStats: { ...before.liveStats, suspect: true, inFlight: 5 },
    });
    expect(edge.pool.candidates[1]!.metadata).toBe(before.metadata);
    expect([edge.pool.healthy.size, edge.pool.candidates.length]).toEqual([2, 3]);
    expect(openAt(edge, 1)).toEqual([6]);
  });

  it('is replaced by a full delta', () => {
    const edge = edgeOf();
    applyFull(edge, [null, withWork('x', 3)], 'second');
    expect(edge.pool.candidates.map((candidate) => candidate?.id)).toEqual([undefined, 'x']);
    expect([...edge.pool.positions]).toEqual([['x', 1]]);
    expect(openAt(edge, 0, 1)).toEqual([0, 3]);
    apply(edge, { epoch: 'second', version: 2, changed: [[2, withWork('y', 0)]], size: 3 });
    expect(openAt(edge, 0, 1, 2)).toEqual([0, 3, 0]);
  });

  it('ignores numbers of an empty position', () => {
    const edge = edgeOf();
    apply(edge, { rows: [[9, liveStatsOf(4)]], size: 10 });
    expect(edge.pool.candidates[9] ?? null).toBeNull();
  });

  it('applies new settings, and is compiled again after large changes', () => {
    const edge = edgeOf();
    const before = edge.pool;
    apply(edge, { rows: [[0, { ...liveStatsOf(0), ewmaMs: 21 }]], size: 3 });
    expect(edge.pool).toBe(before);
    apply(edge, { rows: [[0, { ...liveStatsOf(0), ewmaMs: 900 }]], size: 3 });
    expect(edge.pool.meanEwmaMs).toBeGreaterThan(300);
    const settings: BalancingSettings = { ...DEFAULT_BALANCING, policy: 'score' };
    apply(edge, { size: 3 }, settings);
    expect(edge.pool.settings).toBe(settings);
    expect(edge.pool.candidates.map((candidate) => candidate?.id)).toEqual(['a', 'b', 'c']);
  });

  it('reaches by deltas the state that a full delta would bring', () => {
    const change = fc.tuple(fc.nat(12), fc.option(fc.nat(99)), fc.nat(9), fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 12 }), (rounds) => {
        const candidates: (Candidate | null)[] = [];
        const edge = newEdgeSnapshot(DEFAULT_BALANCING);
        applyFull(edge, candidates);
        for (const [round, changes] of rounds.entries()) {
          const [changed, rows] = [new Map<number, Candidate | null>(), new Map<number, LiveStats>()];
          for (const [at, name, inFlight, isMove] of changes) {
            const position = Math.min(at, candidates.length);
            const known = candidates[position] ?? null;
            if (isMove && known && !changed.has(position)) {
              rows.set(position, liveStatsOf(inFlight));
              candidates[position] = { ...known, liveStats: liveStatsOf(inFlight) };
            } else if (!isMove) {
              // A name is valid at one position only.
              candidates[position] = name === null ? null : withWork(`c-${name}-${position}`, inFlight);
              changed.set(position, candidates[position]);
              rows.delete(position);
            }
          }
          apply(edge, { version: round + 2, changed: [...changed], rows: [...rows], size: candidates.length });
          expect(edge.pool.candidates).toEqual(candidates);
          expect(openAt(edge, ...candidates.keys())).toEqual(
            candidates.map((candidate) => candidate?.liveStats.inFlight ?? 0),
          );
        }
      }),
    );
  });
});

describe('an assignment by this isolate', () => {
  it('is counted at once and reported once', () => {
    const edge = edgeOf();
    for (const position of [0, 2, 2]) assign(edge, position, NOW);
    expect(openAt(edge, 0, 1, 2)).toEqual([1, 1, 4]);
    expect(drainAssignments(edge)).toEqual([
      [0, 1],
      [2, 2],
    ]);
    expect(drainAssignments(edge)).toEqual([]);
  });

  it('is reported again after a failed sync, with later assignments added', () => {
    const edge = edgeOf();
    assign(edge, 0, NOW);
    const assignments = drainAssignments(edge);
    assign(edge, 0, NOW);
    assign(edge, 1, NOW);
    restoreAssignments(edge, assignments);
    expect(new Map(drainAssignments(edge))).toEqual(
      new Map([
        [0, 2],
        [1, 1],
      ]),
    );
  });

  it.each<[string, Rows]>([
    ['which contains that component', [[0, liveStatsOf(3)]]],
    ['which does not', []],
  ])('during a sync counts on top of its response, %s', (_, rows) => {
    const edge = edgeOf();
    assign(edge, 0, NOW);
    drainAssignments(edge);
    assign(edge, 0, NOW);
    assign(edge, 0, NOW);
    apply(edge, { rows, size: 3 });
    expect(openAt(edge, 0)).toEqual([(rows[0]?.[1].inFlight ?? 0) + 2]);
    // The next sync reports the assignments.
    expect(drainAssignments(edge)).toEqual([[0, 2]]);
    apply(edge, { rows: [[0, liveStatsOf(5)]], size: 3 });
    expect(openAt(edge, 0)).toEqual([5]);
  });

  it('no longer counts when the registry received it and the count did not change: the work has ended', () => {
    const edge = edgeOf();
    assign(edge, 2, NOW);
    drainAssignments(edge);
    apply(edge, { size: 3 });
    expect(openAt(edge, 2)).toEqual([2]);
  });

  it('moves with its component to the position in the new epoch', () => {
    const edge = edgeOf();
    for (const position of [0, 0, 1]) assign(edge, position, NOW);
    applyFull(edge, [withWork('c', 2), withWork('new', 0), withWork('a', 4)], 'second');
    expect(openAt(edge, 0, 1, 2)).toEqual([2, 0, 6]);
    expect(drainAssignments(edge)).toEqual([[2, 2]]);
  });

  it('does not count for the next component at the same position', () => {
    const edge = edgeOf();
    assign(edge, 1, NOW);
    apply(edge, { changed: [[1, withWork('next', 0)]], size: 3 });
    expect(openAt(edge, 1)).toEqual([0]);
    expect(drainAssignments(edge)).toEqual([]);
    assign(edge, 1, NOW);
    expect(drainAssignments(edge)).toEqual([[1, 1]]);
  });

  it('stays counted when other properties of the component change', () => {
    const edge = edgeOf();
    assign(edge, 1, NOW);
    apply(edge, { changed: [[1, candidateOf('b', { status: 'degraded' }, { inFlight: 1 })]], size: 3 });
    expect(openAt(edge, 1)).toEqual([2]);
    expect(drainAssignments(edge)).toEqual([[1, 1]]);
  });

  it('fades from the recent assignments with each refresh', () => {
    const edge = edgeOf();
    for (let times = 0; times < 10; times++) assign(edge, 0, NOW);
    expect(edge.work.recent[0]).toBe(10);
    apply(edge, { size: 3 });
    expect(edge.work.recent[0]).toBe(7);
    for (let times = 0; times < 20; times++) apply(edge, { size: 3 });
    expect(edge.work.recent[0]).toBeLessThan(0.01);
  });
});

describe('estimated work', () => {
  it('decays in the isolate, by the clock of the registry', () => {
    const edge = edgeOf();
    const settings: BalancingSettings = { ...DEFAULT_BALANCING, assumedTaskMs: 1_000 };
    applySettings(edge, settings, NOW);
    const stats = { ...estimatedStats(8, 5_000), ewmaMs: 1_000 };
    const delta = deltaOf({ rows: [[0, stats]], size: 3 }, false);
    // The registry estimated 8 half a second before it sent them.
    applyDelta(edge, { ...delta, sentAt: 5_500 }, { settings, edgeMember: null }, NOW);
    const openAfter = (ms: number): number => openWorkAt(edge.pool, edge.work, 0, NOW + ms);
    expect(openAfter(0)).toBeCloseTo(8 * Math.exp(-0.5));
    expect(openAfter(500)).toBeCloseTo(8 / Math.E);
    assign(edge, 0, NOW + 500);
    expect(openAfter(500)).toBeCloseTo(1 + 8 / Math.E);
    expect(openAfter(60_000)).toBeCloseTo(0);
  });

  it('of other isolates that share the component is anticipated until the next sync', () => {
    const edge = edgeOf();
    const sync = (share: number | null): void =>
      applyDelta(
        edge,
        deltaOf({ size: 3 }, false),
        { settings: DEFAULT_BALANCING, edgeMember: { number: 0, share } },
        NOW,
      );
    sync(0.25);
    assign(edge, 0, NOW);
    expect([estimatedWorkAt(edge.pool, edge.work, 0, NOW), ...openAt(edge, 0)]).toEqual([1, 4]);
    drainAssignments(edge);
    sync(1);
    expect(openAt(edge, 0)).toEqual([0]);
    assign(edge, 0, NOW);
    expect(openAt(edge, 0)).toEqual([1]);
  });

  it('never adds to the known work', () => {
    const edge = edgeOf();
    for (let times = 0; times < 5; times++) assign(edge, 2, NOW);
    expect(edge.work.known[2]).toBe(2);
    apply(edge, { rows: [[2, { ...estimatedStats(4), inFlight: 3 }]], size: 3 });
    expect([edge.work.known[2], ...openAt(edge, 2)]).toEqual([3, 12]);
  });
});

describe('the end of work', () => {
  it('reduces the estimate; a count of the component replaces everything', () => {
    const edge = edgeOf();
    for (let times = 0; times < 2; times++) assign(edge, 2, NOW);
    endWork(edge, 'c', ONE_ENDED, NOW);
    expect(openAt(edge, 2)).toEqual([3]);
    endWork(edge, 'c', { ended: 1, inFlight: 8 }, NOW);
    expect([edge.work.known[2], ...openAt(edge, 2)]).toEqual([8, 8]);
    endWork(edge, 'a', { ended: 3, inFlight: null }, NOW);
    endWork(edge, 'nobody', ONE_ENDED, NOW);
    expect(openAt(edge, 0, 1)).toEqual([0, 1]);
  });

  it('during a sync is subtracted from its response', () => {
    const edge = edgeOf();
    for (let times = 0; times < 3; times++) assign(edge, 2, NOW);
    drainAssignments(edge);
    endWork(edge, 'c', { ended: 2, inFlight: null }, NOW);
    countOutcomes(edge, 'c', outcomesOf(2));
    apply(edge, { rows: [[2, estimatedStats(5)]], size: 3 });
    expect(openAt(edge, 2)).toEqual([3]);
    applyFull(edge, [candidateOf('c', {}, { estimated: 6 })], 'second');
    expect(openAt(edge, 0)).toEqual([4]);
    expect(drainOutcomes(edge)).toEqual([['c', outcomesOf(2)]]);
    apply(edge, { rows: [[0, estimatedStats(1)]], size: 1 });
    expect(openAt(edge, 0)).toEqual([1]);
  });

  it('is pending until it is reported, and reported once', () => {
    const edge = edgeOf();
    countOutcomes(edge, 'a', { ended: 2, failed: 1, latencyMs: 300, timed: 2 });
    countOutcomes(edge, 'a', { ended: 1, failed: 0, latencyMs: 50, timed: 1 });
    countOutcomes(edge, 'b', outcomesOf(1));
    expect(new Map(drainOutcomes(edge))).toEqual(
      new Map([
        ['a', { ended: 3, failed: 1, latencyMs: 350, timed: 3 }],
        ['b', outcomesOf(1)],
      ]),
    );
    expect(drainOutcomes(edge)).toEqual([]);
  });

  it('is superseded by the count of the registry after a sync', () => {
    const edge = edgeOf();
    endWork(edge, 'c', { ended: 1, inFlight: 0 }, NOW);
    apply(edge, { size: 3 });
    expect(openAt(edge, 2)).toEqual([2]);
  });
});
