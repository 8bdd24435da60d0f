/**
 * Model of a block shared by its isolate and the registry, which decides what has ended. Leases are completed in this
 * isolate or elsewhere, are renewed, or expire, and each side learns of it late.
 */
import type { Block, BlockUpdate, BlockReport } from '../../../src/core/lease/lease-block.ts';
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
} from '../../../src/core/lease/lease-block.ts';

interface ModelLease {
  readonly slot: number;
  /** Expiry in the registry. */
  expiresAt: number;
  hasEnded: boolean;
}

export class BlockModel {
  now = 1_000_000;
  readonly leases = new Map<string, ModelLease>();
  private readonly block: Block;
  /** Time until which the registry counts the block as in use. */
  blockEnd: number;
  private pending: { readonly update: BlockUpdate } | null = null;

  constructor(slots: number) {
    this.blockEnd = this.now + 60_000;
    const grant = { id: 'b-t-0', componentId: 'c', slots, expiresAt: this.blockEnd, secret: 's' };
    this.block = newBlock(grant, this.now);
  }

  /** Leases whose callers may use their slots. */
  live(): ModelLease[] {
    return Array.from(this.leases.values()).filter(({ hasEnded, expiresAt }) => !hasEnded && expiresAt > this.now);
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

  /** Sends a report. The response is applied later. */
  requestUpdate(): void {
    this.pending ??= { update: this.updateFor(reportOf(this.block, false, this.now)) };
  }

  applyUpdate(): void {
    if (this.pending) applyBlockUpdate(this.block, this.pending.update);
    this.pending = null;
  }

  private isLive = ({ hasEnded, expiresAt }: ModelLease): boolean => !hasEnded && expiresAt > this.now;

  private updateFor({ id, leased, extendUntil: until }: BlockReport): BlockUpdate {
    this.blockEnd = Math.max(this.blockEnd, until ?? 0);
    const ended = leased.filter((leaseId) => !this.isLive(this.leases.get(leaseId)!));
    const renewed = leased.map((leaseId) => [leaseId, this.leases.get(leaseId)!.expiresAt] as const);
    return { id, expiresAt: this.blockEnd, ended, renewed };
  }
}
