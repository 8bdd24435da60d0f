/** Everything about leases that a registry does: its door to the desks that decide, grant and end them. */
import type { BlockReport } from '../../core/lease/block.ts';
import { placeOfLease } from '../../core/lease/lease-id.ts';
import { ok } from '../../core/result.ts';
import { LeaseAllocator } from './lease-allocator.ts';
import { LeaseBlocks } from './lease-blocks.ts';
import { CommitBatcher } from './commit-batcher.ts';
import type { MemberOutcomes } from '../health/outlier-ejection.ts';
import { LivePool } from './live-pool.ts';
import type { FailureReports } from '../recovery/failure-reports.ts';
import type { AcquireRequest, BlockAnswer, Completion, LeaseQuery } from '../contract/lease-api.ts';
import { LeaseLifecycle, unknownLease } from './lease-lifecycle.ts';
import type { RegistryApi } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { PositionTable } from '../snapshot/position-table.ts';

export interface LeaseHooks {
  /** Has the alarm go off when something is due. */
  readonly arm: () => Promise<void>;
  /** Work ended there, well or not. */
  readonly tellWork: (told: MemberOutcomes, now: number) => void;
  /** Resolves when what was written is committed. */
  readonly committed: () => Promise<void>;
  /** Something was written to the outbox. */
  readonly deliver: (now: number) => void;
  /** Room has become short. */
  readonly short: () => void;
}

export class Leases {
  private readonly state: RegistryState;
  private readonly hooks: LeaseHooks;
  private readonly leases: LeaseLifecycle;
  private readonly blocks: LeaseBlocks;
  private readonly acquires: LeaseAllocator;
  private readonly turn: CommitBatcher;

  constructor(state: RegistryState, seating: PositionTable, reports: FailureReports, hooks: LeaseHooks) {
    this.state = state;
    this.hooks = hooks;
    this.turn = new CommitBatcher(hooks.committed);
    this.leases = new LeaseLifecycle(state, reports);
    this.blocks = new LeaseBlocks(state, this.leases);
    const exact = new LivePool(state, seating);
    const told = { granted: () => void hooks.arm(), short: hooks.short };
    this.acquires = new LeaseAllocator(state, exact, { leases: this.leases, blocks: this.blocks }, told);
  }

  /** Epoch ms at which a lease may be over, Infinity when none is held. */
  get dueAt(): number {
    return this.leases.dueAt;
  }

  async acquire(request: AcquireRequest): ReturnType<RegistryApi['acquire']> {
    await this.turn.next();
    const acquisition = this.acquires.acquire(request, Date.now());
    await this.hooks.arm();
    return acquisition;
  }

  async complete(id: string, completion: Completion): ReturnType<RegistryApi['completeLease']> {
    const place = placeOfLease(id);
    if (place && !(await this.blocks.isOurs(place))) return unknownLease(id);
    await this.turn.next();
    const now = Date.now();
    const completed = place
      ? this.blocks.complete(id, place, completion, now)
      : this.leases.complete(id, completion, now);
    this.acquires.serve(now);
    if (completed.ok && completed.value.told) this.hooks.tellWork(completed.value.told, now);
    if (completion.error) this.hooks.deliver(now);
    await this.hooks.arm();
    return completed.ok ? ok(completed.value.lease) : completed;
  }

  async renew(id: string, ttlMs: number): ReturnType<RegistryApi['renewLease']> {
    const place = placeOfLease(id);
    if (place && !(await this.blocks.isOurs(place))) return unknownLease(id);
    await this.turn.next();
    const now = Date.now();
    const renewed = place ? this.blocks.renew(id, place, ttlMs, now) : this.leases.renew(id, ttlMs, now);
    await this.hooks.arm();
    return renewed;
  }

  async list(query: LeaseQuery): ReturnType<RegistryApi['listLeases']> {
    return { ...this.leases.page(query), ...this.acquires.figures(Date.now()) };
  }

  /** Since when room has been short for a while, epoch ms; null when it is not. */
  shortSince(now: number): number | null {
    return this.acquires.shortage.lastingSince(now);
  }

  /** Whether it is short, or was a moment ago. */
  isShort(now: number): boolean {
    return this.acquires.shortage.isOn(now);
  }

  /** Wants blocks back from the isolates, and serves who waits. */
  redistribute(now: number): void {
    this.leases.expire(now);
    this.acquires.redistribute(now);
  }

  /** Takes in what an isolate did with its blocks. Where room is short, or there are none any more, it wants them back. */
  takeReports(reports: readonly BlockReport[], now: number): BlockAnswer {
    const news = this.blocks.take(reports, now);
    if (reports.some(({ returned }) => returned)) this.acquires.serve(now);
    return { news, isRecalled: this.state.balancing.leaseBlocks === null || this.acquires.isShort(now) };
  }

  /** Ends what is over and serves who waits for it. Running it twice does nothing twice. */
  tick(now: number): void {
    this.leases.expire(now);
    this.acquires.serve(now);
  }

  /** Forgets leases that ended long ago. */
  forget(now: number): void {
    this.leases.forget(now);
    this.blocks.forget();
  }
}
