/**
 * A block between its isolate and the registry, whose word on what is over is the last: leases are completed here
 * and elsewhere, renewed, left to run out, and each hears of it late.
 */
import type { Block, BlockUpdate, BlockReport } from '../../../src/core/lease/block.ts';
import {
  BLOCK_MARGIN_MS,
  applyBlockUpdate,
  releaseLease,
  freeSlot,
  holdsLease,
  nameLease,
  newBlock,
  reportOf,
  leaseSlot,
} from '../../../src/core/lease/block.ts';

interface ModelLease {
  readonly slot: number;
  /** As the registry has it. */
  expiresAt: number;
  hasEnded: boolean;
}

export class BlockModel {
  now = 1_000_000;
  readonly leases = new Map<string, ModelLease>();
  private readonly block: Block;
  /** Until when the registry counts the block as taken. */
  blockEnd: number;
  private pending: { readonly update: BlockUpdate } | null = null;

  constructor(slots: number) {
    this.blockEnd = this.now + 60_000;
    const grant = { id: 'b-t-0', componentId: 'c', slots, expiresAt: this.blockEnd, secret: 's' };
    this.block = newBlock(grant, this.now);
  }

  /** Leases whose callers may count on their slots. */
  live(): ModelLease[] {
    return Array.from(this.leases.values()).filter(({ hasEnded: hasEnded, expiresAt }) => !hasEnded && expiresAt > this.now);
  }

  lease(ttlMs: number): void {
    const slot = freeSlot(this.block, ttlMs, this.now);
    if (slot === -1) return;
    const id = `${slot}-${leaseSlot(this.block, slot, ttlMs, this.now)}`;
    nameLease(this.block, slot, id);
    this.leases.set(id, { slot, expiresAt: this.now + ttlMs, hasEnded: false });
  }

  completeHere(id: string): void {
    if (!holdsLease(this.block, id, this.now)) return;
    releaseLease(this.block, id);
    const lease = this.leases.get(id);
    if (lease) lease.hasEnded = true;
  }

  completeElsewhere(id: string): void {
    const lease = this.leases.get(id);
    if (lease && this.isLive(lease)) lease.hasEnded = true;
  }

  renewElsewhere(id: string, ttlMs: number): void {
    const lease = this.leases.get(id);
    if (!lease || !this.isLive(lease)) return;
    lease.expiresAt = this.now + ttlMs;
    this.blockEnd = Math.max(this.blockEnd, lease.expiresAt + BLOCK_MARGIN_MS);
  }

  /** The isolate asks, and is answered some time later. */
  requestUpdate(): void {
    this.pending ??= { update: this.updateFor(reportOf(this.block, false, this.now)) };
  }

  applyUpdate(): void {
    if (this.pending) applyBlockUpdate(this.block, this.pending.update);
    this.pending = null;
  }

  private isLive = ({ hasEnded: hasEnded, expiresAt }: ModelLease): boolean => !hasEnded && expiresAt > this.now;

  private updateFor({ id, leased: leased, extendUntil: until }: BlockReport): BlockUpdate {
    this.blockEnd = Math.max(this.blockEnd, until ?? 0);
    const ended = leased.filter((leaseId) => !this.isLive(this.leases.get(leaseId)!));
    const renewed = leased.map((leaseId) => [leaseId, this.leases.get(leaseId)!.expiresAt] as const);
    return { id, expiresAt: this.blockEnd, ended: ended, renewed };
  }
}
