/**
 * Some positions of a fleet, each with a weight, ready to be drawn from in proportion. Adding, removing,
 * reweighing and drawing take the same time whatever the size.
 *
 * Members lie in bands by the power of two of their weight, each with as much room as the heaviest of its band
 * weighs. A throw lands somewhere in all that room: on a member's weight, which is then drawn, or beside it, at worst
 * every second time, and it is thrown again (after Matias, Vitter and Ni, "Dynamic generation of discrete random
 * variates", 2003). Changed in place by whoever compiled the fleet; to all others it is read-only.
 */
export interface WeightedSet {
  /** Positions, dense and in no order; the first `size` count. */
  members: Int32Array;
  size: number;
  /** Grows whenever someone becomes a member or ceases to be one. */
  changes: number;
  /** By position: its slot in `members`, -1 when it is no member. */
  slots: Int32Array;
  /** By position. */
  weights: Float64Array;
  /** The room of all bands together. */
  span: number;
  /** The heaviest first; none is empty. */
  readonly bands: Band[];
  /** By position: its slot in its band. */
  bandSlots: Int32Array;
}

interface Band {
  /** All its members weigh less than this, and at least half of it. */
  readonly top: number;
  members: Int32Array;
  size: number;
  /** The room that each has: the most that one of them weighed since the band was empty. */
  most: number;
}

const FIRST_CAPACITY = 8;
/** Weights beyond these are as good as these: sums of both ends of what numbers can be are worth nothing. */
const LEAST_WEIGHT = 1e-12;
const MOST_WEIGHT = 1e12;

/** `positions` is how many positions there are, not how many are members. */
export const emptySet = (positions: number): WeightedSet => ({
  members: new Int32Array(FIRST_CAPACITY),
  size: 0,
  changes: 0,
  slots: new Int32Array(positions).fill(-1),
  weights: new Float64Array(positions),
  span: 0,
  bands: [],
  bandSlots: new Int32Array(positions),
});

export const isMember = (set: WeightedSet, position: number): boolean => (set.slots[position] ?? -1) !== -1;

/** Makes the position a member of that weight; what is not above 0 removes it. */
export function setWeight(set: WeightedSet, position: number, weight: number): void {
  const isIn = isMember(set, position);
  if (weight > 0) {
    const bounded = Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, weight));
    if (!isIn) enter(set, position);
    else if (set.weights[position] === bounded) return;
    else if (!isOf(bandOf(set, position), bounded)) leaveBand(set, position);
    else return reweigh(set, position, bounded);
    enterBand(set, position, bounded);
  } else {
    if (!isIn) return;
    leaveBand(set, position);
    leave(set, position);
  }
  measure(set);
}

/** Most weights move by a little: such a one stays where it is. */
function reweigh(set: WeightedSet, position: number, weight: number): void {
  const band = bandOf(set, position);
  set.weights[position] = weight;
  if (weight <= band.most) return;
  band.most = weight;
  measure(set);
}

/** Added up anew: what a heavy one took of the precision of the small ones goes with it. */
function measure(set: WeightedSet): void {
  set.span = 0;
  for (const { size, most } of set.bands) set.span += size * most;
}

/** A member, each as likely as its part of the whole weight; -1 when there is none. `random` is uniform in [0, 1). */
export function drawFrom(set: WeightedSet, random: () => number): number {
  if (set.size === 0) return -1;
  for (;;) {
    const position = landedOn(set, random() * set.span);
    if (position !== -1) return position;
  }
}

/** The member on whose weight a throw lands; -1 when it lands beside one. */
function landedOn({ bands, weights }: WeightedSet, thrown: number): number {
  let rest = thrown;
  let band = bands[0]!;
  for (let at = 1; at < bands.length && rest >= band.size * band.most; at++) {
    rest -= band.size * band.most;
    band = bands[at]!;
  }
  const { members, size, most } = band;
  const place = rest / most;
  // The room of all is rounded: a hair beyond it there is nobody.
  if (place >= size) return -1;
  const slot = place | 0;
  const position = members[slot]!;
  return rest - slot * most < weights[position]! ? position : -1;
}

function enter(set: WeightedSet, position: number): void {
  if (position >= set.slots.length) {
    set.slots = grown(set.slots, position + 1, -1);
    set.bandSlots = grown(set.bandSlots, position + 1, 0);
    const weights = new Float64Array(set.slots.length);
    weights.set(set.weights);
    set.weights = weights;
  }
  if (set.size === set.members.length) set.members = grown(set.members, set.size + 1, 0);
  set.changes += 1;
  set.members[set.size] = position;
  set.slots[position] = set.size++;
}

function leave(set: WeightedSet, position: number): void {
  set.changes += 1;
  const slot = set.slots[position]!;
  const moved = set.members[--set.size]!;
  set.members[slot] = moved;
  set.slots[moved] = slot;
  set.slots[position] = -1;
}

function enterBand(set: WeightedSet, position: number, weight: number): void {
  const band = set.bands.find((each) => isOf(each, weight)) ?? newBand(set, topOf(weight));
  if (band.size === band.members.length) band.members = grown(band.members, band.size + 1, 0);
  band.members[band.size] = position;
  set.bandSlots[position] = band.size++;
  set.weights[position] = weight;
  if (weight > band.most) band.most = weight;
}

function leaveBand(set: WeightedSet, position: number): void {
  const band = bandOf(set, position);
  const slot = set.bandSlots[position]!;
  const moved = band.members[--band.size]!;
  band.members[slot] = moved;
  set.bandSlots[moved] = slot;
  if (band.size === 0) set.bands.splice(set.bands.indexOf(band), 1);
}

const isOf = ({ top }: Band, weight: number): boolean => weight < top && weight >= top / 2;

/** The band of a member. */
function bandOf({ bands, weights }: WeightedSet, position: number): Band {
  let at = 0;
  while (!isOf(bands[at]!, weights[position]!)) at += 1;
  return bands[at]!;
}

function topOf(weight: number): number {
  const top = 2 ** (Math.floor(Math.log2(weight)) + 1);
  // The logarithm of a number just below a power of two is rounded up to that power's.
  return weight < top / 2 ? top / 2 : top;
}

function newBand(set: WeightedSet, top: number): Band {
  const band: Band = { top, members: new Int32Array(FIRST_CAPACITY), size: 0, most: 0 };
  const at = set.bands.findIndex((each) => each.top < top);
  set.bands.splice(at === -1 ? set.bands.length : at, 0, band);
  return band;
}

function grown(array: Int32Array, length: number, filler: number): Int32Array {
  const next = new Int32Array(Math.max(length, array.length * 2));
  next.set(array);
  return next.fill(filler, array.length);
}
