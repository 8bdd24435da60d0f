/**
 * The blocks of slots that an isolate was granted for a type: it leases from them without a call, for as long
 * as it holds them. What it did with them the registry is told with the next sync, which also says what
 * happened elsewhere.
 */
import type { CandidatePool } from '../core/balancing/candidate-pool.ts';
import type { RouteRequest } from '../core/balancing/pick.ts';
import { taskOf } from '../core/balancing/pick.ts';
import { POLICIES } from '../core/balancing/policies/policies.ts';
import type { Task } from '../core/balancing/policies/policy.ts';
import { isMember } from '../core/balancing/weighted-set.ts';
import type { Block, BlockGrant, BlockReport } from '../core/lease/block.ts';
import {
  applyBlockUpdate,
  freeLease,
  freeSlot,
  holdsLease,
  isIdle,
  nameLease,
  newBlock,
  prolongLease,
  reportOf,
  takeSlot,
  takenSlots,
} from '../core/lease/block.ts';
import { placeOfLease, unsignedId } from '../core/lease/lease-id.ts';
import type { EdgeSnapshot } from './edge-snapshot.ts';
import type { BlockAnswer, CompletedLease } from '../registry/contract/lease-api.ts';
import { signLease } from '../registry/contract/lease-signature.ts';

export interface EdgeLease {
  readonly id: string;
  readonly expiresAt: number;
}

interface FreePlace {
  readonly block: Block;
  readonly slot: number;
  /** Of the component in the isolate's fleet. */
  readonly position: number;
}

/** Completions that are remembered, to be answered the same again. */
const MAX_REMEMBERED = 10_000;
/** Longer than a caller that asks may wait in line. */
const ASKING_LOST_MS = 60_000;

export class BlockCache {
  private readonly blocks = new Map<string, Block>();
  private readonly given = new Map<string, BlockReport>();
  private readonly completed = new Map<string, CompletedLease>();
  private isRecalled = false;
  /** Since when a block is asked for, epoch ms; null when none is. */
  private askingSince: number | null = null;

  get size(): number {
    return this.blocks.size;
  }

  /** Whether to ask for another block: one at a time, or a burst of calls would bring a block each. */
  beginAsking(now: number): boolean {
    // Whoever asked may have been ended without a word.
    if (this.askingSince !== null && Math.abs(now - this.askingSince) < ASKING_LOST_MS) return false;
    this.askingSince = now;
    return true;
  }

  endAsking(): void {
    this.askingSince = null;
  }

  adopt(grant: BlockGrant, now: number): void {
    this.blocks.set(grant.id, newBlock(grant, now));
    // It would not have been granted otherwise.
    this.isRecalled = false;
  }

  /**
   * Where there is a slot on the component that the work costs least, as the isolate knows it; null when there is
   * none on a healthy one, or the registry wants its blocks back.
   */
  place({ fleet }: EdgeSnapshot, request: RouteRequest, ttlMs: number, now: number): FreePlace | null {
    if (this.isRecalled) return null;
    const task = taskOf(fleet, request);
    let best: FreePlace | null = null;
    let lowest: readonly number[] = [];
    for (const block of this.blocks.values()) {
      const position = fleet.positions.get(block.grant.componentId) ?? -1;
      if (position === -1 || !isMember(fleet.healthy, position)) continue;
      const slot = freeSlot(block, ttlMs, now);
      if (slot === -1) continue;
      const order = this.orderOf(fleet, { block, position }, task);
      if (best && !isBefore(order, lowest)) continue;
      best = { block, slot, position };
      lowest = order;
    }
    return best;
  }

  /** Leases the first slot of a block that was granted a moment ago. */
  first(blockId: string, ttlMs: number, now: number): Promise<EdgeLease> {
    return this.lease({ block: this.blocks.get(blockId)!, slot: 0 }, ttlMs, now);
  }

  async lease({ block, slot }: Omit<FreePlace, 'position'>, ttlMs: number, now: number): Promise<EdgeLease> {
    const use = takeSlot(block, slot, ttlMs, now);
    const expiresAt = now + ttlMs;
    const text = unsignedId({ blockId: block.grant.id, slot, use, expiresAt });
    // Until it is signed nobody knows it, and the slot is taken.
    nameLease(block, slot, text);
    try {
      const id = `${text}-${await signLease(block.grant.secret, text)}`;
      nameLease(block, slot, id);
      return { id, expiresAt };
    } catch (error) {
      freeLease(block, text);
      throw error;
    }
  }

  /** The component of a lease that is held here; null when it is not, or is over. */
  componentOf(id: string, now: number): string | null {
    const block = this.blockOf(id);
    return block && holdsLease(block, id, now) ? block.grant.componentId : null;
  }

  /** Frees the slot of a lease that is held here, and remembers how its caller was answered. */
  complete(lease: CompletedLease): void {
    if (this.completed.size >= MAX_REMEMBERED) this.completed.delete(this.completed.keys().next().value!);
    this.completed.set(lease.id, lease);
    this.free(lease.id);
  }

  completedBefore(id: string): CompletedLease | undefined {
    return this.completed.get(id);
  }

  /** It ended elsewhere. */
  free(id: string): void {
    const block = this.blockOf(id);
    if (block) freeLease(block, id);
  }

  prolong(id: string, expiresAt: number): void {
    const block = this.blockOf(id);
    if (block) prolongLease(block, id, expiresAt);
  }

  /** What the registry is told; blocks that idle are given up with it. */
  report(now: number): BlockReport[] {
    for (const [id, block] of this.blocks) {
      if (!isIdle(block, this.isRecalled, now)) continue;
      this.blocks.delete(id);
      this.given.set(id, reportOf(block, true, now));
    }
    const given = Array.from(this.given.values());
    this.given.clear();
    return [...given, ...Array.from(this.blocks.values(), (block) => reportOf(block, false, now))];
  }

  /** The registry did not hear of it after all. */
  giveBack(reports: readonly BlockReport[]): void {
    for (const report of reports) if (report.returned) this.given.set(report.id, report);
  }

  apply({ news, isRecalled }: BlockAnswer): void {
    this.isRecalled = isRecalled;
    for (const each of news) {
      const block = this.blocks.get(each.id);
      if (block && !applyBlockUpdate(block, each)) this.blocks.delete(each.id);
    }
  }

  /** What the work costs there, then whose turn it is by size, then the fullest block, so that others come to idle. */
  private orderOf(fleet: CandidatePool, { block, position }: Omit<FreePlace, 'slot'>, task: Task): readonly number[] {
    let taken = 0;
    for (const each of this.blocks.values())
      if (each.grant.componentId === block.grant.componentId) taken += takenSlots(each);
    const cost = POLICIES[fleet.settings.policy].cost(fleet, position, taken, task);
    return [cost, (taken + 1) / fleet.capacity[position]!, -takenSlots(block)];
  }

  private blockOf(id: string): Block | undefined {
    const place = placeOfLease(id);
    return place ? this.blocks.get(place.blockId) : undefined;
  }
}

function isBefore(order: readonly number[], than: readonly number[]): boolean {
  const at = order.findIndex((value, index) => value !== than[index]);
  return at !== -1 && order[at]! < than[at]!;
}
