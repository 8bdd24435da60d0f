/**
 * Who waits for a lease of the type, in the order they came, and what is kept for them of what their keys may hold. In
 * memory alone: their calls end with the object, and nothing was promised to them yet.
 */
import type { KeyQuotas } from '../../core/access/key-quotas.ts';
import { NO_QUOTAS } from '../../core/access/key-quotas.ts';
import type { LeaseIndex } from '../../core/lease/lease-index.ts';
import { slotsOfKey } from '../../core/lease/lease-index.ts';
import type { AcquireRequest, Acquisition, KeyHolding, WaitingCallers } from '../contract/lease-api.ts';

export interface QueuedRequest {
  readonly asked: AcquireRequest;
  /** The same at every try. */
  readonly splitAt: number;
  readonly since: number;
  readonly until: number;
  readonly answer: (acquisition: Acquisition) => void;
}

/** Whoever comes when so many wait is refused. */
const MAX_WAITING = 10_000;
/** One key does not fill the line. */
const MAX_OF_KEY = MAX_WAITING / 2;
const MAX_HOLDERS = 50;

export class WaitQueue {
  private readonly book: LeaseIndex;
  private line: QueuedRequest[] = [];
  /** Slots that those in the line ask for, by key. */
  private readonly reserved = new Map<string, number>();
  private readonly callers = new Map<string, number>();
  private readonly byQuota = new Set<QueuedRequest>();

  constructor(book: LeaseIndex) {
    this.book = book;
  }

  get all(): readonly QueuedRequest[] {
    return this.line;
  }

  get length(): number {
    return this.line.length;
  }

  /** Those who wait for room, and not for their own key. */
  get forRoom(): number {
    return this.line.length - this.byQuota.size;
  }

  get isFull(): boolean {
    return this.line.length >= MAX_WAITING;
  }

  /** Whether the key may hold that much more, beside what those in the line are to get. */
  isWithin({ request, holder = null }: AcquireRequest): boolean {
    const slots = holder?.quotas.leaseSlots ?? null;
    if (holder === null || slots === null) return true;
    return this.heldBy(holder.keyId) + (this.reserved.get(holder.keyId) ?? 0) + request.slots <= slots;
  }

  /** Whether the key may hold that much more, whoever waits. */
  fitsNow({ request, holder = null }: AcquireRequest): boolean {
    const slots = holder?.quotas.leaseSlots ?? null;
    return holder === null || slots === null || this.heldBy(holder.keyId) + request.slots <= slots;
  }

  /** Whether as many callers of its key wait as may. */
  isCrowded({ holder = null }: AcquireRequest): boolean {
    return holder !== null && (this.callers.get(holder.keyId) ?? 0) >= waitersOf(holder.quotas);
  }

  join(waiting: QueuedRequest, isWithin: boolean): void {
    this.line.push(waiting);
    this.stay(waiting, isWithin);
  }

  /** Begins a turn through the line: whoever is to stay in it says so again. */
  beginTurn(): void {
    this.reserved.clear();
    this.callers.clear();
    this.byQuota.clear();
  }

  stay(waiting: QueuedRequest, isWithin: boolean): void {
    const { request, holder = null } = waiting.asked;
    if (!isWithin) this.byQuota.add(waiting);
    if (holder === null) return;
    this.reserved.set(holder.keyId, (this.reserved.get(holder.keyId) ?? 0) + request.slots);
    this.callers.set(holder.keyId, (this.callers.get(holder.keyId) ?? 0) + 1);
  }

  endTurn(left: QueuedRequest[]): void {
    this.line = left;
  }

  /** Who waits no longer than until now goes; to be followed by a turn. */
  takeOverdue(now: number): QueuedRequest[] {
    const overdue = this.line.filter(({ until }) => until <= now);
    if (overdue.length > 0) this.line = this.line.filter(({ until }) => until > now);
    return overdue;
  }

  callersOf(now: number): WaitingCallers {
    const [first] = this.line;
    return {
      depth: this.line.length,
      oldestMs: first ? Math.max(0, now - first.since) : 0,
      byQuota: this.byQuota.size,
    };
  }

  holders(): KeyHolding[] {
    const ids = new Set([...this.book.byKey.keys(), ...this.callers.keys()]);
    return Array.from(ids, (keyId) => ({
      keyId,
      slots: this.heldBy(keyId),
      waiting: this.callers.get(keyId) ?? 0,
    }))
      .toSorted((a, b) => b.slots - a.slots || b.waiting - a.waiting || (a.keyId < b.keyId ? -1 : 1))
      .slice(0, MAX_HOLDERS);
  }

  private heldBy(keyId: string): number {
    return slotsOfKey(this.book, keyId);
  }
}

/** Of a key that names none, half of the line. */
const waitersOf = ({ leaseWaiters }: KeyQuotas = NO_QUOTAS): number => Math.min(MAX_OF_KEY, leaseWaiters ?? MAX_OF_KEY);
