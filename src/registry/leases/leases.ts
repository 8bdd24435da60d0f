/** Facade for the leases of a registry: wires the modules that allocate, grant, renew and end them. */
import type { BlockReport } from '../../core/lease/lease-block.ts';
import { parseLeaseRef } from '../../core/lease/lease-id.ts';
import { ok } from '../../core/result.ts';
import { LeaseAllocator } from './lease-allocator.ts';
import { LeaseBlocks } from './lease-blocks.ts';
import { CommitBatcher } from './commit-batcher.ts';
import type { MemberOutcomes } from '../health/outlier-ejection.ts';
import { LivePool } from './live-pool.ts';
import type { FailureReports } from '../recovery/failure-reports.ts';
import type { AcquireRequest, BlockResponse, Completion, LeaseQuery } from '../contract/lease-api.ts';
import { LeaseLedger, unknownLease } from './lease-ledger.ts';
import type { RegistryApi } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { PositionTable } from '../snapshot/position-table.ts';

export interface LeasesDeps {
  /** Sets the alarm for whatever is due next. */
  readonly arm: () => Promise<void>;
  /** Called when work ended at a component, whatever its outcome. */
  readonly onWorkEnded: (outcomes: MemberOutcomes, now: number) => void;
  /** Resolves when everything written before the call is committed. */
  readonly whenCommitted: () => Promise<void>;
  /** Called when something was written to the outbox. */
  readonly deliver: (now: number) => void;
  /** Called when a capacity shortage begins. */
  readonly onShortage: () => void;
}

export class Leases {
  private readonly state: RegistryState;
  private readonly deps: LeasesDeps;
  private readonly lifecycle: LeaseLedger;
  private readonly blocks: LeaseBlocks;
  private readonly allocator: LeaseAllocator;
  private readonly batcher: CommitBatcher;

  constructor(state: RegistryState, positions: PositionTable, reports: FailureReports, deps: LeasesDeps) {
    this.state = state;
    this.deps = deps;
    this.batcher = new CommitBatcher(deps.whenCommitted);
    this.lifecycle = new LeaseLedger(state, reports);
    this.blocks = new LeaseBlocks(state, this.lifecycle);
    const livePool = new LivePool(state, positions);
    this.allocator = new LeaseAllocator(state, {
      livePool,
      leases: this.lifecycle,
      blocks: this.blocks,
      onGranted: () => void deps.arm(),
      onShortage: deps.onShortage,
    });
  }

  /** Earliest time at which a lease may expire, epoch ms; Infinity without leases. */
  get dueAt(): number {
    return this.lifecycle.dueAt;
  }

  async acquire(request: AcquireRequest): ReturnType<RegistryApi['acquire']> {
    await this.batcher.next();
    const acquisition = this.allocator.acquire(request, Date.now());
    await this.deps.arm();
    return acquisition;
  }

  async complete(id: string, completion: Completion): ReturnType<RegistryApi['completeLease']> {
    const place = parseLeaseRef(id);
    if (place && !(await this.blocks.isSignedHere(place))) return unknownLease(id);
    await this.batcher.next();
    const now = Date.now();
    const completed = place
      ? this.blocks.complete(id, place, completion, now)
      : this.lifecycle.complete(id, completion, now);
    this.allocator.serve(now);
    if (completed.ok && completed.value.outcomes) this.deps.onWorkEnded(completed.value.outcomes, now);
    if (completion.error) this.deps.deliver(now);
    await this.deps.arm();
    return completed.ok ? ok(completed.value.lease) : completed;
  }

  async renew(id: string, ttlMs: number): ReturnType<RegistryApi['renewLease']> {
    const place = parseLeaseRef(id);
    if (place && !(await this.blocks.isSignedHere(place))) return unknownLease(id);
    await this.batcher.next();
    const now = Date.now();
    const renewed = place ? this.blocks.renew(id, place, ttlMs, now) : this.lifecycle.renew(id, ttlMs, now);
    await this.deps.arm();
    return renewed;
  }

  async list(query: LeaseQuery): ReturnType<RegistryApi['listLeases']> {
    return { ...this.lifecycle.page(query), ...this.allocator.statistics(Date.now()) };
  }

  /** Start of a shortage that is worth reporting, epoch ms; null without one. */
  shortSince(now: number): number | null {
    return this.allocator.shortage.lastingSince(now);
  }

  /** Whether capacity is short, or was recently. */
  isShort(now: number): boolean {
    return this.allocator.shortage.isActive(now);
  }

  /** Recalls the blocks of all isolates and serves the wait queue. */
  redistribute(now: number): void {
    this.lifecycle.expire(now);
    this.allocator.redistribute(now);
  }

  /** Applies an isolate's block reports. Recalls its blocks while capacity is short or blocks are switched off. */
  applyReports(reports: readonly BlockReport[], now: number): BlockResponse {
    const updates = this.blocks.applyReports(reports, now);
    if (reports.some(({ returned }) => returned)) this.allocator.serve(now);
    return { updates, isRecalled: this.state.balancing.leaseBlocks === null || this.allocator.isShort(now) };
  }

  /** Ends expired leases and serves the wait queue. Idempotent. */
  tick(now: number): void {
    this.lifecycle.expire(now);
    this.allocator.serve(now);
  }

  /** Deletes leases that ended longer ago than they are remembered. */
  forget(now: number): void {
    this.lifecycle.forget(now);
    this.blocks.forget();
  }
}
