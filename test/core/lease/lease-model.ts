/** A registry's leases without the registry: the fleet, the book and the line, moved by hand. */
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import { compilePool } from '../../../src/core/balancing/candidate-pool.ts';
import { noWork } from '../../../src/core/balancing/open-work.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { reserveCapacityFor, serveInOrder } from '../../../src/core/lease/serve-queue.ts';
import {
  dropLease,
  emptyLeaseIndex,
  expiredLeases,
  leasesOf,
  lookAhead,
  noteLease,
  slotsTaken,
} from '../../../src/core/lease/lease-index.ts';
import { newLease } from '../../../src/core/lease/lease.ts';
import type { AcquireRequest } from '../../../src/registry/contract/lease-api.ts';
import type { QueuedRequest } from '../../../src/registry/leases/wait-queue.ts';
import { WaitQueue } from '../../../src/registry/leases/wait-queue.ts';
import { candidateOf } from '../balancing/candidate-of.ts';

export interface Asked {
  readonly slots: number;
  readonly ttlMs: number;
  /** Rather nobody than another. */
  readonly insistsOn?: string;
  /** It may hold `QUOTAS` of it. */
  readonly key?: Key;
}

export type Key = keyof typeof QUOTAS;

/** Slots that a key may hold. */
export const QUOTAS = { narrow: 2, wide: 6 } as const;

interface Served {
  readonly asked: Asked;
  readonly componentId: string;
  /** Those who came before and still wait. */
  readonly before: readonly Asked[];
  /** Those among them whose key may not hold more. */
  readonly keptBack: readonly Asked[];
}

const requestOf = ({ slots, insistsOn, key, ttlMs }: Asked): AcquireRequest => ({
  request: {
    taskType: null,
    location: null,
    preferences: insistsOn === undefined ? {} : { preferredComponent: insistsOn, strict: true },
    slots,
    affinityKey: null,
    assumedDown: [],
  },
  ttlMs,
  waitMs: 20_000,
  explain: false,
  takesBlock: false,
  rehearsal: null,
  holder: key === undefined ? null : { keyId: key, quotas: { leaseSlots: QUOTAS[key], leaseWaiters: null } },
});

/** One in the line, with what it asked as the test put it. */
interface InLine extends QueuedRequest {
  readonly wish: Asked;
}

export class LeaseHall {
  readonly book = emptyLeaseIndex();
  readonly waiting = new WaitQueue(this.book);
  /** Whom each turn served. */
  served: Served[] = [];
  now = 1_000_000;
  readonly rooms: ReadonlyMap<string, number>;
  private readonly fleet;
  private readonly work;
  private nextId = 0;
  private keptBack = new Set<Asked>();
  private readonly random: () => number;

  constructor(rooms: readonly number[], random: () => number) {
    this.rooms = new Map(rooms.map((room, at) => [`c-${at}`, room]));
    const candidates = Array.from(this.rooms, ([id, room]) =>
      candidateOf(id, { maxConcurrentTasks: room === Infinity ? null : room }),
    );
    this.fleet = compilePool(candidates, DEFAULT_BALANCING, 0);
    this.work = noWork(candidates.length);
    this.random = random;
  }

  get line(): Asked[] {
    return this.waiting.all.map((each) => (each as InLine).wish);
  }

  /** Comes to the end of the line; is served at once when nobody before has a use for the room. */
  ask(wish: Asked): void {
    const asked = requestOf(wish);
    const inLine: InLine = { wish, asked, splitAt: 0, since: this.now, until: Infinity, answer: () => undefined };
    this.waiting.join(inLine, this.waiting.isWithin(asked));
    this.turn();
  }

  complete(id: string): void {
    dropLease(this.book, id);
    this.turn();
  }

  renew(id: string, ttlMs: number): void {
    const lease = this.book.held.get(id);
    if (lease) noteLease(this.book, { ...lease, expiresAt: this.now + ttlMs });
    this.turn();
  }

  /** The component is registered anew: whatever was leased of it is over. */
  removed(componentId: string): void {
    for (const { id } of leasesOf(this.book, componentId)) dropLease(this.book, id);
    this.turn();
  }

  /** Some lose patience. */
  leave(isGone: (asked: Asked) => boolean): void {
    this.waiting.endTurn(this.waiting.all.filter((each) => !isGone((each as InLine).wish)));
    this.turn();
  }

  passes(ms: number): void {
    this.now += ms;
    for (const { id } of expiredLeases(this.book, this.now)) dropLease(this.book, id);
    lookAhead(this.book);
    this.turn();
  }

  private turn(): void {
    this.served = [];
    this.keptBack = new Set();
    for (const [position, id] of [...this.rooms.keys()].entries()) this.work.open[position] = slotsTaken(this.book, id);
    const all = [...this.waiting.all] as InLine[];
    this.waiting.beginTurn();
    const left = serveInOrder<InLine>(all, {
      serve: (each) => this.serve(each, all),
      hold: ({ asked }) => reserveCapacityFor(asked.request, this.fleet, this.work),
      isWithin: ({ asked }) => this.waiting.isWithin(asked),
      stay: (each, isWithin) => {
        this.waiting.stay(each, isWithin);
        if (!isWithin) this.keptBack.add(each.wish);
      },
    });
    this.waiting.endTurn(left);
  }

  private serve(each: InLine, all: readonly InLine[]): boolean {
    const context = { work: this.work, random: this.random, splitAt: 0, mode: 'exact', segment: null } as const;
    const pick = pickComponent(this.fleet, each.asked.request, context);
    if (!pick.ok) return false;
    const { slots, ttlMs, key = null } = each.wish;
    noteLease(this.book, newLease(`l-${this.nextId++}`, pick.candidate.id, { slots, ttlMs, keyId: key }, this.now));
    this.work.open[pick.position]! += slots;
    const servedBefore = new Set(this.served.map(({ asked }) => asked));
    const before = all
      .slice(0, all.indexOf(each))
      .map(({ wish }) => wish)
      .filter((earlier) => !servedBefore.has(earlier));
    const keptBack = before.filter((earlier) => this.keptBack.has(earlier));
    this.served.push({ asked: each.wish, componentId: pick.candidate.id, before, keptBack });
    return true;
  }
}
