/**
 * Key affinity: keeps work of one key on one component for as long as that component has capacity.
 *
 * Weighted rendezvous hashing selects the component (Thaler and Ravishankar, "A name-based mapping scheme for
 * rendezvous"; weights after Schindelhauer and Schomaker). The load of a component is bounded to a quarter above its
 * share (Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads"). When a component leaves, only
 * its own keys move.
 *
 * Invariant: ownership depends on the ids of the members and on weight × `maxConcurrentTasks`, never on measured times.
 * So no key moves while no component joins, leaves or fills up, under any policy and in any isolate.
 *
 * A lookup costs O(members of the set) and constant memory.
 */
import type { Choice, Enforcement } from './eligible.ts';
import { isEligible } from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { declaredCapacity } from './candidate-pool.ts';
import { hashOf } from '../hash.ts';
import type { WeightedSet } from './weighted-set.ts';

/** Upper bound of the work in flight on a component, as a multiple of its share of all work in flight. */
const BOUND = 1.25;

/**
 * Returns the position that owns the key among the eligible ones; -1 if none is eligible. Work in flight on ineligible
 * components does not count towards the bound. Counting that work could exclude every component although some have
 * capacity.
 */
export function affinityTargetOf(choice: Choice, set: WeightedSet, key: string, enforcement: Enforcement): number {
  const { pool, work, requirements } = choice;
  let [open, total] = [requirements.slots, 0];
  for (let slot = 0; slot < set.size; slot++) {
    const position = set.members[slot]!;
    if (!isEligible(choice, position, enforcement)) continue;
    open += work.known[position]!;
    total += declaredCapacity(pool, position);
  }
  if (total === 0) return -1;
  const isWithin = (position: number): boolean => {
    const bound = Math.ceil((BOUND * open * declaredCapacity(pool, position)) / total);
    return work.known[position]! + requirements.slots <= Math.max(bound, requirements.slots);
  };
  const keyHash = hashOf(key);
  const owner = ownerAmong(pool, set, keyHash, (at) => isWithin(at) && isEligible(choice, at, enforcement));
  // A request for several slots may exceed the bound everywhere. In that case the key keeps its unbounded owner.
  return owner === -1 ? ownerAmong(pool, set, keyHash, (at) => isEligible(choice, at, enforcement)) : owner;
}

/**
 * Each member draws an exponential arrival time from its capacity and the hash of its id with the key. Returns the
 * first arrival that `accepts` allows; -1 if there is none.
 */
function ownerAmong(
  pool: CandidatePool,
  { size, members }: WeightedSet,
  keyHash: number,
  accepts: (position: number) => boolean,
): number {
  let [owner, first] = [-1, Infinity];
  for (let slot = 0; slot < size; slot++) {
    const position = members[slot]!;
    const unit = unitOf(pool.idHashes[position]! ^ keyHash);
    const capacity = declaredCapacity(pool, position);
    const latest = first * capacity;
    // 1 - u never exceeds -ln(u), so most members are skipped without computing the logarithm.
    if (1 - unit >= latest || -Math.log(unit) >= latest || !accepts(position)) continue;
    owner = position;
    first = -Math.log(unit) / capacity;
  }
  return owner;
}

/** Maps a hash to a number in (0, 1), mixed with MurmurHash3's finalizer. */
export function unitOf(hash: number): number {
  let mixed = hash >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return ((mixed >>> 0) + 0.5) / 4_294_967_296;
}
