/**
 * The part of the healthy components that one of many deciders keeps to, so that each knows a few of them well
 * instead of all of them badly (Finagle's deterministic aperture).
 *
 * Components lie on a ring in the order of their hash, each as long as its capacity; a segment is an arc of the
 * ring. One that sticks out of the arc is in it by the part that does not. Deciders begin a golden section
 * apart by their number, so that however many there are the arcs cover the ring about evenly. An arc is as long as
 * four times the decider's part of the work, and at least twelve components: a busy decider on a short one
 * would overload it, and so would few deciders.
 *
 * Cut anew when the healthy ones change: they differ by little then, and so do the arcs.
 */
import { hashOf } from '../hash.ts';
import type { CandidatePool } from './candidate-pool.ts';
import type { WeightedSet } from './weighted-set.ts';
import { emptySet, setWeight } from './weighted-set.ts';

/** Components in a segment, at least. */
const LEAST_IN_SEGMENT = 12;
/** How often each component is covered, about. */
const COVERAGE = 4;
const LENGTH_TOLERANCE = 0.2;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** More positions than any fleet has. */
const POSITIONS = 2 ** 20;

/** Who decides, of all that do. */
export interface EdgeMember {
  /** Each another one, from 0 and without gaps if possible. */
  readonly number: number;
  /** Part of the type's work that it decides on, 0 to 1; null when it is not known yet. */
  readonly share: number | null;
}

export interface Aperture {
  /** Who is in it; null: all. */
  readonly set: WeightedSet | null;
  /** Those that stick out of the arc, and the part of them that does not. */
  readonly cutOff: ReadonlyMap<number, number>;
  /** What it was cut for: these healthy ones, after so many changes of who they are, to this part of them. */
  readonly healthy: WeightedSet;
  readonly changes: number;
  readonly length: number;
  readonly number: number;
}

/** The segment of a decider: the one that it has, weighed anew, for as long as that is right. */
export function apertureOf(fleet: CandidatePool, decider: EdgeMember, before: Aperture | null): Aperture {
  const { healthy } = fleet;
  const { number } = decider;
  const length = lengthOf(healthy, decider);
  if (before && isRight(before, healthy, number, length)) {
    if (before.set) weighAnew(before.set, healthy, before.cutOff);
    return before;
  }
  const set = length < 1 ? emptySet(fleet.candidates.length) : null;
  const cutOff = set ? cut(set, fleet, (number * GOLDEN) % 1, length) : new Map<number, number>();
  return { set, cutOff, healthy, changes: healthy.changes, length, number };
}

/** As a part of the ring. */
const lengthOf = ({ size }: WeightedSet, { share }: EdgeMember): number =>
  share === null || size <= LEAST_IN_SEGMENT ? 1 : Math.min(1, Math.max(LEAST_IN_SEGMENT / size, COVERAGE * share));

/** Nobody has the same share of the work all the time: a segment may be a fifth too long or too short. */
const isRight = (before: Aperture, healthy: WeightedSet, number: number, length: number): boolean =>
  before.healthy === healthy &&
  before.changes === healthy.changes &&
  before.number === number &&
  before.length < 1 === length < 1 &&
  Math.abs(length - before.length) <= LENGTH_TOLERANCE * before.length;

/** Puts into the set who lies on the arc, and answers who sticks out. */
function cut(set: WeightedSet, fleet: CandidatePool, start: number, length: number): Map<number, number> {
  const { healthy, capacity } = fleet;
  const ring = ringOf(fleet);
  let total = 0;
  for (const position of ring) total += capacity[position]!;
  const [from, to] = [start * total, (start + length) * total];
  const cutOff = new Map<number, number>();
  let at = 0;
  for (const position of ring) {
    const next = at + capacity[position]!;
    const inside = overlap(at, next, from, to) + overlap(at + total, next + total, from, to);
    if (inside > 0 && inside < capacity[position]!) cutOff.set(position, inside / capacity[position]!);
    if (inside > 0) setWeight(set, position, healthy.weights[position]! * (cutOff.get(position) ?? 1));
    at = next;
  }
  return cutOff;
}

function weighAnew(set: WeightedSet, healthy: WeightedSet, cutOff: ReadonlyMap<number, number>): void {
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    // Of thousands a few have changed.
    if (set.weights[position] !== healthy.weights[position]) setWeight(set, position, healthy.weights[position]!);
  }
  for (const [position, part] of cutOff) setWeight(set, position, healthy.weights[position]! * part);
}

/** The healthy positions in the order of their hash. */
function ringOf({ healthy, candidates }: CandidatePool): Int32Array {
  const keys = new Float64Array(healthy.size);
  for (let slot = 0; slot < healthy.size; slot++) {
    const position = healthy.members[slot]!;
    keys[slot] = hashOf(candidates[position]!.id) * POSITIONS + position;
  }
  return Int32Array.from(keys.toSorted(), (key) => key % POSITIONS);
}

const overlap = (from: number, to: number, start: number, end: number): number =>
  Math.max(0, Math.min(to, end) - Math.max(from, start));
