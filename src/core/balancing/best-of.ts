/**
 * Selection of the best component of a set: of a few sampled ones, or of all.
 *
 * An isolate decides on a snapshot and samples. If all isolates selected the best of the whole snapshot, they would
 * select the same component. A small random sample, corrected by what the isolate has observed since, comes close to
 * the ideal. Sources: Mitzenmacher, "The power of two choices in randomized load balancing"; Google's Prequal. The
 * registry knows the exact load and takes the best of all.
 *
 * Invariant: decisions are synchronous, so the scratch arrays of this module serve one decision at a time.
 */
import type { Choice, Enforcement } from './eligible.ts';
import { hasCapacity, isEligible } from './eligible.ts';
import { openAt } from './open-work.ts';
import { DRAW_BASIS } from './policies/draw-basis.ts';
import { POLICIES } from './policies/policies.ts';
import type { WeightedSet } from './weighted-set.ts';
import { drawFrom } from './weighted-set.ts';

const SAMPLE_SIZE = 5;
/** Fills a sample even if only a fifth of the set is eligible. */
const MAX_DRAWS = 32;
/** Costs that differ by less count as equal. */
const ROUNDING = 1e-9;
/** Less work in flight counts as none. Estimates approach 0 and never reach it. */
const IDLE = 0.5;
/** Exceeds any cost: a component that is full by estimate comes after all that are not. */
const FULL_BY_ESTIMATE = 1e9;

/** Scratch space: candidate positions of the current decision, their work in flight and their costs. */
const sampled = new Int32Array(SAMPLE_SIZE);
let eligiblePositions = new Int32Array();
let opens = new Float64Array(SAMPLE_SIZE);
let costs = new Float64Array(SAMPLE_SIZE);

/** Returns the best eligible position of at most five drawn by weight; -1 if none is eligible. */
export function bestOfSample(choice: Choice, set: WeightedSet, enforcement: Enforcement): number {
  // In a small set, looking at every member is cheaper than draws that repeat.
  if (set.size <= SAMPLE_SIZE) return bestOfAll(choice, set, enforcement);
  const count = sample(choice, set, enforcement);
  // No draw hit an eligible member: few exist, or none. A full scan decides.
  return count === 0 ? bestOfAll(choice, set, enforcement) : bestAmong(choice, sampled, count);
}

/** Draws distinct eligible positions into `sampled` and returns their number. */
function sample(choice: Choice, set: WeightedSet, enforcement: Enforcement): number {
  const { random } = choice;
  let count = 0;
  for (let draws = 0; draws < MAX_DRAWS && count < SAMPLE_SIZE; draws++) {
    const position = drawFrom(set, random);
    if (!isSampled(position, count) && isEligible(choice, position, enforcement)) sampled[count++] = position;
  }
  return count;
}

/**
 * Returns the best eligible position of the whole set; -1 if none is eligible. The scan starts at a random member, so
 * that no position wins all ties.
 */
export function bestOfAll(choice: Choice, set: WeightedSet, enforcement: Enforcement): number {
  if (choice.pool.settings.policy === 'random') return randomEligible(choice, set, enforcement);
  const { size, members } = set;
  if (eligiblePositions.length < size) eligiblePositions = new Int32Array(2 * size);
  const first = Math.floor(choice.random() * size);
  let count = 0;
  for (let at = 0; at < size; at++) {
    const position = members[first + at < size ? first + at : first + at - size]!;
    if (isEligible(choice, position, enforcement)) eligiblePositions[count++] = position;
  }
  return bestAmong(choice, eligiblePositions, count);
}

/**
 * Returns an eligible position, each with the same probability: reservoir sampling with a reservoir of one. Those that
 * are full by estimate have a reservoir of their own, which serves if there are no others.
 */
function randomEligible(choice: Choice, set: WeightedSet, enforcement: Enforcement): number {
  let [free, chosen, full, chosenFull] = [0, -1, 0, -1];
  for (let at = 0; at < set.size; at++) {
    const position = set.members[at]!;
    if (!isEligible(choice, position, enforcement)) continue;
    if (isFullByEstimate(choice, position, openAt(choice.pool, choice.work, position, choice.now))) {
      if (choice.random() * ++full < 1) chosenFull = position;
    } else if (choice.random() * ++free < 1) chosen = position;
  }
  return chosen === -1 ? chosenFull : chosen;
}

/** Whether any member has capacity for the request, regardless of preferences. */
export function hasAnyCapacity(choice: Choice, set: WeightedSet): boolean {
  for (let at = 0; at < set.size; at++) if (hasCapacity(choice, set.members[at]!)) return true;
  return false;
}

/** Whether known and estimated work leave no capacity, `open` being their sum. Such a component is less preferred. */
export const isFullByEstimate = ({ pool, requirements }: Choice, position: number, open: number): boolean =>
  open + requirements.slots > pool.taskLimit[position]!;

function isSampled(position: number, count: number): boolean {
  for (let at = 0; at < count; at++) if (sampled[at] === position) return true;
  return false;
}

/** Returns the best of the first `count` positions; -1 if `count` is 0. */
function bestAmong(choice: Choice, positions: Int32Array, count: number): number {
  const { pool, work, task, now } = choice;
  const { cost: costOf, idleTolerance, idleGap = 0 } = POLICIES[pool.settings.policy];
  let best = -1;
  let lowest = Infinity;
  let bestOpen = 0;
  // All costs are computed before the comparisons: the comparisons branch unpredictably, and a misprediction would
  // discard cost computations in progress.
  if (costs.length < count) [opens, costs] = [new Float64Array(2 * count), new Float64Array(2 * count)];
  for (let at = 0; at < count; at++) {
    const position = positions[at]!;
    const open = openAt(pool, work, position, now);
    opens[at] = open;
    costs[at] = costOf(pool, position, open, task) + (isFullByEstimate(choice, position, open) ? FULL_BY_ESTIMATE : 0);
  }
  for (let at = 0; at < count; at++) {
    const position = positions[at]!;
    const cost = costs[at]!;
    if (best !== -1) {
      const gap = cost - lowest;
      // Idle components may differ by more and still count as equal. Most pairs differ by more than even that, and skip
      // the idle check.
      const maxGap = idleTolerance * lowest + idleGap + ROUNDING;
      if (gap > maxGap) continue;
      if (gap >= -maxGap) {
        const tolerance = opens[at]! < IDLE && bestOpen < IDLE ? maxGap : ROUNDING;
        if (gap > tolerance || (gap >= -tolerance && !isFurtherBelowShare(choice, position, best))) continue;
      }
    }
    best = position;
    bestOpen = opens[at]!;
    if (cost < lowest) lowest = cost;
  }
  return best;
}

/** Whether `position` has received less recent work for its share than `best`; breaks a tie of costs. */
function isFurtherBelowShare({ pool, work: { recent } }: Choice, position: number, best: number): boolean {
  const { ties } = POLICIES[pool.settings.policy];
  const basis = DRAW_BASIS[pool.settings.policy];
  if (ties === 'as-drawn') return false;
  if (basis === 'even') return recent[position]! < recent[best]!;
  const shares = pool[basis];
  return (recent[position]! + 1) * shares[best]! < (recent[best]! + 1) * shares[position]!;
}
