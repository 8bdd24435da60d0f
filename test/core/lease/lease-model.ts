/** A registry's leases without the registry: the fleet, the book and the line, moved by hand. */
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import { compilePool } from '../../../src/core/balancing/candidate-pool.ts';
import { noWork } from '../../../src/core/balancing/open-work.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { reserveCapacityFor, serveInOrder } from '../../../src/core/lease/serve-queue.ts';
import {
  removeLease,
  emptyLeaseIndex,
  expiredLeases,
  leasesOf,
  updateNextExpiry,
  putLease,
  slotsInUse,
} from '../../../src/core/lease/lease-index.ts';
import { newLease } from '../../../src/core/lease/lease.ts';
import type { AcquireRequest } from '../../../src/registry/contract/lease-api.ts';
import type { QueuedRequest } from '../../../src/registry/leases/wait-queue.ts';
import { WaitQueue } from '../../../src/registry/leases/wait-queue.ts';
import { candidateOf } from '../balancing/candidate-of.ts';

export interface LeaseWish {
  readonly slots: number;
  readonly ttlMs: number;
  /** Rather nobody than another. */
  readonly requiredComponent?: string;
  /** It may hold `QUOTAS` of it. */
  readonly key?: Key;
}

export type Key = keyof typeof QUOTAS;

/** Slots that a key may hold. */
export const QUOTAS = { narrow: 2, wide: 6 } as const;

interface Served {
  readonly asked: LeaseWish;
  readonly componentId: string;
  /** Those who came before and still wait. */
  readonly before: readonly LeaseWish[];
  /** Those among them whose key may not hold more. */
  readonly overQuota: readonly LeaseWish[];
}

const requestOf = ({ slots, requiredComponent: requiredComponent, key, ttlMs }: LeaseWish): AcquireRequest => ({
  route: {
    taskType: null,
    location: null,
    preferences: requiredComponent === undefined ? {} : { preferredComponent: requiredComponent, strict: true },
    slots,
    affinityKey: null,
    assumedDown: [],
  },
  ttlMs,
  waitMs: 20_000,
  explain: false,
  acceptsBlock: false,
  dryRun: null,
  holder: key === undefined ? null : { keyId: key, quotas: { leaseSlots: QUOTAS[key], leaseWaiters: null } },
});

/** One in the line, with what it asked as the test put it. */
interface QueuedWish extends QueuedRequest {
  readonly wish: LeaseWish;
}

export class LeaseModel {
  readonly index = emptyLeaseIndex();
  readonly waiting = new WaitQueue(this.index);
  /** Whom each turn served. */
  served: Served[] = [];
  now = 1_000_000;
  readonly limits: ReadonlyMap<string, number>;
  private readonly pool;
  private readonly work;
  private nextId = 0;
  private overQuota = new Set<LeaseWish>();
  private readonly random: () => number;

  constructor(limits: readonly number[], random: () => number) {
    this.limits = new Map(limits.map((limit, at) => [`c-${at}`, limit]));
    const candidates = Array.from(this.limits, ([id, limit]) =>
      candidateOf(id, { maxConcurrentTasks: limit === Infinity ? null : limit }),
    );
    this.pool = compilePool(candidates, DEFAULT_BALANCING, 0);
    this.work = noWork(candidates.length);
    this.random = random;
  }

  get queue(): LeaseWish[] {
    return this.waiting.all.map((each) => (each as QueuedWish).wish);
  }

  /** Comes to the end of the line; is served at once when nobody before has a use for the room. */
  enqueue(wish: LeaseWish): void {
    const request = requestOf(wish);
    const queued: QueuedWish = {
      wish,
      request: request,
      splitAt: 0,
      since: this.now,
      until: Infinity,
      resolve: () => undefined,
    };
    this.waiting.enqueue(queued, this.waiting.isWithinQuota(request));
    this.runPass();
  }

  complete(id: string): void {
    removeLease(this.index, id);
    this.runPass();
  }

  renew(id: string, ttlMs: number): void {
    const lease = this.index.byId.get(id);
    if (lease) putLease(this.index, { ...lease, expiresAt: this.now + ttlMs });
    this.runPass();
  }

  /** The component is registered anew: whatever was leased of it is over. */
  removeComponent(componentId: string): void {
    for (const { id } of leasesOf(this.index, componentId)) removeLease(this.index, id);
    this.runPass();
  }

  /** Some lose patience. */
  abandon(isGone: (wish: LeaseWish) => boolean): void {
    this.waiting.endPass(this.waiting.all.filter((each) => !isGone((each as QueuedWish).wish)));
    this.runPass();
  }

  advance(ms: number): void {
    this.now += ms;
    for (const { id } of expiredLeases(this.index, this.now)) removeLease(this.index, id);
    updateNextExpiry(this.index);
    this.runPass();
  }

  private runPass(): void {
    this.served = [];
    this.overQuota = new Set();
    for (const [position, id] of [...this.limits.keys()].entries()) this.work.open[position] = slotsInUse(this.index, id);
    const all = [...this.waiting.all] as QueuedWish[];
    this.waiting.beginPass();
    const left = serveInOrder<QueuedWish>(all, {
      serve: (each) => this.serve(each, all),
      reserve: ({ request: asked }) => reserveCapacityFor(asked.route, this.pool, this.work),
      isWithinQuota: ({ request: asked }) => this.waiting.isWithinQuota(asked),
      keepWaiting: (each, isWithin) => {
        this.waiting.keep(each, isWithin);
        if (!isWithin) this.overQuota.add(each.wish);
      },
    });
    this.waiting.endPass(left);
  }

  private serve(each: QueuedWish, all: readonly QueuedWish[]): boolean {
    const context = { work: this.work, random: this.random, splitAt: 0, mode: 'exact', aperture: null } as const;
    const pick = pickComponent(this.pool, each.request.route, context);
    if (!pick.ok) return false;
    const { slots, ttlMs, key = null } = each.wish;
    putLease(this.index, newLease(`l-${this.nextId++}`, pick.candidate.id, { slots, ttlMs, keyId: key }, this.now));
    this.work.open[pick.position]! += slots;
    const servedBefore = new Set(this.served.map(({ asked }) => asked));
    const before = all
      .slice(0, all.indexOf(each))
      .map(({ wish }) => wish)
      .filter((earlier) => !servedBefore.has(earlier));
    const overQuota = before.filter((earlier) => this.overQuota.has(earlier));
    this.served.push({ asked: each.wish, componentId: pick.candidate.id, before, overQuota: overQuota });
    return true;
  }
}
