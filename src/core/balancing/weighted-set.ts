/**
 * Set of positions with weights, for draws in proportion to weight. Adding, removing, reweighting and drawing take the
 * same time at any size.
 *
 * Members lie in bands by the power of two of their weight. Within a band, each member occupies a span as wide as the
 * heaviest one. A draw picks a point in all spans together. A point on the weight of a member selects that member. Any
 * other point, at worst every second one, is drawn again (after Matias, Vitter and Ni, "Dynamic generation of discrete
 * random variates", 2003).
 *
 * Invariant: only the owner of the pool changes a set; decisions read it.
 */
export interface WeightedSet {
  /** Positions, dense and unordered; only the first `size` are valid. */
  members: Int32Array;
  size: number;
  /** Increases whenever a member is added or removed. */
  changes: number;
  /** Index in `members`, by position; -1 for a position that is not a member. */
  slots: Int32Array;
  /** By position. */
  weights: Float64Array;
  /** Total width of all bands. */
  span: number;
  /** Heaviest first; empty bands are removed. */
  readonly bands: Band[];
  /** Index in the `members` of its band, by position. */
  bandSlots: Int32Array;
}

interface Band {
  /** Members weigh less than this, and at least half of it. */
  readonly top: number;
  members: Int32Array;
  size: number;
  /** Width of each member: the highest weight in the band since the band was last empty. */
  maxWeight: number;
}

const INITIAL_CAPACITY = 8;
/** Weights are clamped to this range, because sums of extreme values lose all precision. */
const MIN_WEIGHT = 1e-12;
const MAX_WEIGHT = 1e12;

/** `positions` is the number of positions, not of members. */
export const emptySet = (positions: number): WeightedSet => ({
  members: new Int32Array(INITIAL_CAPACITY),
  size: 0,
  changes: 0,
  slots: new Int32Array(positions).fill(-1),
  weights: new Float64Array(positions),
  span: 0,
  bands: [],
  bandSlots: new Int32Array(positions),
});

export const isMember = (set: WeightedSet, position: number): boolean => (set.slots[position] ?? -1) !== -1;

/** Adds the position with this weight or changes its weight. A weight of 0 or less removes it. */
export function setWeight(set: WeightedSet, position: number, weight: number): void {
  const wasMember = isMember(set, position);
  if (weight > 0) {
    const bounded = Math.min(MAX_WEIGHT, Math.max(MIN_WEIGHT, weight));
    if (!wasMember) addMember(set, position);
    else if (set.weights[position] === bounded) return;
    else if (!isInBand(bandOf(set, position), bounded)) removeFromBand(set, position);
    else return reweigh(set, position, bounded);
    addToBand(set, position, bounded);
  } else {
    if (!wasMember) return;
    removeFromBand(set, position);
    removeMember(set, position);
  }
  updateSpan(set);
}

/** Most changes of weight are small and stay within the band. */
function reweigh(set: WeightedSet, position: number, weight: number): void {
  const band = bandOf(set, position);
  set.weights[position] = weight;
  if (weight <= band.maxWeight) return;
  band.maxWeight = weight;
  updateSpan(set);
}

/** Sums from scratch: subtracting a heavy weight would leave its rounding error in the sum. */
function updateSpan(set: WeightedSet): void {
  set.span = 0;
  for (const { size, maxWeight } of set.bands) set.span += size * maxWeight;
}

/**
 * Returns a member with a probability proportional to its weight; -1 for an empty set. `random` is uniform in [0, 1).
 */
export function drawFrom(set: WeightedSet, random: () => number): number {
  if (set.size === 0) return -1;
  for (;;) {
    const position = memberAt(set, random() * set.span);
    if (position !== -1) return position;
  }
}

/** Returns the member whose weight covers the point; -1 if no weight does. */
function memberAt({ bands, weights }: WeightedSet, point: number): number {
  let rest = point;
  let band = bands[0]!;
  for (let at = 1; at < bands.length && rest >= band.size * band.maxWeight; at++) {
    rest -= band.size * band.maxWeight;
    band = bands[at]!;
  }
  const { members, size, maxWeight } = band;
  const index = rest / maxWeight;
  // Rounding may put the point just beyond the last band.
  if (index >= size) return -1;
  const slot = index | 0;
  const position = members[slot]!;
  return rest - slot * maxWeight < weights[position]! ? position : -1;
}

function addMember(set: WeightedSet, position: number): void {
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

function removeMember(set: WeightedSet, position: number): void {
  set.changes += 1;
  const slot = set.slots[position]!;
  const moved = set.members[--set.size]!;
  set.members[slot] = moved;
  set.slots[moved] = slot;
  set.slots[position] = -1;
}

function addToBand(set: WeightedSet, position: number, weight: number): void {
  const band = set.bands.find((each) => isInBand(each, weight)) ?? newBand(set, topOf(weight));
  if (band.size === band.members.length) band.members = grown(band.members, band.size + 1, 0);
  band.members[band.size] = position;
  set.bandSlots[position] = band.size++;
  set.weights[position] = weight;
  if (weight > band.maxWeight) band.maxWeight = weight;
}

function removeFromBand(set: WeightedSet, position: number): void {
  const band = bandOf(set, position);
  const slot = set.bandSlots[position]!;
  const moved = band.members[--band.size]!;
  band.members[slot] = moved;
  set.bandSlots[moved] = slot;
  if (band.size === 0) set.bands.splice(set.bands.indexOf(band), 1);
}

const isInBand = ({ top }: Band, weight: number): boolean => weight < top && weight >= top / 2;

function bandOf({ bands, weights }: WeightedSet, position: number): Band {
  let at = 0;
  while (!isInBand(bands[at]!, weights[position]!)) at += 1;
  return bands[at]!;
}

function topOf(weight: number): number {
  const top = 2 ** (Math.floor(Math.log2(weight)) + 1);
  // Rounding: the logarithm of a number just below a power of two may equal that of the power.
  return weight < top / 2 ? top / 2 : top;
}

function newBand(set: WeightedSet, top: number): Band {
  const band: Band = { top, members: new Int32Array(INITIAL_CAPACITY), size: 0, maxWeight: 0 };
  const at = set.bands.findIndex((each) => each.top < top);
  set.bands.splice(at === -1 ? set.bands.length : at, 0, band);
  return band;
}

function grown(array: Int32Array, length: number, filler: number): Int32Array {
  const next = new Int32Array(Math.max(length, array.length * 2));
  next.set(array);
  return next.fill(filler, array.length);
}
