import { describe, expect, it } from 'vitest';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { patchPool } from '../../../src/core/balancing/candidate-pool.ts';
import type { Aperture } from '../../../src/core/balancing/aperture.ts';
import { apertureOf } from '../../../src/core/balancing/aperture.ts';
import type { WeightedSet } from '../../../src/core/balancing/weighted-set.ts';
import { NOW, candidateOf, candidatesOf, fleetOf, pickOnce, requestOf } from './candidate-of.ts';

const ROOMS = [2, 4, 8];
const roomAt = (at: number): number => ROOMS[at % ROOMS.length]!;
const mixedFleet = (size = 100): CandidatePool =>
  fleetOf(candidatesOf(size, (at) => ({ maxConcurrentTasks: roomAt(at) })));

const membersOf = ({ set }: Aperture): number[] =>
  Array.from(set!.members.subarray(0, set!.size)).toSorted((a, b) => a - b);

/** Weight of the segment as a part of all. */
const weightOf = ({ size, members, weights }: WeightedSet): number =>
  members.subarray(0, size).reduce((sum, position) => sum + weights[position]!, 0);
const partOf = (fleet: CandidatePool, { set }: Aperture): number => weightOf(set!) / weightOf(fleet.healthy);

describe('a segment', () => {
  it.each([
    ['few components', 12, 0.01],
    ['a decider of much of the work', 100, 0.25],
    ['a decider that does not know its share', 100, null],
  ])('is everybody with %s', (_, size, share) => {
    expect(apertureOf(mixedFleet(size), { number: 3, share }, null).set).toBeNull();
  });

  it.each([
    [0, 0.12],
    [0.01, 0.12],
    [0.05, 0.2],
    [0.2, 0.8],
  ])('of a decider of %f of the work is %f of the ring', (share, expected) => {
    const fleet = mixedFleet();
    for (let number = 0; number < 20; number++)
      expect(partOf(fleet, apertureOf(fleet, { number, share }, null))).toBeCloseTo(expected, 6);
  });

  it.each([8, 24, 64, 200])('of %i equal deciders together cover everybody about alike, for its room', (deciders) => {
    const fleet = mixedFleet();
    const covered = new Float64Array(100);
    for (let number = 0; number < deciders; number++) {
      const { set } = apertureOf(fleet, { number, share: 1 / deciders }, null);
      for (const position of set!.members.subarray(0, set!.size)) covered[position]! += set!.weights[position]!;
    }
    const parts = covered.map((weight, at) => weight / fleet.healthy.weights[at]!);
    const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length;
    expect(Math.min(...parts) / mean).toBeGreaterThan(0.7);
    expect(Math.max(...parts) / mean).toBeLessThan(1.35);
  });

  it('is the same one until the healthy ones change', () => {
    const fleet = mixedFleet();
    const decider = { number: 5, share: 0.05 };
    const first = apertureOf(fleet, decider, null);
    patchPool(fleet, membersOf(first)[2]!, candidateOf('c-2', { maxConcurrentTasks: 8 }, { usualMs: 500 }), NOW);
    expect(apertureOf(fleet, { ...decider, share: 0.055 }, first)).toBe(first);
    const gone = membersOf(first)[0]!;
    patchPool(fleet, gone, null, NOW);
    const next = apertureOf(fleet, decider, first);
    expect(membersOf(next)).not.toContain(gone);
    const kept = membersOf(next).filter((position) => membersOf(first).includes(position));
    expect(kept.length).toBeGreaterThanOrEqual(membersOf(first).length - 3);
  });

  it('follows the decider', () => {
    const fleet = mixedFleet();
    const first = apertureOf(fleet, { number: 5, share: 0.05 }, null);
    expect(membersOf(apertureOf(fleet, { number: 6, share: 0.05 }, first))).not.toEqual(membersOf(first));
    expect(apertureOf(fleet, { number: 5, share: 0.1 }, first).length).toBeCloseTo(0.4, 6);
  });

  it('draws by what its members are worth now', () => {
    const fleet = mixedFleet();
    const decider = { number: 5, share: 0.05 };
    const segment = apertureOf(fleet, decider, null);
    const slow = membersOf(segment).find((at) => !segment.cutOff.has(at))!;
    const before = segment.set!.weights[slow]!;
    const { candidates } = fleet;
    patchPool(fleet, slow, { ...candidates[slow]!, vitals: { ...candidates[slow]!.vitals, usualMs: 200 } }, NOW);
    apertureOf(fleet, decider, segment);
    expect(segment.set!.weights[slow]! / before).toBeCloseTo(20 / 200, 6);
  });

  it('has of those that stick out their part, also when all of it is now what their part was', () => {
    const fleet = mixedFleet();
    const decider = { number: 5, share: 0.05 };
    const segment = apertureOf(fleet, decider, null);
    const [position, part] = [...segment.cutOff][0]!;
    const candidate = fleet.candidates[position]!;
    const usualMs = candidate.vitals.usualMs! / part;
    patchPool(fleet, position, { ...candidate, vitals: { ...candidate.vitals, usualMs } }, NOW);
    apertureOf(fleet, decider, segment);
    expect(segment.set!.weights[position]! / fleet.healthy.weights[position]!).toBeCloseTo(part, 6);
  });

  it('is what a decider keeps to, but for work that belongs together', () => {
    const fleet = mixedFleet();
    const [one, other] = [1, 2].map((number) => apertureOf(fleet, { number, share: 0.01 }, null));
    const picksOf = (segment: Aperture, affinityKey: string | null): number[] =>
      Array.from({ length: 200 }, (_, seed) => {
        const pick = pickOnce(fleet, requestOf({}, { affinityKey }), { seed, segment: segment.set });
        return pick.ok ? pick.position : -1;
      });
    expect(membersOf(one!)).toEqual(expect.arrayContaining(picksOf(one!, null)));
    expect(new Set([...picksOf(one!, 'session-1'), ...picksOf(other!, 'session-1')]).size).toBe(1);
  });
});
