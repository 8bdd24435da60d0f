/**
 * The best of a set: of a few drawn at random, or of all.
 *
 * On a snapshot nobody takes the best of the whole list: everybody would take the same one. A few drawn
 * at random, judged by what the caller knows since, come close to the ideal (Mitzenmacher, "The power of two
 * choices in randomized load balancing"; Google's Prequal). Whoever knows the exact load takes the best of all.
 */
import type { Wanted } from './eligible.ts';
import { hasCapacity, meetsPreferences } from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import type { OpenWork } from './open-work.ts';
import { POLICIES } from './policies/policies.ts';
import type { Task } from './policies/policy.ts';
import type { WeightedSet } from './weighted-set.ts';
import { drawFrom } from './weighted-set.ts';

export interface Choice {
  readonly fleet: CandidatePool;
  readonly work: OpenWork;
  readonly task: Task;
  readonly wanted: Wanted;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const SAMPLE_SIZE = 5;
/** Enough to fill a sample where a fifth of a set is eligible. */
const MAX_DRAWS = 32;
/** Costs that differ by less are equal. */
const ROUNDING = 1e-9;

/** Positions in question in one decision, and what each would cost; nobody decides twice at once. */
const drawn = new Int32Array(SAMPLE_SIZE);
let gathered = new Int32Array();
let costs = new Float64Array(SAMPLE_SIZE);

/** The best eligible of at most five drawn by weight; -1 when none is eligible. `picky`: preferences count. */
export function bestOfSample(choice: Choice, set: WeightedSet, picky: boolean): number {
  // In a small set a look at all is cheaper than draws that repeat themselves.
  if (set.size <= SAMPLE_SIZE) return bestOfAll(choice, set, picky);
  const count = sample(choice, set, picky);
  // Few are eligible, or none: whoever there is, without a sample.
  return count === 0 ? bestOfAll(choice, set, picky) : bestAmong(choice, drawn, count);
}

/** Draws eligible ones, each at most once, and answers how many. */
function sample(choice: Choice, set: WeightedSet, picky: boolean): number {
  const { random } = choice;
  let count = 0;
  for (let draws = 0; draws < MAX_DRAWS && count < SAMPLE_SIZE; draws++) {
    const position = drawFrom(set, random);
    if (!wasDrawn(position, count) && isEligible(choice, position, picky)) drawn[count++] = position;
  }
  return count;
}

/** The best eligible of all; -1 when none is. Among equals any may be the first that is looked at. */
export function bestOfAll(choice: Choice, set: WeightedSet, picky: boolean): number {
  if (choice.fleet.settings.policy === 'random') return anyOf(choice, set, picky);
  const { size, members } = set;
  if (gathered.length < size) gathered = new Int32Array(2 * size);
  const first = Math.floor(choice.random() * size);
  let count = 0;
  for (let at = 0; at < size; at++) {
    const position = members[first + at < size ? first + at : first + at - size]!;
    if (isEligible(choice, position, picky)) gathered[count++] = position;
  }
  return bestAmong(choice, gathered, count);
}

/** Any eligible one, each as likely as the other wherever it lies: a reservoir of one. */
function anyOf(choice: Choice, set: WeightedSet, picky: boolean): number {
  let [eligible, any] = [0, -1];
  for (let at = 0; at < set.size; at++) {
    const position = set.members[at]!;
    if (isEligible(choice, position, picky) && choice.random() * ++eligible < 1) any = position;
  }
  return any;
}

/** Whether any could be given work at all, whatever is preferred. */
export function hasAnyCapacity({ fleet, work, wanted }: Choice, set: WeightedSet): boolean {
  for (let at = 0; at < set.size; at++) if (hasCapacity(fleet, work, set.members[at]!, wanted)) return true;
  return false;
}

function wasDrawn(position: number, count: number): boolean {
  for (let at = 0; at < count; at++) if (drawn[at] === position) return true;
  return false;
}

export const isEligible = ({ fleet, work, wanted }: Choice, position: number, picky: boolean): boolean =>
  hasCapacity(fleet, work, position, wanted) && (!picky || meetsPreferences(fleet, work, position, wanted));

/** The best of the first `count` of these; -1 when there is none. */
function bestAmong(choice: Choice, positions: Int32Array, count: number): number {
  const { fleet, work, task } = choice;
  const { open } = work;
  const { cost: costOf, idleTolerance } = POLICIES[fleet.settings.policy];
  let best = -1;
  let lowest = Infinity;
  // All costs first: comparing goes one way or the other, and a processor that guessed wrong has to begin anew.
  if (costs.length < count) costs = new Float64Array(2 * count);
  for (let at = 0; at < count; at++) {
    const position = positions[at]!;
    costs[at] = costOf(fleet, position, open[position]!, task);
  }
  for (let at = 0; at < count; at++) {
    const position = positions[at]!;
    const cost = costs[at]!;
    if (best !== -1) {
      const gap = cost - lowest;
      // Idle ones may differ by more and be equal. Most of them all differ by more than that, and nobody need ask.
      const widest = idleTolerance * lowest + ROUNDING;
      if (gap > widest) continue;
      if (gap >= -widest) {
        const tolerance = open[position] === 0 && open[best] === 0 ? widest : ROUNDING;
        if (gap > tolerance || (gap >= -tolerance && !isItsTurn(choice, position, best))) continue;
      }
    }
    best = position;
    if (cost < lowest) lowest = cost;
  }
  return best;
}

/** Of two equals: who got least lately for the part that it is meant to get. */
function isItsTurn({ fleet, work: { lately } }: Choice, position: number, best: number): boolean {
  const { ties, share } = POLICIES[fleet.settings.policy];
  if (ties === 'as-drawn') return false;
  if (share === 'even') return lately[position]! < lately[best]!;
  const shares = fleet[share];
  return (lately[position]! + 1) * shares[best]! < (lately[best]! + 1) * shares[position]!;
}
