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
import type { Task } from './policies/policy.ts';
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

export const SAMPLE_SIZE = 5;
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
  const { fleet, random } = choice;
  const { cost: costOf } = POLICIES[fleet.settings.policy];
  let count = 0;
  let best = -1;
  let lowest = Infinity;
  for (let draws = 0; draws < MAX_DRAWS && count < SAMPLE_SIZE; draws++) {
    const position = drawFrom(set, random);
    if (wasDrawn(position, count) || !isEligible(choice, position, picky)) continue;
    drawn[count++] = position;
    const cost = costOf(fleet, position, choice.work.open[position]!, choice.task);
    if (best !== -1 && !isBetter(choice, position, cost, best, lowest)) continue;
    best = position;
    lowest = Math.min(lowest, cost);
  }
  // Few are eligible, or none: whoever there is, without a sample.
  return best === -1 ? bestOfAll(choice, set, picky) : best;
}

/** The best eligible of all; -1 when none is. Among equals any may be the first that is looked at. */
export function bestOfAll(choice: Choice, set: WeightedSet, picky: boolean): number {
  const { fleet, work, task, random } = choice;
  const { cost: costOf } = POLICIES[fleet.settings.policy];
  const { size, members } = set;
  let best = -1;
  let lowest = Infinity;
  const first = Math.floor(random() * size);
  for (let at = 0; at < size; at++) {
    const position = members[first + at < size ? first + at : first + at - size]!;
    if (!isEligible(choice, position, picky)) continue;
    const cost = costOf(fleet, position, work.open[position]!, task);
    if (best !== -1 && !isBetter(choice, position, cost, best, lowest)) continue;
    best = position;
    lowest = Math.min(lowest, cost);
  }
  return best;
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

const isEligible = ({ fleet, work, wanted }: Choice, position: number, picky: boolean): boolean =>
  hasRoom(fleet, work, position, wanted) && (!picky || meetsPreferences(fleet, work, position, wanted));

function isBetter({ fleet, work }: Choice, position: number, cost: number, best: number, lowest: number): boolean {
  const { policy } = fleet.settings;
  const { ties, idleTolerance = 0 } = POLICIES[policy];
  const isIdle = work.open[position] === 0 && work.open[best] === 0;
  const tolerance = isIdle ? idleTolerance * lowest + ROUNDING : ROUNDING;
  if (cost < lowest - tolerance) return true;
  if (cost > lowest + tolerance) return false;
  if (ties === 'as-drawn') return false;
  const [share, shareOfBest] = policy === 'round-robin' ? [1, 1] : [shareAt(fleet, position), shareAt(fleet, best)];
  return (work.lately[position]! + 1) * shareOfBest < (work.lately[best]! + 1) * share;
}

const shareAt = ({ settings, rate, capacity }: Fleet, position: number): number =>
  settings.policy === 'least-time' ? rate[position]! : capacity[position]!;
