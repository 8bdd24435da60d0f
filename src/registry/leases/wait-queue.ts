/**
 * FIFO queue of the requests that wait for a lease of the type, with the key quota that is reserved for them.
 * In memory only: the waiting calls end with the object, and no lease was granted to them yet.
 */
import type { KeyQuotas } from '../../core/access/key-quotas.ts';
import { NO_QUOTAS } from '../../core/access/key-quotas.ts';
import type { LeaseIndex } from '../../core/lease/lease-index.ts';
import { slotsOfKey } from '../../core/lease/lease-index.ts';
import type { AcquireRequest, Acquisition, KeyHolding, WaitingCallers } from '../contract/lease-api.ts';

export interface QueuedRequest {
  readonly request: AcquireRequest;
  /** Place in the traffic split, 0 to 1; the same at every attempt. */
  readonly splitAt: number;
  /** When the request was queued, and when its `waitMs` ends, epoch ms. */
  readonly since: number;
  readonly until: number;
  readonly resolve: (acquisition: Acquisition) => void;
}

/** Beyond this, requests are refused at once. */
const MAX_WAITING = 10_000;
/** No key can fill the queue alone. */
const MAX_OF_KEY = MAX_WAITING / 2;
const MAX_HOLDERS = 50;

export class WaitQueue {
  private readonly leases: LeaseIndex;
  private queue: QueuedRequest[] = [];
  /** Slots that queued requests ask for, by key. */
  private readonly reserved = new Map<string, number>();
  /** Queued requests by key. */
  private readonly waiters = new Map<string, number>();
  /** Queued requests that exceed the quota of their key. */
  private readonly byQuota = new Set<QueuedRequest>();

  constructor(leases: LeaseIndex) {
    this.leases = leases;
  }

  get all(): readonly QueuedRequest[] {
    return this.queue;
  }

  get length(): number {
    return this.queue.length;
  }

  /** Number of requests that wait for free capacity, not for the quota of their own key. */
  get waitingForCapacity(): number {
    return this.queue.length - this.byQuota.size;
  }

  get isFull(): boolean {
    return this.queue.length >= MAX_WAITING;
  }

  /** Whether the request fits its key's quota, after the slots that queued requests of the key ask for. */
  isWithinQuota({ route, holder = null }: AcquireRequest): boolean {
    const slots = holder?.quotas.leaseSlots ?? null;
    if (holder === null || slots === null) return true;
    return this.slotsHeldBy(holder.keyId) + (this.reserved.get(holder.keyId) ?? 0) + route.slots <= slots;
  }

  /** Whether the request fits its key's quota when queued requests do not count. */
  fitsNow({ route, holder = null }: AcquireRequest): boolean {
    const slots = holder?.quotas.leaseSlots ?? null;
    return holder === null || slots === null || this.slotsHeldBy(holder.keyId) + route.slots <= slots;
  }

  /** Whether the key has as many queued requests as it may. */
  isKeyFull(request: AcquireRequest): boolean {
    const { holder = null } = request;
    return holder !== null && this.waitersOf(request) >= maxWaitersOf(holder.quotas);
  }

  /** Number of queued requests of the request's key. */
  waitersOf({ holder = null }: AcquireRequest): number {
    return holder === null ? 0 : (this.waiters.get(holder.keyId) ?? 0);
  }

  /** Slots that the request's key holds. */
  slotsOf({ holder = null }: AcquireRequest): number {
    return holder === null ? 0 : this.slotsHeldBy(holder.keyId);
  }

  /** Why the request exceeds its key's quota, and what helps. */
  quotaMessage(request: AcquireRequest): string {
    const { slots } = request.route;
    const max = request.holder?.quotas.leaseSlots;
    return fitsEver(request)
      ? `the key holds ${this.slotsOf(request)} of at most ${max} slots of the type, so ${slots} more must wait`
      : `a lease of ${slots} slots never fits, because the key may hold ${max} slots of the type: request at most ${max} slots`;
  }

  enqueue(queued: QueuedRequest, isWithinQuota: boolean): void {
    this.queue.push(queued);
    this.keep(queued, isWithinQuota);
  }

  /** Begins a pass through the queue: every request that stays must be kept again. */
  beginPass(): void {
    this.reserved.clear();
    this.waiters.clear();
    this.byQuota.clear();
  }

  /** Counts a request that stays in the queue. */
  keep(queued: QueuedRequest, isWithinQuota: boolean): void {
    const { route, holder = null } = queued.request;
    if (!isWithinQuota) this.byQuota.add(queued);
    if (holder === null) return;
    this.reserved.set(holder.keyId, (this.reserved.get(holder.keyId) ?? 0) + route.slots);
    this.waiters.set(holder.keyId, (this.waiters.get(holder.keyId) ?? 0) + 1);
  }

  endPass(remaining: QueuedRequest[]): void {
    this.queue = remaining;
  }

  /** Removes and returns the requests whose deadline has passed. The caller must run a pass afterwards. */
  removeOverdue(now: number): QueuedRequest[] {
    const overdue = this.queue.filter(({ until }) => until <= now);
    if (overdue.length > 0) this.queue = this.queue.filter(({ until }) => until > now);
    return overdue;
  }

  waitingCallers(now: number): WaitingCallers {
    const [first] = this.queue;
    return {
      depth: this.queue.length,
      oldestMs: first ? Math.max(0, now - first.since) : 0,
      byQuota: this.byQuota.size,
    };
  }

  holders(): KeyHolding[] {
    const ids = new Set([...this.leases.slotsByKey.keys(), ...this.waiters.keys()]);
    return Array.from(ids, (keyId) => ({
      keyId,
      slots: this.slotsHeldBy(keyId),
      waiting: this.waiters.get(keyId) ?? 0,
    }))
      .toSorted((a, b) => b.slots - a.slots || b.waiting - a.waiting || (a.keyId < b.keyId ? -1 : 1))
      .slice(0, MAX_HOLDERS);
  }

  private slotsHeldBy(keyId: string): number {
    return slotsOfKey(this.leases, keyId);
  }
}

/** Whether the key's quota allows as many slots as the request asks for. */
export const fitsEver = ({ route, holder = null }: AcquireRequest): boolean =>
  route.slots <= (holder?.quotas.leaseSlots ?? Infinity);

/** Half of the queue for a key without a limit of its own. */
const maxWaitersOf = ({ leaseWaiters }: KeyQuotas = NO_QUOTAS): number =>
  Math.min(MAX_OF_KEY, leaseWaiters ?? MAX_OF_KEY);
