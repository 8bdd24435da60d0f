/**
 * The best of a set: of a few drawn at random, or of all.
 *
 * On a snapshot nobody takes the best of the whole list: everybody would take the same one. A few drawn
 * at random, judged by what the caller knows since, come close to the ideal (Mitzenmacher, "The power of two
 * choices in randomized load balancing"; Google's Prequal). Whoever knows the exact load takes the best of all.
 */
import type { Wanted } from './eligible.ts';
import { hasRoom, meetsPreferences } from './eligible.ts';
import type { Fleet } from './fleet.ts';
import type { OpenWork } from './open-work.ts';
import { POLICIES } from './policies/policies.ts';
import type { Policy, Task } from './policies/policy.ts';
import type { WeightedSet } from './weighted-set.ts';
import { drawFrom } from './weighted-set.ts';

export interface Choice {
  readonly fleet: Fleet;
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

/** Positions drawn in one decision; nobody decides twice at once. */
const drawn = new Int32Array(SAMPLE_SIZE);

/** The best eligible of at most five drawn by weight; -1 when none is eligible. `picky`: preferences count. */
export function bestOfSample(choice: Choice, set: WeightedSet, picky: boolean): number {
  // In a small set a look at all is cheaper than draws that repeat themselves.
  if (set.size <= SAMPLE_SIZE) return bestOfAll(choice, set, picky);
  const contest = contestOf(choice);
  let count = 0;
  for (let draws = 0; draws < MAX_DRAWS && count < SAMPLE_SIZE; draws++) {
    const position = drawFrom(set, choice.random);
    if (wasDrawn(position, count) || !isEligible(choice, position, picky)) continue;
    drawn[count++] = position;
    enter(contest, choice, position);
  }
  // Few are eligible, or none: whoever there is, without a sample.
  return contest.best === -1 ? bestOfAll(choice, set, picky) : contest.best;
}

/** The best eligible of all; -1 when none is. Among equals any may be the first that is looked at. */
export function bestOfAll(choice: Choice, set: WeightedSet, picky: boolean): number {
  if (choice.fleet.settings.policy === 'random') return anyOf(choice, set, picky);
  const contest = contestOf(choice);
  const { size, members } = set;
  const first = Math.floor(choice.random() * size);
  for (let at = 0; at < size; at++) {
    const position = members[first + at < size ? first + at : first + at - size]!;
    if (isEligible(choice, position, picky)) enter(contest, choice, position);
  }
  return contest.best;
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
export function hasAnyRoom({ fleet, work, wanted }: Choice, set: WeightedSet): boolean {
  for (let at = 0; at < set.size; at++) if (hasRoom(fleet, work, set.members[at]!, wanted)) return true;
  return false;
}

function wasDrawn(position: number, count: number): boolean {
  for (let at = 0; at < count; at++) if (drawn[at] === position) return true;
  return false;
}

export const isEligible = ({ fleet, work, wanted }: Choice, position: number, picky: boolean): boolean =>
  hasRoom(fleet, work, position, wanted) && (!picky || meetsPreferences(fleet, work, position, wanted));

/** The best so far, and by what the next one is compared with it: looked up once for all of them. */
interface Contest {
  best: number;
  lowest: number;
  readonly policy: Policy;
  /** Parts of the work that equals are meant to get; null: the same for all. */
  readonly shares: Float64Array | null;
}

function contestOf({ fleet }: Choice): Contest {
  const policy = POLICIES[fleet.settings.policy];
  return { best: -1, lowest: Infinity, policy, shares: policy.share === 'even' ? null : fleet[policy.share] };
}

function enter(contest: Contest, { fleet, work, task }: Choice, position: number): void {
  const cost = contest.policy.cost(fleet, position, work.open[position]!, task);
  if (contest.best !== -1 && !isBetter(contest, work, position, cost)) return;
  contest.best = position;
  if (cost < contest.lowest) contest.lowest = cost;
}

function isBetter({ best, lowest, policy, shares }: Contest, work: OpenWork, position: number, cost: number): boolean {
  const isIdle = policy.idleTolerance > 0 && work.open[position] === 0 && work.open[best] === 0;
  const tolerance = isIdle ? policy.idleTolerance * lowest + ROUNDING : ROUNDING;
  if (cost < lowest - tolerance) return true;
  if (cost > lowest + tolerance || policy.ties === 'as-drawn') return false;
  // Whose turn it is: who got least lately for the part that it is meant to get.
  const { lately } = work;
  if (!shares) return lately[position]! < lately[best]!;
  return (lately[position]! + 1) * shares[best]! < (lately[best]! + 1) * shares[position]!;
}
