import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancingSettings } from '../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../src/core/balancing/balancing-settings.ts';
import type { Candidate, LiveStats } from '../../src/core/balancing/candidate.ts';
import type { SnapshotDelta } from '../../src/core/balancing/snapshot-delta.ts';
import { packLiveStats } from '../../src/core/balancing/snapshot-delta.ts';
import type { Outcomes } from '../../src/core/component/load.ts';
import type { EdgeSnapshot } from '../../src/edge/edge-snapshot.ts';
import {
  applyDelta,
  endWork,
  assign,
  restoreAssignments,
  newEdgeSnapshot,
  countOutcomes,
  drainOutcomes,
  drainAssignments,
} from '../../src/edge/edge-snapshot.ts';
import { NOW, candidateOf } from '../core/balancing/candidate-of.ts';

type Rows = readonly (readonly [position: number, vitals: LiveStats])[];

interface Told {
  readonly epoch?: string;
  readonly version?: number;
  readonly changed?: SnapshotDelta['changed'];
  readonly turned?: SnapshotDelta['turned'];
  readonly rows?: Rows;
  readonly size: number;
}

const deltaOf = (told: Told, full: boolean): SnapshotDelta => {
  const { epoch = 'first', version = 1, changed = [], turned = [], rows = [], size } = told;
  const vitals = Float64Array.from(rows.flatMap(([position, each]) => packLiveStats(position, each)));
  return { epoch, version, revision: 7, full, size, changed, turned, vitals, nextCheckAt: NOW + 5_000 };
};

const hear = (edge: EdgeSnapshot, told: Told, settings = DEFAULT_BALANCING): void =>
  applyDelta(edge, deltaOf(told, false), { settings, decider: null }, NOW);
const hearAll = (edge: EdgeSnapshot, candidates: readonly (Candidate | null)[], epoch = 'first'): void => {
  const changed = [...candidates.entries()].filter(([, candidate]) => candidate !== null);
  applyDelta(
    edge,
    deltaOf({ epoch, changed, size: candidates.length }, true),
    { settings: DEFAULT_BALANCING, decider: null },
    NOW,
  );
};

const vitalsOf = (inFlight: number): LiveStats => candidateOf('any', {}, { inFlight }).vitals;
const withWork = (id: string, inFlight: number): Candidate => candidateOf(id, {}, { inFlight });

/** An edge that holds `a`, `b`, `c` with 0, 1 and 2 pieces of work. */
function edgeOf(...ids: readonly string[]): EdgeSnapshot {
  const edge = newEdgeSnapshot(DEFAULT_BALANCING);
  hearAll(
    edge,
    (ids.length === 0 ? ['a', 'b', 'c'] : ids).map((id, at) => withWork(id, at)),
  );
  return edge;
}

const outcomesOf = (ended: number): Outcomes => ({ ended, failed: 0, latencyMs: 0, timed: 0 });

const openAt = ({ work }: EdgeSnapshot, ...positions: readonly number[]): number[] =>
  positions.map((position) => work.open[position]!);

describe('an edge that hears of its fleet', () => {
  it('holds it whole, with the work under way', () => {
    const edge = edgeOf();
    expect(edge.fleet.candidates.map((candidate) => candidate?.id)).toEqual(['a', 'b', 'c']);
    expect(openAt(edge, 0, 1, 2)).toEqual([0, 1, 2]);
    expect(edge).toMatchObject({ place: { epoch: 'first', version: 1 }, revision: 7, nextCheckAt: NOW + 5_000 });
  });

  it('takes over who changed, who is new, who is gone, and the numbers that moved', () => {
    const edge = edgeOf();
    const down = candidateOf('b', { status: 'unhealthy' }, { inFlight: 4 });
    hear(edge, {
      version: 2,
      changed: [
        [0, null],
        [1, down],
        [3, withWork('d', 9)],
      ],
      rows: [[2, { ...vitalsOf(5), usualMs: 300, suspect: true }]],
      size: 4,
    });
    expect(edge.fleet.candidates.map((candidate) => candidate?.id)).toEqual([undefined, 'b', 'c', 'd']);
    expect(edge.fleet.candidates[1]).toBe(down);
    expect(edge.fleet.candidates[2]).toMatchObject({ id: 'c', vitals: { inFlight: 5, usualMs: 300, suspect: true } });
    expect(openAt(edge, 0, 1, 2, 3)).toEqual([0, 4, 5, 9]);
    expect([edge.fleet.healthy.size, edge.fleet.doubtful.size]).toEqual([1, 1]);
    expect(edge.place).toEqual({ epoch: 'first', version: 2 });
  });

  it('takes over how one is now, with what it knows of it otherwise', () => {
    const edge = edgeOf();
    const before = edge.fleet.candidates[1]!;
    assign(edge, 1);
    const condition = { lifecycle: 'active', status: 'unhealthy', reason: 'HTTP_503', backSince: null } as const;
    hear(edge, {
      turned: [
        [1, condition],
        [9, condition],
      ],
      rows: [[1, { ...before.vitals, suspect: true, inFlight: 5 }]],
      size: 3,
    });
    expect(edge.fleet.candidates[1]).toEqual({
      ...before,
      ...condition,
      vitals: { ...before.vitals, suspect: true, inFlight: 5 },
    });
    expect(edge.fleet.candidates[1]!.metadata).toBe(before.metadata);
    expect([edge.fleet.healthy.size, edge.fleet.candidates.length]).toEqual([2, 3]);
    expect(openAt(edge, 1)).toEqual([6]);
  });

  it('forgets all it held when it is told the whole', () => {
    const edge = edgeOf();
    hearAll(edge, [null, withWork('x', 3)], 'second');
    expect(edge.fleet.candidates.map((candidate) => candidate?.id)).toEqual([undefined, 'x']);
    expect([...edge.fleet.positions]).toEqual([['x', 1]]);
    expect(openAt(edge, 0, 1)).toEqual([0, 3]);
    hear(edge, { epoch: 'second', version: 2, changed: [[2, withWork('y', 0)]], size: 3 });
    expect(openAt(edge, 0, 1, 2)).toEqual([0, 3, 0]);
  });

  it('ignores numbers of a position where nobody is', () => {
    const edge = edgeOf();
    hear(edge, { rows: [[9, vitalsOf(4)]], size: 10 });
    expect(edge.fleet.candidates[9] ?? null).toBeNull();
  });

  it('decides by the settings of now, and compiles anew what it has outgrown', () => {
    const edge = edgeOf();
    const before = edge.fleet;
    hear(edge, { rows: [[0, { ...vitalsOf(0), usualMs: 21 }]], size: 3 });
    expect(edge.fleet).toBe(before);
    hear(edge, { rows: [[0, { ...vitalsOf(0), usualMs: 900 }]], size: 3 });
    expect(edge.fleet.meanUsualMs).toBeGreaterThan(300);
    const settings: BalancingSettings = { ...DEFAULT_BALANCING, policy: 'score' };
    hear(edge, { size: 3 }, settings);
    expect(edge.fleet.settings).toBe(settings);
    expect(edge.fleet.candidates.map((candidate) => candidate?.id)).toEqual(['a', 'b', 'c']);
  });

  it('comes by deltas to what it would hold had it been told the whole', () => {
    const change = fc.tuple(fc.nat(12), fc.option(fc.nat(99)), fc.nat(9), fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 12 }), (rounds) => {
        const seats: (Candidate | null)[] = [];
        const edge = newEdgeSnapshot(DEFAULT_BALANCING);
        hearAll(edge, seats);
        for (const [round, changes] of rounds.entries()) {
          const [changed, rows] = [new Map<number, Candidate | null>(), new Map<number, LiveStats>()];
          for (const [seat, name, inFlight, isMove] of changes) {
            const position = Math.min(seat, seats.length);
            const known = seats[position] ?? null;
            if (isMove && known && !changed.has(position)) {
              rows.set(position, vitalsOf(inFlight));
              seats[position] = { ...known, vitals: vitalsOf(inFlight) };
            } else if (!isMove) {
              // A name sits in one place only.
              seats[position] = name === null ? null : withWork(`c-${name}-${position}`, inFlight);
              changed.set(position, seats[position]);
              rows.delete(position);
            }
          }
          hear(edge, { version: round + 2, changed: [...changed], rows: [...rows], size: seats.length });
          expect(edge.fleet.candidates).toEqual(seats);
          expect(openAt(edge, ...seats.keys())).toEqual(seats.map((candidate) => candidate?.vitals.inFlight ?? 0));
        }
      }),
    );
  });
});

describe('work that this isolate gave', () => {
  it('is counted at once and told once', () => {
    const edge = edgeOf();
    for (const position of [0, 2, 2]) assign(edge, position);
    expect(openAt(edge, 0, 1, 2)).toEqual([1, 1, 4]);
    expect(drainAssignments(edge)).toEqual([
      [0, 1],
      [2, 2],
    ]);
    expect(drainAssignments(edge)).toEqual([]);
  });

  it('is told again when the registry did not hear of it, on top of what came since', () => {
    const edge = edgeOf();
    assign(edge, 0);
    const given = drainAssignments(edge);
    assign(edge, 0);
    assign(edge, 1);
    restoreAssignments(edge, given);
    expect(new Map(drainAssignments(edge))).toEqual(
      new Map([
        [0, 2],
        [1, 1],
      ]),
    );
  });

  it.each<[string, Rows]>([
    ['which tells of that component', [[0, vitalsOf(3)]]],
    ['which does not', []],
  ])('while a call is under way is on top of its answer, %s', (_, rows) => {
    const edge = edgeOf();
    assign(edge, 0);
    drainAssignments(edge);
    assign(edge, 0);
    assign(edge, 0);
    hear(edge, { rows, size: 3 });
    expect(openAt(edge, 0)).toEqual([(rows[0]?.[1].inFlight ?? 0) + 2]);
    // And is part of the next one.
    expect(drainAssignments(edge)).toEqual([[0, 2]]);
    hear(edge, { rows: [[0, vitalsOf(5)]], size: 3 });
    expect(openAt(edge, 0)).toEqual([5]);
  });

  it('is over when the registry heard of it and its number did not move: it has ended meanwhile', () => {
    const edge = edgeOf();
    assign(edge, 2);
    drainAssignments(edge);
    hear(edge, { size: 3 });
    expect(openAt(edge, 2)).toEqual([2]);
  });

  it('moves along with its component to where the new epoch has it', () => {
    const edge = edgeOf();
    for (const position of [0, 0, 1]) assign(edge, position);
    hearAll(edge, [withWork('c', 2), withWork('new', 0), withWork('a', 4)], 'second');
    expect(openAt(edge, 0, 1, 2)).toEqual([2, 0, 6]);
    expect(drainAssignments(edge)).toEqual([[2, 2]]);
  });

  it('is not taken for that of whoever sits there next', () => {
    const edge = edgeOf();
    assign(edge, 1);
    hear(edge, { changed: [[1, withWork('next', 0)]], size: 3 });
    expect(openAt(edge, 1)).toEqual([0]);
    expect(drainAssignments(edge)).toEqual([]);
    assign(edge, 1);
    expect(drainAssignments(edge)).toEqual([[1, 1]]);
  });

  it('stays counted when the component changed otherwise', () => {
    const edge = edgeOf();
    assign(edge, 1);
    hear(edge, { changed: [[1, candidateOf('b', { status: 'degraded' }, { inFlight: 1 })]], size: 3 });
    expect(openAt(edge, 1)).toEqual([2]);
    expect(drainAssignments(edge)).toEqual([[1, 1]]);
  });

  it('fades from what was given lately with each refresh', () => {
    const edge = edgeOf();
    for (let times = 0; times < 10; times++) assign(edge, 0);
    expect(edge.work.lately[0]).toBe(10);
    hear(edge, { size: 3 });
    expect(edge.work.lately[0]).toBe(7);
    for (let times = 0; times < 20; times++) hear(edge, { size: 3 });
    expect(edge.work.lately[0]).toBeLessThan(0.01);
  });
});

describe('work that ended', () => {
  it('is no longer counted; a count that is told is taken as it is', () => {
    const edge = edgeOf();
    endWork(edge, 'c', null);
    expect(openAt(edge, 2)).toEqual([1]);
    endWork(edge, 'c', 8);
    expect(openAt(edge, 2)).toEqual([8]);
    for (let times = 0; times < 3; times++) endWork(edge, 'a', null);
    endWork(edge, 'nobody', null);
    expect(openAt(edge, 0, 1)).toEqual([0, 1]);
  });

  it('while a call is under way is off its answer', () => {
    const edge = edgeOf();
    for (let times = 0; times < 3; times++) assign(edge, 2);
    drainAssignments(edge);
    for (let times = 0; times < 2; times++) endWork(edge, 'c', null);
    countOutcomes(edge, 'c', outcomesOf(2));
    hear(edge, { rows: [[2, vitalsOf(5)]], size: 3 });
    expect(openAt(edge, 2)).toEqual([3]);
    hearAll(edge, [withWork('c', 6)], 'second');
    expect(openAt(edge, 0)).toEqual([4]);
    expect(drainOutcomes(edge)).toEqual([['c', outcomesOf(2)]]);
    hear(edge, { rows: [[0, vitalsOf(1)]], size: 1 });
    expect(openAt(edge, 0)).toEqual([1]);
  });

  it('is gathered until it is told, and told once', () => {
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

  it('is what the registry says once it has heard of it', () => {
    const edge = edgeOf();
    endWork(edge, 'c', 0);
    hear(edge, { size: 3 });
    expect(openAt(edge, 2)).toEqual([2]);
  });
});
