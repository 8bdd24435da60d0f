/**
 * A block of slots on one component as the isolate holds it that it was granted to: leased from without a call,
 * each slot to one at a time. Mutable, because every lease moves it.
 *
 * To the registry the whole block is taken until it is returned or over. A slot comes free when its lease is
 * completed here, or when the registry says that it is over: by time alone none does, because somebody may have
 * renewed it elsewhere. A block outlives its last lease.
 */

/** What is granted. Times are epoch ms. */
export interface BlockGrant {
  readonly id: string;
  readonly componentId: string;
  readonly slots: number;
  readonly expiresAt: number;
  /** What ids of its leases are signed with. */
  readonly secret: string;
}

interface SlotLease {
  id: string;
  expiresAt: number;
}

interface Slot {
  /** How often it was leased. */
  use: number;
  lease: SlotLease | null;
}

export interface Block {
  readonly grant: BlockGrant;
  readonly slots: readonly Slot[];
  expiresAt: number;
  usedAt: number;
  /** The longest that a lease of it was asked for. */
  ttlMs: number;
}

/** What the isolate tells of a block. */
export interface BlockReport {
  readonly id: string;
  /** By slot: the number of its last use that is over. */
  readonly ended: readonly number[];
  /** Ids of leases that are held as far as known here. */
  readonly taken: readonly string[];
  /** It is asked for until then; null when it lasts long enough. */
  readonly until: number | null;
  /** The isolate has given it up. */
  readonly returned: boolean;
}

/** What the registry answers. */
export interface BlockUpdate {
  readonly id: string;
  /** Null: the block is over. */
  readonly expiresAt: number | null;
  /** Leases that are over. */
  readonly over: readonly string[];
  /** Leases that were renewed. */
  readonly renewed: readonly (readonly [leaseId: string, expiresAt: number])[];
}

/** A block outlives its last lease by this, which is more than clocks differ. */
export const BLOCK_MARGIN_MS = 2_000;
/** What a block is granted for, beyond the lease that it was granted with. */
export const BLOCK_MS = 60_000;
const EXTEND_BELOW_MS = 30_000;
/** A block that nobody used for so long is returned. */
const IDLE_MS = 2_000;

export const newBlock = (grant: BlockGrant, now: number): Block => ({
  grant,
  slots: Array.from({ length: grant.slots }, () => ({ use: 0, lease: null })),
  expiresAt: grant.expiresAt,
  usedAt: now,
  ttlMs: 0,
});

export const takenSlots = ({ slots }: Block): number => slots.reduce((sum, { lease }) => (lease ? sum + 1 : sum), 0);

/** A free slot for a lease of that time; -1 when there is none, or the block would not outlive it. */
export function freeSlot({ slots, expiresAt }: Block, ttlMs: number, now: number): number {
  return now + ttlMs + BLOCK_MARGIN_MS > expiresAt ? -1 : slots.findIndex(({ lease }) => lease === null);
}

/** Takes a free slot, for a lease without a name as yet; the number of its use. */
export function takeSlot(block: Block, slot: number, ttlMs: number, now: number): number {
  const taken = block.slots[slot]!;
  taken.use += 1;
  taken.lease = { id: '', expiresAt: now + ttlMs };
  block.usedAt = now;
  block.ttlMs = Math.max(block.ttlMs, ttlMs);
  return taken.use;
}

export function nameLease(block: Block, slot: number, id: string): void {
  const lease = block.slots[slot]?.lease;
  if (lease) lease.id = id;
}

/** Frees the slot of a lease, unless that has ended before. */
export function freeLease(block: Block, id: string): void {
  const slot = block.slots.find(({ lease }) => lease?.id === id);
  if (slot) slot.lease = null;
}

/** Whether it is held, and not over as far as known here. */
export const holdsLease = ({ slots }: Block, id: string, now: number): boolean =>
  slots.some(({ lease }) => lease?.id === id && lease.expiresAt > now);

/** Notes that a lease lasts until then. */
export function prolongLease(block: Block, id: string, expiresAt: number): void {
  const lease = block.slots.find((slot) => slot.lease?.id === id)?.lease;
  if (lease) lease.expiresAt = expiresAt;
}

/** Nobody used it lately, or it is wanted back: then it is not leased from any more. */
export const isIdle = (block: Block, isRecalled: boolean, now: number): boolean =>
  takenSlots(block) === 0 && (isRecalled || now - block.usedAt >= IDLE_MS || now >= block.expiresAt);

export function reportOf(block: Block, returned: boolean, now: number): BlockReport {
  const isShort = block.expiresAt - now < block.ttlMs + EXTEND_BELOW_MS;
  return {
    id: block.grant.id,
    ended: block.slots.map(({ use, lease }) => (lease ? use - 1 : use)),
    taken: block.slots.flatMap(({ lease }) => (lease ? [lease.id] : [])),
    until: isShort && !returned ? now + block.ttlMs + BLOCK_MS : null,
    returned,
  };
}

/** Takes in what the registry says; false when the block is over. */
export function applyBlockUpdate(block: Block, { expiresAt, over, renewed }: BlockUpdate): boolean {
  if (expiresAt === null) return false;
  block.expiresAt = expiresAt;
  for (const id of over) freeLease(block, id);
  for (const [id, until] of renewed) prolongLease(block, id, until);
  return true;
}
