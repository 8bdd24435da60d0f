/**
 * The registry's side of exact routing: decides on the load as it is, grants, and has who finds no room wait.
 *
 * Served in the order they came: room that somebody who waits could use is given to nobody who came later, and
 * neither is what a key may still hold. Room that is of no use to any of them is given on.
 */
import { nextEvenly } from '../../core/balancing/even-spread.ts';
import type { ReservedCapacity } from '../../core/lease/serve-queue.ts';
import { reserveCapacityFor, isAwaited, serveInOrder } from '../../core/lease/serve-queue.ts';
import type { QueueExit } from '../../core/lease/queue-statistics.ts';
import { emptyLog, queueStatistics, noteEnd, noteServed } from '../../core/lease/queue-statistics.ts';
import { retryAfterMs } from '../../core/lease/retry-after.ts';
import { fail } from '../../core/result.ts';
import type { ExactPick } from './exact-pick.ts';
import { pickExactly, refusalDetails, pickedDetails } from './exact-pick.ts';
import type { LivePool } from './live-pool.ts';
import type { AcquireRequest, Acquisition, LeasePage, NotAcquired } from '../contract/lease-api.ts';
import type { LeaseBlocks } from './lease-blocks.ts';
import type { LeaseLifecycle } from './lease-lifecycle.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { CapacityShortage } from './capacity-shortage.ts';
import type { QueuedRequest } from './wait-queue.ts';
import { WaitQueue } from './wait-queue.ts';

interface Desks {
  readonly leases: LeaseLifecycle;
  readonly blocks: LeaseBlocks;
}

interface Told {
  /** Leases were granted to some who waited. */
  readonly granted: () => void;
  /** Room has become short. */
  readonly short: () => void;
}

/** Room also comes free without a lease that ends: with a check, a heartbeat, a registration. */
const LOOK_EVERY_MS = 100;
/** Isolates ask about once a second. */
const RECALL_MS = 3_000;

export class LeaseAllocator {
  readonly shortage: CapacityShortage;
  private readonly state: RegistryState;
  private readonly exact: LivePool;
  private readonly leases: LeaseLifecycle;
  private readonly blocks: LeaseBlocks;
  private readonly told: Told;
  private readonly line: WaitQueue;
  private readonly log = emptyLog();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private splitAt = 0;
  /** Whether room is held for some who wait, or waited. */
  private isHolding = false;
  private recalledUntil = 0;

  constructor(state: RegistryState, exact: LivePool, desks: Desks, told: Told) {
    this.state = state;
    this.exact = exact;
    this.leases = desks.leases;
    this.blocks = desks.blocks;
    this.told = told;
    this.line = new WaitQueue(state.book);
    this.shortage = new CapacityShortage(told.short);
  }

  acquire(asked: AcquireRequest, now: number): Acquisition | Promise<Acquisition> {
    this.leases.expire(now);
    if (this.exact.bring(now)) this.serveLine(now);
    this.splitAt = nextEvenly(this.splitAt);
    const { splitAt } = this;
    const decision = pickExactly(this.exact, asked, splitAt, now);
    const isWithin = asked.rehearsal !== null || this.line.isWithin(asked);
    // Whom nobody can serve has no use for what its key frees either.
    const isServable = decision.pick.ok || decision.pick.reason === 'at-capacity';
    if (asked.rehearsal || !isServable || (isWithin && decision.pick.ok)) return this.conclude(asked, decision, now);
    const refusal = this.refuseToWait(asked, decision, isWithin, now);
    if (refusal) return refusal;
    return new Promise((answer) => {
      this.line.join({ asked, splitAt, since: now, until: now + asked.waitMs, answer }, isWithin);
      if (isWithin) this.shortage.note(now);
      this.watch(now);
    });
  }

  /** Serves those who wait and for whom there is room by now. */
  serve(now: number): void {
    if (this.line.length > 0 && this.exact.bring(now)) this.serveLine(now);
  }

  figures(now: number): Pick<LeasePage, 'waiting' | 'lately' | 'holders'> {
    return { waiting: this.line.callersOf(now), lately: queueStatistics(this.log, now), holders: this.line.holders() };
  }

  /** Whether somebody waits for room, or was refused a moment ago: no isolate is to keep slots then. */
  isShort(now: number): boolean {
    return this.line.forRoom > 0 || this.shortage.isRecent(now) || now < this.recalledUntil;
  }

  /** Wants all blocks back for a moment, and serves whom it can now. */
  redistribute(now: number): void {
    this.recalledUntil = now + RECALL_MS;
    this.exact.bring(now);
    this.serveLine(now);
  }

  private serveLine(now: number): void {
    // Also of an empty line: what was kept for those who gave up is kept no longer.
    if (this.isHolding || this.line.length > 0) this.exact.release(now);
    this.isHolding = false;
    this.line.beginTurn();
    if (this.line.length === 0) return;
    const served = new Set<QueuedRequest>();
    try {
      serveInOrder<QueuedRequest>(this.line.all, {
        serve: (waiting) => this.tryServe(waiting, now) && Boolean(served.add(waiting)),
        hold: ({ asked }) => this.holdRoom(asked),
        isWithin: ({ asked }) => this.line.isWithin(asked),
        stay: (waiting, isWithin) => this.line.stay(waiting, isWithin),
      });
    } finally {
      // Also when one could not be stored: who was answered by then must not be served again.
      this.line.endTurn(this.line.all.filter((waiting) => !served.has(waiting)));
      if (served.size > 0) this.told.granted();
    }
  }

  private tryServe({ asked, splitAt, since, answer }: QueuedRequest, now: number): boolean {
    const decision = pickExactly(this.exact, asked, splitAt, now);
    if (!decision.pick.ok) return false;
    noteServed(this.log, Math.max(0, now - since), now);
    answer(this.conclude(asked, decision, now));
    return true;
  }

  private conclude(asked: AcquireRequest, { fleet, pick }: ExactPick, now: number): Acquisition {
    if (!pick.ok) return this.refuse(asked, { fleet, pick }, now);
    const told = { ...pickedDetails(this.exact, asked, { fleet, pick }), revision: this.state.revision };
    if (asked.rehearsal) return { ...told, lease: null, block: null };
    const { candidate, position } = pick;
    const holder = asked.holder ?? null;
    // What a key may hold is counted lease by lease.
    const mayHaveBlock = asked.takesBlock && (holder?.quotas.leaseSlots ?? null) === null && !this.isShort(now);
    const size = mayHaveBlock ? this.blocks.sizeAt(fleet, this.exact.work, position) : 0;
    const slots = size || asked.request.slots;
    const block = size > 0 ? this.blocks.grant(candidate.id, size, asked.ttlMs, now) : null;
    const terms = { ttlMs: asked.ttlMs, slots, keyId: holder?.keyId ?? null };
    const lease = block ? null : this.leases.grant(candidate.id, terms, now);
    this.exact.noteTaken(position, slots);
    return { ...told, lease: lease && { id: lease.id, expiresAt: lease.expiresAt }, block };
  }

  private refuse(
    asked: AcquireRequest,
    { fleet, pick }: ExactPick,
    now: number,
    end: QueueExit = 'atCapacity',
  ): NotAcquired {
    if (pick.ok) throw new Error('somebody can serve it');
    const told = refusalDetails(this.exact, asked, { fleet, pick }, this.state, now);
    const isFull = pick.reason === 'at-capacity';
    if (!asked.rehearsal && (isFull || end === 'timedOut')) noteEnd(this.log, end, now);
    if (!isFull) return told;
    if (!asked.rehearsal) this.shortage.noteRefused(now);
    return { ...told, retryAfterMs: this.retryAfterMs(now) };
  }

  /** Why it does not join the line; null when it may, and room is held for it from then on. */
  private refuseToWait(asked: AcquireRequest, decision: ExactPick, isWithin: boolean, now: number): NotAcquired | null {
    const most = asked.holder?.quotas.leaseSlots ?? Infinity;
    if (!isWithin && (asked.waitMs === 0 || asked.request.slots > most)) return this.overQuota(asked, now);
    if (asked.waitMs > 0 && this.line.isCrowded(asked))
      return this.overQuota(asked, now, 'as many callers of the key wait as may');
    if (asked.waitMs > 0 && !this.line.isFull && this.mayWait(asked, isWithin)) return null;
    if (decision.pick.ok) return this.overQuota(asked, now);
    const refused = this.refuse(asked, decision, now);
    return asked.waitMs > 0 && this.line.isFull ? { ...refused, message: 'as many wait for room as may' } : refused;
  }

  /** Whether it could be served some time. Who waits for its own key has no room held for it. */
  private mayWait(asked: AcquireRequest, isWithin: boolean): boolean {
    return isWithin ? this.holdRoom(asked).awaited > 0 : isAwaited(asked.request, this.exact.fleet);
  }

  private overQuota(asked: AcquireRequest, now: number, message = saidOfQuota(asked)): NotAcquired {
    noteEnd(this.log, 'overQuota', now);
    return { ...fail('lease-quota', message), retryAfterMs: this.retryAfterMs(now), explanation: null };
  }

  private retryAfterMs(now: number): number {
    const { nextExpiry, held } = this.state.book;
    const usualMs = this.exact.fleet.meanUsualMs;
    return retryAfterMs({ nextExpiry, usualMs, ahead: this.line.length, held: held.size }, now, Math.random);
  }

  private holdRoom({ request }: AcquireRequest): ReservedCapacity {
    this.isHolding = true;
    return reserveCapacityFor(request, this.exact.fleet, this.exact.work);
  }

  /** While anybody waits, looks again from time to time. */
  private watch(now: number): void {
    if (this.timer !== null || this.line.length === 0) return;
    const left = Math.min(...this.line.all.map(({ until }) => until)) - now;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        try {
          this.lookAgain(Date.now());
        } finally {
          this.watch(Date.now());
        }
      },
      Math.min(LOOK_EVERY_MS, Math.max(0, left)),
    );
  }

  private lookAgain(now: number): void {
    this.leases.expire(now);
    this.serve(now);
    if (this.line.forRoom > 0) this.shortage.note(now);
    const overdue = this.line.takeOverdue(now);
    if (overdue.length === 0) return;
    // The room that was held for them may serve who came later.
    this.serveLine(now);
    for (const waiting of overdue) waiting.answer(this.giveUp(waiting, now));
  }

  /** Its time is over: the last look, and what it is told. */
  private giveUp({ asked, splitAt, since }: QueuedRequest, now: number): Acquisition {
    const decision = pickExactly(this.exact, asked, splitAt, now);
    if (!decision.pick.ok) return this.refuse(asked, decision, now, 'timedOut');
    if (this.line.fitsNow(asked)) {
      noteServed(this.log, Math.max(0, now - since), now);
      return this.conclude(asked, decision, now);
    }
    noteEnd(this.log, 'timedOut', now);
    return {
      ...fail('lease-quota', saidOfQuota(asked)),
      retryAfterMs: this.retryAfterMs(now),
      explanation: null,
    };
  }
}

const saidOfQuota = ({ request, holder }: AcquireRequest): string =>
  `the key may hold ${holder?.quotas.leaseSlots} slots of the type at once; ${request.slots} more are too many now`;
