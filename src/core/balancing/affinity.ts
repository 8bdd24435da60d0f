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
import { hashOf } from '../hash.ts';
import type { WeightedSet } from './weighted-set.ts';

/** How far above its share of the work in flight a component may be. */
const BOUND = 1.25;

/**
 * The component that the key belongs to among the eligible ones; -1 when none is. What the others hold bounds
 * nobody: were it counted, the bound could leave nobody though there is room.
 */
export function ownerOf(choice: Choice, set: WeightedSet, key: string, picky: boolean): number {
  const { fleet, work, wanted } = choice;
  const keyHash = hashOf(key);
  let [open, total] = [wanted.slots, 0];
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, picky)) continue;
    open += work.open[position]!;
    total += set.weights[position]!;
  }
  let [owner, first] = [-1, Infinity];
  // Several slots at once may fit within no bound: then the key's own one is taken.
  let [unbounded, firstOfAll] = [-1, Infinity];
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, picky)) continue;
    const weight = set.weights[position]!;
    // Each waits an exponential time at its weight, as its hash with the key decides; the first one wins.
    const wait = -Math.log(unitOf(hashOf(fleet.candidates[position]!.id) ^ keyHash)) / weight;
    if (wait < firstOfAll) [unbounded, firstOfAll] = [position, wait];
    const bound = Math.max(wanted.slots, Math.ceil((BOUND * open * weight) / total));
    if (wait < first && work.open[position]! + wanted.slots <= bound) [owner, first] = [position, wait];
  }
  return owner === -1 ? unbounded : owner;
}

/** A hash as a number in (0, 1), mixed well (MurmurHash3's finalizer). */
export function unitOf(hash: number): number {
  let mixed = hash >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return ((mixed >>> 0) + 0.5) / 4_294_967_296;
}
