/**
 * Deterministic aperture (after Finagle): the part of the healthy components that one isolate sends work to. Each
 * isolate then knows a few components well instead of all of them badly.
 *
 * Components lie on a ring in the order of their hash, each as long as its capacity. An aperture is an arc of that
 * ring. A component that only partly lies on the arc is a member with that part of its weight. Arcs start a golden
 * section apart, by edge number, so any number of isolates covers the ring about evenly.
 *
 * An arc is four times as long as the isolate's share of the work, and at least twelve components. With a shorter arc,
 * a busy isolate or a small number of isolates would overload its components. The aperture is rebuilt when the set of
 * healthy components changes. Small changes move the arcs only a little.
 */
import { hashOf } from '../hash.ts';
import type { CandidatePool } from './candidate-pool.ts';
import type { WeightedSet } from './weighted-set.ts';
import { emptySet, setWeight } from './weighted-set.ts';

/** Minimum number of components in an aperture. */
const MIN_COMPONENTS = 12;
/** Number of apertures that cover each component, approximately. */
const COVERAGE = 4;
const LENGTH_TOLERANCE = 0.2;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** More positions than any type has. */
const MAX_POSITIONS = 2 ** 20;

/** One isolate among those that route work of the type. */
export interface EdgeMember {
  /** Distinct for each isolate; starts at 0, without gaps if possible. */
  readonly number: number;
  /** Share of the type's work that the isolate routes, 0 to 1; null while unknown. */
  readonly share: number | null;
}

export interface Aperture {
  /** Members; null for all healthy components. */
  readonly set: WeightedSet | null;
  /** Position to the part of the component that lies on the arc, 0 to 1; only for components at its ends. */
  readonly partial: ReadonlyMap<number, number>;
  /** The healthy set, its change counter and the length (as a part of the ring) that this aperture was built for. */
  readonly healthy: WeightedSet;
  readonly changes: number;
  readonly length: number;
  readonly number: number;
}

/**
 * Returns the aperture of an isolate: the previous one with updated weights while it is current, otherwise a new one.
 */
export function apertureOf(pool: CandidatePool, edgeMember: EdgeMember, previous: Aperture | null): Aperture {
  const { healthy } = pool;
  const { number } = edgeMember;
  const length = lengthOf(healthy, edgeMember);
  if (previous && isCurrent(previous, healthy, number, length)) {
    if (previous.set) updateWeights(previous.set, healthy, previous.partial);
    return previous;
  }
  const set = length < 1 ? emptySet(pool.candidates.length) : null;
  const partial = set ? addArc(set, pool, (number * GOLDEN) % 1, length) : new Map<number, number>();
  return { set, partial, healthy, changes: healthy.changes, length, number };
}

/** Most isolates that count as sharing a component: a larger factor would be mostly noise. */
const MAX_SHARING = 8;

/**
 * Number of isolates that share a component of the aperture, by their work and including this one: its aperture is
 * so many times as long as its share of the work. 1 while the share is unknown.
 */
export const sharingOf = ({ length }: Aperture, { share }: EdgeMember): number =>
  share ? Math.min(MAX_SHARING, Math.max(1, length / share)) : 1;

/** Length of the arc as a part of the ring, 0 to 1. */
const lengthOf = ({ size }: WeightedSet, { share }: EdgeMember): number =>
  share === null || size <= MIN_COMPONENTS ? 1 : Math.min(1, Math.max(MIN_COMPONENTS / size, COVERAGE * share));

/** Shares of the work fluctuate, so the length of an aperture may differ by a fifth from the ideal. */
const isCurrent = (previous: Aperture, healthy: WeightedSet, number: number, length: number): boolean =>
  previous.healthy === healthy &&
  previous.changes === healthy.changes &&
  previous.number === number &&
  previous.length < 1 === length < 1 &&
  Math.abs(length - previous.length) <= LENGTH_TOLERANCE * previous.length;

/** Adds the components on the arc to the set. Returns the partial members with the part that lies on the arc. */
function addArc(set: WeightedSet, pool: CandidatePool, start: number, length: number): Map<number, number> {
  const { healthy, capacity } = pool;
  const ring = ringOf(pool);
  let total = 0;
  for (const position of ring) total += capacity[position]!;
  const [from, to] = [start * total, (start + length) * total];
  const partial = new Map<number, number>();
  let at = 0;
  for (const position of ring) {
    const next = at + capacity[position]!;
    const inside = overlap(at, next, from, to) + overlap(at + total, next + total, from, to);
    if (inside > 0 && inside < capacity[position]!) partial.set(position, inside / capacity[position]!);
    if (inside > 0) setWeight(set, position, healthy.weights[position]! * (partial.get(position) ?? 1));
    at = next;
  }
  return partial;
}

function updateWeights(set: WeightedSet, healthy: WeightedSet, partial: ReadonlyMap<number, number>): void {
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    // Only a few of thousands have changed.
    if (set.weights[position] !== healthy.weights[position]) setWeight(set, position, healthy.weights[position]!);
  }
  for (const [position, part] of partial) setWeight(set, position, healthy.weights[position]! * part);
}

function ringOf({ healthy, candidates }: CandidatePool): Int32Array {
  const keys = new Float64Array(healthy.size);
  for (let slot = 0; slot < healthy.size; slot++) {
    const position = healthy.members[slot]!;
    keys[slot] = hashOf(candidates[position]!.id) * MAX_POSITIONS + position;
  }
  return Int32Array.from(keys.toSorted(), (key) => key % MAX_POSITIONS);
}

const overlap = (from: number, to: number, start: number, end: number): number =>
  Math.max(0, Math.min(to, end) - Math.max(from, start));
