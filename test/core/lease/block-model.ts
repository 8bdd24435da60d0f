/**
 * A block between its isolate and the registry, whose word on what is over is the last: leases are completed here
 * and elsewhere, renewed, left to run out, and each hears of it late.
 */
import type { Block, BlockUpdate, BlockReport } from '../../../src/core/lease/block.ts';
import {
  BLOCK_MARGIN_MS,
  applyBlockUpdate,
  freeLease,
  freeSlot,
  holdsLease,
  nameLease,
  newBlock,
  reportOf,
  takeSlot,
} from '../../../src/core/lease/block.ts';

interface Held {
  readonly slot: number;
  /** As the registry has it. */
  expiresAt: number;
  isOver: boolean;
}

export class BlockWorld {
  now = 1_000_000;
  readonly leases = new Map<string, Held>();
  private readonly block: Block;
  /** Until when the registry counts the block as taken. */
  blockEnd: number;
  private underway: { readonly news: BlockUpdate } | null = null;

  constructor(slots: number) {
    this.blockEnd = this.now + 60_000;
    const grant = { id: 'b-t-0', componentId: 'c', slots, expiresAt: this.blockEnd, secret: 's' };
    this.block = newBlock(grant, this.now);
  }

  /** Leases whose callers may count on their slots. */
  live(): Held[] {
    return Array.from(this.leases.values()).filter(({ isOver, expiresAt }) => !isOver && expiresAt > this.now);
  }

  lease(ttlMs: number): void {
    const slot = freeSlot(this.block, ttlMs, this.now);
    if (slot === -1) return;
    const id = `${slot}-${takeSlot(this.block, slot, ttlMs, this.now)}`;
    nameLease(this.block, slot, id);
    this.leases.set(id, { slot, expiresAt: this.now + ttlMs, isOver: false });
  }

  completeHere(id: string): void {
    if (!holdsLease(this.block, id, this.now)) return;
    freeLease(this.block, id);
    const lease = this.leases.get(id);
    if (lease) lease.isOver = true;
  }

  completeElsewhere(id: string): void {
    const lease = this.leases.get(id);
    if (lease && this.isLive(lease)) lease.isOver = true;
  }

  renewElsewhere(id: string, ttlMs: number): void {
    const lease = this.leases.get(id);
    if (!lease || !this.isLive(lease)) return;
    lease.expiresAt = this.now + ttlMs;
    this.blockEnd = Math.max(this.blockEnd, lease.expiresAt + BLOCK_MARGIN_MS);
  }

  /** The isolate asks, and is answered some time later. */
  ask(): void {
    this.underway ??= { news: this.answer(reportOf(this.block, false, this.now)) };
  }

  hear(): void {
    if (this.underway) applyBlockUpdate(this.block, this.underway.news);
    this.underway = null;
  }

  private isLive = ({ isOver, expiresAt }: Held): boolean => !isOver && expiresAt > this.now;

  private answer({ id, taken, until }: BlockReport): BlockUpdate {
    this.blockEnd = Math.max(this.blockEnd, until ?? 0);
    const over = taken.filter((leaseId) => !this.isLive(this.leases.get(leaseId)!));
    const renewed = taken.map((leaseId) => [leaseId, this.leases.get(leaseId)!.expiresAt] as const);
    return { id, expiresAt: this.blockEnd, over, renewed };
  }
}
