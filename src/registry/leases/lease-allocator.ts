/**
 * Exact routing in the registry: decides on the current load, grants leases and queues requests that find no free
 * slot. Owns the wait queue and its timer, in memory only.
 *
 * Invariant: queued requests are served in order of arrival. A later request gets no slot and no part of a key's quota
 * that an earlier one could use. Slots that no earlier request could use are granted.
 */
import { nextEvenly } from '../../core/balancing/even-spread.ts';
import type { ReservedCapacity } from '../../core/lease/serve-queue.ts';
import { reserveCapacityFor, isServable, serveInOrder } from '../../core/lease/serve-queue.ts';
import type { QueueExit } from '../../core/lease/queue-statistics.ts';
import { emptyLog, queueStatistics, countExit, countServed } from '../../core/lease/queue-statistics.ts';
import type { Saturation } from '../../core/lease/retry-after.ts';
import { retryAfterMs } from '../../core/lease/retry-after.ts';
import { fail } from '../../core/result.ts';
import type { ExactPick } from './exact-pick.ts';
import { pickExactly, refusalDetails, pickedDetails } from './exact-pick.ts';
import type { LivePool } from './live-pool.ts';
import type { AcquireRequest, Acquisition, LeasePage, NotAcquired } from '../contract/lease-api.ts';
import type { LeaseBlocks } from './lease-blocks.ts';
import type { LeaseLedger } from './lease-ledger.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { CapacityShortage } from './capacity-shortage.ts';
import type { QueuedRequest } from './wait-queue.ts';
import { WaitQueue, fitsEver } from './wait-queue.ts';

interface LeaseAllocatorDeps {
  readonly livePool: LivePool;
  readonly leases: LeaseLedger;
  readonly blocks: LeaseBlocks;
  /** Called when leases were granted to queued requests. */
  readonly onGranted: () => void;
  /** Called when a capacity shortage begins. */
  readonly onShortage: () => void;
}

/** Checks, heartbeats and registrations also free capacity, not only leases that end. */
const RETRY_EVERY_MS = 100;
/** Isolates sync about once a second, so each of them sees the recall. */
const RECALL_MS = 3_000;

export class LeaseAllocator {
  readonly shortage: CapacityShortage;
  private readonly state: RegistryState;
  private readonly livePool: LivePool;
  private readonly leases: LeaseLedger;
  private readonly blocks: LeaseBlocks;
  private readonly onGranted: () => void;
  private readonly queue: WaitQueue;
  private readonly log = emptyLog();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private splitAt = 0;
  /** Whether slots are reserved for queued requests, including requests that have given up since. */
  private hasReservations = false;
  private recalledUntil = 0;

  constructor(state: RegistryState, { livePool, leases, blocks, onGranted, onShortage }: LeaseAllocatorDeps) {
    this.state = state;
    this.livePool = livePool;
    this.leases = leases;
    this.blocks = blocks;
    this.onGranted = onGranted;
    this.queue = new WaitQueue(state.leaseIndex);
    this.shortage = new CapacityShortage(onShortage);
  }

  acquire(request: AcquireRequest, now: number): Acquisition | Promise<Acquisition> {
    this.leases.expire(now);
    if (this.livePool.refresh(now)) this.serveQueue(now);
    this.splitAt = nextEvenly(this.splitAt);
    const { splitAt } = this;
    const decision = pickExactly(this.livePool, request, splitAt, now);
    const isWithinQuota = request.dryRun !== null || this.queue.isWithinQuota(request);
    // If no component can serve the request, slots that the key frees do not help.
    const couldBeServed = decision.pick.ok || decision.pick.reason === 'at-capacity';
    if (request.dryRun || !couldBeServed || (isWithinQuota && decision.pick.ok))
      return this.conclude(request, decision);
    const refusal = this.refuseToWait(request, decision, isWithinQuota, now);
    if (refusal) return refusal;
    return new Promise((resolve) => {
      this.queue.enqueue({ request, splitAt, since: now, until: now + request.waitMs, resolve }, isWithinQuota);
      if (isWithinQuota) this.shortage.note(now);
      this.scheduleRetry(now);
    });
  }

  /** Grants leases to the queued requests that find free slots now. */
  serve(now: number): void {
    if (this.queue.length > 0 && this.livePool.refresh(now)) this.serveQueue(now);
  }

  statistics(now: number): Pick<LeasePage, 'waiting' | 'recent' | 'holders'> {
    return {
      waiting: this.queue.waitingCallers(now),
      recent: queueStatistics(this.log, now),
      holders: this.queue.holders(),
    };
  }

  /** Whether capacity is short or recalled: isolates must not keep free slots in their blocks then. */
  isShort(now: number): boolean {
    return this.queue.waitingForCapacity > 0 || this.shortage.refusedRecently(now) || now < this.recalledUntil;
  }

  /** Recalls all blocks for `RECALL_MS`, and serves the queue as far as possible. */
  redistribute(now: number): void {
    this.recalledUntil = now + RECALL_MS;
    this.livePool.refresh(now);
    this.serveQueue(now);
  }

  private serveQueue(now: number): void {
    // Reservations of requests that have given up end here, even when the queue is empty.
    if (this.hasReservations || this.queue.length > 0) this.livePool.releaseReservations(now);
    this.hasReservations = false;
    this.queue.beginPass();
    if (this.queue.length === 0) return;
    const served = new Set<QueuedRequest>();
    try {
      serveInOrder<QueuedRequest>(this.queue.all, {
        serve: (queued) => this.tryServe(queued, now) && Boolean(served.add(queued)),
        reserve: ({ request }) => this.reserveCapacity(request),
        isWithinQuota: ({ request }) => this.queue.isWithinQuota(request),
        keepWaiting: (queued, isWithinQuota) => this.queue.keep(queued, isWithinQuota),
      });
    } finally {
      // Storing a lease may throw: requests resolved before that must not be served again.
      this.queue.endPass(this.queue.all.filter((queued) => !served.has(queued)));
      if (served.size > 0) this.onGranted();
    }
  }

  private tryServe({ request, splitAt, since, resolve }: QueuedRequest, now: number): boolean {
    const decision = pickExactly(this.livePool, request, splitAt, now);
    if (!decision.pick.ok) return false;
    countServed(this.log, Math.max(0, now - since), now);
    resolve(this.conclude(request, decision));
    return true;
  }

  private conclude(request: AcquireRequest, { pool, pick, now }: ExactPick): Acquisition {
    if (!pick.ok) return this.refuse(request, { pool, pick, now });
    const details = { ...pickedDetails(this.livePool, request, { pool, pick, now }), revision: this.state.revision };
    if (request.dryRun) return { ...details, lease: null, block: null };
    const { candidate, position } = pick;
    const holder = request.holder ?? null;
    // A key's slot quota is counted lease by lease, so such a key gets no block.
    const mayHaveBlock = request.acceptsBlock && (holder?.quotas.leaseSlots ?? null) === null && !this.isShort(now);
    const size = mayHaveBlock ? this.blocks.sizeAt(pool, this.livePool.work, position) : 0;
    const slots = size || request.route.slots;
    const block = size > 0 ? this.blocks.grant(candidate.id, size, request.ttlMs, now) : null;
    const terms = { ttlMs: request.ttlMs, slots, keyId: holder?.keyId ?? null };
    const lease = block ? null : this.leases.grant(candidate.id, terms, now);
    this.livePool.countGranted(position, slots);
    return { ...details, lease: lease && { id: lease.id, expiresAt: lease.expiresAt }, block };
  }

  private refuse(request: AcquireRequest, { pool, pick, now }: ExactPick, exit: QueueExit = 'atCapacity'): NotAcquired {
    if (pick.ok) throw new Error('a request that a component can serve must not be refused');
    const details = refusalDetails(this.livePool, request, { pool, pick, now }, this.state);
    const isFull = pick.reason === 'at-capacity';
    if (!request.dryRun && (isFull || exit === 'timedOut')) countExit(this.log, exit, now);
    if (!isFull) return details;
    if (!request.dryRun) this.shortage.noteRefused(now);
    return { ...details, retryAfterMs: this.retryAfterOfType(now) };
  }

  /** Why the request may not be queued. Null when it may: its slots are reserved from then on. */
  private refuseToWait(
    request: AcquireRequest,
    decision: ExactPick,
    isWithinQuota: boolean,
    now: number,
  ): NotAcquired | null {
    if (!isWithinQuota && (request.waitMs === 0 || !fitsEver(request))) return this.overQuota(request, now);
    if (request.waitMs > 0 && this.queue.isKeyFull(request))
      return this.overQuota(request, now, `the key has ${this.queue.waitersOf(request)} waiting requests, its limit`);
    if (request.waitMs > 0 && !this.queue.isFull && this.mayWait(request, isWithinQuota)) return null;
    if (decision.pick.ok) return this.overQuota(request, now);
    const refused = this.refuse(request, decision);
    return request.waitMs > 0 && this.queue.isFull
      ? { ...refused, message: 'the wait queue of the type is full' }
      : refused;
  }

  /** Whether any component may serve the request later. Also reserves slots for it, unless its key is over quota. */
  private mayWait(request: AcquireRequest, isWithinQuota: boolean): boolean {
    return isWithinQuota ? this.reserveCapacity(request).eligible > 0 : isServable(request.route, this.livePool.pool);
  }

  private overQuota(
    request: AcquireRequest,
    now: number,
    message = this.queue.quotaMessage(request),
    exit: QueueExit = 'overQuota',
  ): NotAcquired {
    countExit(this.log, exit, now);
    // Only the end of the key's own leases helps it. Its slots are at least as many as its leases.
    const waitingAhead = this.queue.waitersOf(request);
    const own = { nextExpiry: Infinity, waitingAhead, leaseCount: this.queue.slotsOf(request) };
    const afterMs = fitsEver(request) ? this.retryAfterMs(own, now) : null;
    return { ...fail('lease-quota', message), retryAfterMs: afterMs, explanation: null };
  }

  private retryAfterOfType(now: number): number {
    const { nextExpiry, byId } = this.state.leaseIndex;
    return this.retryAfterMs({ nextExpiry, waitingAhead: this.queue.length, leaseCount: byId.size }, now);
  }

  private retryAfterMs(saturation: Omit<Saturation, 'typicalMs'>, now: number): number {
    return retryAfterMs({ ...saturation, typicalMs: this.livePool.pool.meanEwmaMs }, now, Math.random);
  }

  private reserveCapacity({ route }: AcquireRequest): ReservedCapacity {
    this.hasReservations = true;
    return reserveCapacityFor(route, this.livePool.pool, this.livePool.work);
  }

  /** Retries the queue every `RETRY_EVERY_MS`, or at the next deadline, while a request waits. */
  private scheduleRetry(now: number): void {
    if (this.timer !== null || this.queue.length === 0) return;
    const remainingMs = Math.min(...this.queue.all.map(({ until }) => until)) - now;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        try {
          this.retryQueue(Date.now());
        } finally {
          this.scheduleRetry(Date.now());
        }
      },
      Math.min(RETRY_EVERY_MS, Math.max(0, remainingMs)),
    );
  }

  private retryQueue(now: number): void {
    this.leases.expire(now);
    this.serve(now);
    if (this.queue.waitingForCapacity > 0) this.shortage.note(now);
    const overdue = this.queue.removeOverdue(now);
    if (overdue.length === 0) return;
    // The slots that were reserved for the overdue requests may serve later ones.
    this.serveQueue(now);
    for (const queued of overdue) queued.resolve(this.concludeOverdue(queued, now));
  }

  /** Result of a request whose `waitMs` has passed: one last pick, else a refusal. */
  private concludeOverdue({ request, splitAt, since }: QueuedRequest, now: number): Acquisition {
    const decision = pickExactly(this.livePool, request, splitAt, now);
    if (!decision.pick.ok) return this.refuse(request, decision, 'timedOut');
    if (this.queue.fitsNow(request)) {
      countServed(this.log, Math.max(0, now - since), now);
      return this.conclude(request, decision);
    }
    return this.overQuota(request, now, undefined, 'timedOut');
  }
}
