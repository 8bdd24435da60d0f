/**
 * The slots of a type's recovery guard: how many components may be restarted or scaled at once, and in which order.
 *
 * A need is proven if checks or heartbeats found the component dead. The need is unproven if only the component or its
 * callers say so while it works. One slot is reserved for proven needs, so that no component with an unproven need can
 * hold all. In a type with a single slot, the first proven need goes ahead beside an unproven one.
 */

export interface SlotClaim {
  readonly recoveryId: string;
  readonly isProven: boolean;
  /** Start of the recovery, epoch ms. The oldest claim of its kind comes first. */
  readonly since: number;
}

export interface SlotsInUse {
  readonly proven: number;
  readonly unproven: number;
}

/** Returns true if the claim may take a slot now. `waiting` may include the claim itself. */
export function isNextInLine(
  claim: SlotClaim,
  { proven, unproven }: SlotsInUse,
  waiting: readonly SlotClaim[],
  limit: number,
): boolean {
  const free = limit - proven - unproven;
  const before = waiting.filter((other) => other.isProven === claim.isProven && isOlder(other, claim)).length;
  if (claim.isProven) return before < Math.max(free, proven === 0 ? 1 : 0);
  const freeOfProven = free - waiting.filter(({ isProven }) => isProven).length;
  return before < Math.min(freeOfProven, Math.max(1, limit - 1) - unproven);
}

const isOlder = (a: SlotClaim, b: SlotClaim): boolean =>
  a.since === b.since ? a.recoveryId < b.recoveryId : a.since < b.since;
