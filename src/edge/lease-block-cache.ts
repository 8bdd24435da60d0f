/**
 * The lease blocks that an isolate holds for a type, from which it leases slots without a call. Each sync reports their
 * leases to the registry, and brings the changes that were made elsewhere.
 */
import type { CandidatePool } from '../core/balancing/candidate-pool.ts';
import type { RouteRequest } from '../core/balancing/pick.ts';
import { taskOf } from '../core/balancing/pick.ts';
import { POLICIES } from '../core/balancing/policies/policies.ts';
import type { Task } from '../core/balancing/policies/policy.ts';
import { isMember } from '../core/balancing/weighted-set.ts';
import type { Block, BlockGrant, BlockReport } from '../core/lease/lease-block.ts';
import {
  applyBlockUpdate,
  releaseLease,
  freeSlot,
  holdsLease,
  isIdle,
  nameLease,
  newBlock,
  extendLease,
  reportOf,
  leaseSlot,
  leasedSlots,
} from '../core/lease/lease-block.ts';
import { parseLeaseRef, unsignedId } from '../core/lease/lease-id.ts';
import type { EdgeSnapshot } from './edge-snapshot.ts';
import type { BlockResponse, CompletedLease } from '../registry/contract/lease-api.ts';
import { signLease } from '../registry/contract/lease-signature.ts';

export interface EdgeLease {
  readonly id: string;
  readonly expiresAt: number;
}

interface FreeSlot {
  readonly block: Block;
  readonly slot: number;
  /** Position of the component in the isolate's snapshot. */
  readonly position: number;
}

/** Completions kept so that a repeated completion gets the same response. */
const MAX_COMPLETED = 10_000;
/** Exceeds the time that the request for a block may wait in the queue of the registry. */
const BLOCK_REQUEST_LOST_MS = 60_000;

export class LeaseBlockCache {
  private readonly blocks = new Map<string, Block>();
  /** Final reports of blocks that the isolate gave up, until a sync sends them. */
  private readonly returned = new Map<string, BlockReport>();
  private readonly completed = new Map<string, CompletedLease>();
  /** The registry wants all blocks of the type back. */
  private isRecalled = false;
  /** When the block request in flight began, epoch ms; null when there is none. */
  private requestedSince: number | null = null;

  get size(): number {
    return this.blocks.size;
  }

  /** Whether the caller may request a block. Without the limit of one, each request of a burst would get a block. */
  beginBlockRequest(now: number): boolean {
    // The platform may have ended the earlier request without notice.
    if (this.requestedSince !== null && Math.abs(now - this.requestedSince) < BLOCK_REQUEST_LOST_MS) return false;
    this.requestedSince = now;
    return true;
  }

  endBlockRequest(): void {
    this.requestedSince = null;
  }

  addBlock(grant: BlockGrant, now: number): void {
    this.blocks.set(grant.id, newBlock(grant, now));
    // The registry grants no blocks while it recalls them.
    this.isRecalled = false;
  }

  /**
   * Finds a free slot on the component of lowest cost by the isolate's snapshot. Returns null when no healthy component
   * has a free slot, or the registry recalls its blocks.
   */
  findSlot({ pool }: EdgeSnapshot, request: RouteRequest, ttlMs: number, now: number): FreeSlot | null {
    if (this.isRecalled) return null;
    const task = taskOf(pool, request);
    let best: FreeSlot | null = null;
    let bestRank: readonly number[] = [];
    for (const block of this.blocks.values()) {
      const position = pool.positions.get(block.grant.componentId) ?? -1;
      if (position === -1 || !isMember(pool.healthy, position)) continue;
      const slot = freeSlot(block, ttlMs, now);
      if (slot === -1) continue;
      const rank = this.rankOf(pool, { block, position }, task);
      if (best && !ranksBefore(rank, bestRank)) continue;
      best = { block, slot, position };
      bestRank = rank;
    }
    return best;
  }

  /** Leases the first slot of a block that was granted a moment ago. */
  leaseFirst(blockId: string, ttlMs: number, now: number): Promise<EdgeLease> {
    return this.lease({ block: this.blocks.get(blockId)!, slot: 0 }, ttlMs, now);
  }

  async lease({ block, slot }: Omit<FreeSlot, 'position'>, ttlMs: number, now: number): Promise<EdgeLease> {
    const use = leaseSlot(block, slot, ttlMs, now);
    const expiresAt = now + ttlMs;
    const text = unsignedId({ blockId: block.grant.id, slot, use, expiresAt });
    // Reserves the slot under the unsigned id, which no caller knows, while the signature is computed.
    nameLease(block, slot, text);
    try {
      const id = `${text}-${await signLease(block.grant.secret, text)}`;
      nameLease(block, slot, id);
      return { id, expiresAt };
    } catch (error) {
      releaseLease(block, text);
      throw error;
    }
  }

  /** The component of a lease from a block of this isolate; null when there is no such lease, or it has ended. */
  componentOf(id: string, now: number): string | null {
    const block = this.blockOf(id);
    return block && holdsLease(block, id, now) ? block.grant.componentId : null;
  }

  /** Frees the slot of a lease, and keeps the completion for repeated requests. */
  complete(lease: CompletedLease): void {
    if (this.completed.size >= MAX_COMPLETED) this.completed.delete(this.completed.keys().next().value!);
    this.completed.set(lease.id, lease);
    this.release(lease.id);
  }

  completedBefore(id: string): CompletedLease | undefined {
    return this.completed.get(id);
  }

  /** Frees the slot of a lease that ended elsewhere. */
  release(id: string): void {
    const block = this.blockOf(id);
    if (block) releaseLease(block, id);
  }

  extend(id: string, expiresAt: number): void {
    const block = this.blockOf(id);
    if (block) extendLease(block, id, expiresAt);
  }

  /** Returns the reports for the registry, and gives idle blocks up. */
  report(now: number): BlockReport[] {
    for (const [id, block] of this.blocks) {
      if (!isIdle(block, this.isRecalled, now)) continue;
      this.blocks.delete(id);
      this.returned.set(id, reportOf(block, true, now));
    }
    const returned = Array.from(this.returned.values());
    this.returned.clear();
    return [...returned, ...Array.from(this.blocks.values(), (block) => reportOf(block, false, now))];
  }

  /** Keeps final reports for the next sync when the registry did not receive them. */
  restoreReturned(reports: readonly BlockReport[]): void {
    for (const report of reports) if (report.returned) this.returned.set(report.id, report);
  }

  apply({ updates, isRecalled }: BlockResponse): void {
    this.isRecalled = isRecalled;
    for (const update of updates) {
      const block = this.blocks.get(update.id);
      if (block && !applyBlockUpdate(block, update)) this.blocks.delete(update.id);
    }
  }

  /** Ranks by cost, then by relative load, then by fullest block, so that other blocks become idle. Lowest is best. */
  private rankOf(pool: CandidatePool, { block, position }: Omit<FreeSlot, 'slot'>, task: Task): readonly number[] {
    let leased = 0;
    for (const each of this.blocks.values())
      if (each.grant.componentId === block.grant.componentId) leased += leasedSlots(each);
    const cost = POLICIES[pool.settings.policy].cost(pool, position, leased, task);
    return [cost, (leased + 1) / pool.capacity[position]!, -leasedSlots(block)];
  }

  private blockOf(id: string): Block | undefined {
    const ref = parseLeaseRef(id);
    return ref ? this.blocks.get(ref.blockId) : undefined;
  }
}

function ranksBefore(rank: readonly number[], other: readonly number[]): boolean {
  const at = rank.findIndex((value, index) => value !== other[index]);
  return at !== -1 && rank[at]! < other[at]!;
}
