/**
 * Lease block as the isolate that was granted it sees it: slots of one component, leased without a call to the
 * registry. Mutable: every lease updates it. A slot serves one lease at a time.
 *
 * For the registry, the whole block is in use until the isolate returns it or it expires. A slot becomes free when this
 * isolate completes its lease, or when the registry reports that the lease has ended. Time alone frees no slot, because
 * another isolate may have renewed the lease.
 *
 * Invariant: a block outlives its last lease.
 */

/** A granted block. Times are epoch ms. */
export interface BlockGrant {
  readonly id: string;
  readonly componentId: string;
  readonly slots: number;
  readonly expiresAt: number;
  /** Secret that signs the ids of its leases. */
  readonly secret: string;
}

interface SlotLease {
  id: string;
  expiresAt: number;
}

interface Slot {
  /** Number of times that the slot was leased. */
  use: number;
  lease: SlotLease | null;
}

export interface Block {
  readonly grant: BlockGrant;
  readonly slots: readonly Slot[];
  expiresAt: number;
  usedAt: number;
  /** Longest ttl requested for a lease of this block, ms. */
  ttlMs: number;
}

/** State of a block, as the isolate reports it to the registry. */
export interface BlockReport {
  readonly id: string;
  /** Number of the last ended use, by slot. */
  readonly endedUses: readonly number[];
  /** Ids of the leases that have not ended as far as the isolate knows. */
  readonly leased: readonly string[];
  /** Requested new expiry, epoch ms; null if the block lasts long enough. */
  readonly extendUntil: number | null;
  /** True if the isolate returns the block. */
  readonly returned: boolean;
}

/** The registry's response to a report. */
export interface BlockUpdate {
  readonly id: string;
  /** Epoch ms; null if the block has ended. */
  readonly expiresAt: number | null;
  /** Ids of the leases that have ended. */
  readonly ended: readonly string[];
  /** Leases that were renewed elsewhere, with their new expiry. */
  readonly renewed: readonly (readonly [leaseId: string, expiresAt: number])[];
}

/**
 * Minimum time by which a block outlives its last lease; larger than the clock difference between isolate and registry.
 */
export const BLOCK_MARGIN_MS = 2_000;
/** Lifetime of a block beyond the lease that it was granted with. */
export const BLOCK_MS = 60_000;
const EXTEND_BELOW_MS = 30_000;
/** The isolate returns a block after this idle time. */
const IDLE_MS = 2_000;

export const newBlock = (grant: BlockGrant, now: number): Block => ({
  grant,
  slots: Array.from({ length: grant.slots }, () => ({ use: 0, lease: null })),
  expiresAt: grant.expiresAt,
  usedAt: now,
  ttlMs: 0,
});

export const leasedSlots = ({ slots }: Block): number => slots.reduce((sum, { lease }) => (lease ? sum + 1 : sum), 0);

/** Returns a free slot for a lease of `ttlMs`; -1 if none is free or the block would not outlive the lease. */
export function freeSlot({ slots, expiresAt }: Block, ttlMs: number, now: number): number {
  return now + ttlMs + BLOCK_MARGIN_MS > expiresAt ? -1 : slots.findIndex(({ lease }) => lease === null);
}

/** Marks a free slot as leased; `nameLease` sets the id afterwards. Returns the number of this use. */
export function leaseSlot(block: Block, slot: number, ttlMs: number, now: number): number {
  const target = block.slots[slot]!;
  target.use += 1;
  target.lease = { id: '', expiresAt: now + ttlMs };
  block.usedAt = now;
  block.ttlMs = Math.max(block.ttlMs, ttlMs);
  return target.use;
}

export function nameLease(block: Block, slot: number, id: string): void {
  const lease = block.slots[slot]?.lease;
  if (lease) lease.id = id;
}

/** Frees the slot of a lease, unless the lease has already ended. */
export function releaseLease(block: Block, id: string): void {
  const slot = block.slots.find(({ lease }) => lease?.id === id);
  if (slot) slot.lease = null;
}

/** Whether the lease exists and, as far as the isolate knows, has not expired. */
export const holdsLease = ({ slots }: Block, id: string, now: number): boolean =>
  slots.some(({ lease }) => lease?.id === id && lease.expiresAt > now);

export function extendLease(block: Block, id: string, expiresAt: number): void {
  const lease = block.slots.find((slot) => slot.lease?.id === id)?.lease;
  if (lease) lease.expiresAt = expiresAt;
}

/** Whether the block can be returned: no slot is leased, and the block is recalled, idle or expired. */
export const isIdle = (block: Block, isRecalled: boolean, now: number): boolean =>
  leasedSlots(block) === 0 && (isRecalled || now - block.usedAt >= IDLE_MS || now >= block.expiresAt);

export function reportOf(block: Block, returned: boolean, now: number): BlockReport {
  const isShort = block.expiresAt - now < block.ttlMs + EXTEND_BELOW_MS;
  return {
    id: block.grant.id,
    endedUses: block.slots.map(({ use, lease }) => (lease ? use - 1 : use)),
    leased: block.slots.flatMap(({ lease }) => (lease ? [lease.id] : [])),
    extendUntil: isShort && !returned ? now + block.ttlMs + BLOCK_MS : null,
    returned,
  };
}

/** Applies the response of the registry; false if the block has ended. */
export function applyBlockUpdate(block: Block, { expiresAt, ended, renewed }: BlockUpdate): boolean {
  if (expiresAt === null) return false;
  block.expiresAt = expiresAt;
  for (const id of ended) releaseLease(block, id);
  for (const [id, until] of renewed) extendLease(block, id, until);
  return true;
}
