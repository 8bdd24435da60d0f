/**
 * Keeps work of one key with one component for as long as it has room: rendezvous hashing by weight (Thaler
 * and Ravishankar, "A name-based mapping scheme for rendezvous"; weighted by Schindelhauer and Schomaker), with
 * loads bounded to a quarter above the mean (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with
 * bounded loads"). When a component goes only its own keys move.
 *
 * Looks at the whole set, in constant memory.
 */
import type { Choice } from './best-of.ts';
import { isEligible } from './best-of.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { hashOf } from '../hash.ts';
import type { WeightedSet } from './weighted-set.ts';

/** How far above its share of the work in flight a component may be. */
const BOUND = 1.25;

/**
 * The component that the key belongs to among the eligible ones; -1 when none is. What the others hold bounds
 * nobody: were it counted, the bound could leave nobody though there is room.
 */
export function ownerOf(choice: Choice, set: WeightedSet, key: string, picky: boolean): number {
  const { work, wanted } = choice;
  let [open, total] = [wanted.slots, 0];
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, picky)) continue;
    open += work.open[position]!;
    total += set.weights[position]!;
  }
  if (total === 0) return -1;
  const isWithin = (position: number): boolean => {
    const bound = Math.ceil((BOUND * open * set.weights[position]!) / total);
    return work.open[position]! + wanted.slots <= Math.max(bound, wanted.slots);
  };
  const keyHash = hashOf(key);
  const owner = firstOf(choice.fleet, set, keyHash, (at) => isWithin(at) && isEligible(choice, at, picky));
  // Several slots at once may fit within no bound: then it is the key's own one.
  return owner === -1 ? firstOf(choice.fleet, set, keyHash, (at) => isEligible(choice, at, picky)) : owner;
}

/** Each waits an exponential time at its weight, as its hash with the key decides: the first one to be accepted. */
function firstOf(
  { idHashes }: CandidatePool,
  { size, members, weights }: WeightedSet,
  keyHash: number,
  accepts: (position: number) => boolean,
): number {
  let [owner, first] = [-1, Infinity];
  for (let slot = 0; slot < size; slot++) {
    const position = members[slot]!;
    const unit = unitOf(idHashes[position]! ^ keyHash);
    const latest = first * weights[position]!;
    // No logarithm is less than this: of most it need not be taken.
    if (1 - unit >= latest || -Math.log(unit) >= latest || !accepts(position)) continue;
    owner = position;
    first = -Math.log(unit) / weights[position]!;
  }
  return owner;
}

/** A hash as a number in (0, 1), mixed well (MurmurHash3's finalizer). */
export function unitOf(hash: number): number {
  let mixed = hash >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return ((mixed >>> 0) + 0.5) / 4_294_967_296;
}
