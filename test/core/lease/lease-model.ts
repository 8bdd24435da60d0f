/** The leases of a registry without the registry: pool, lease index and wait queue, advanced by hand. */
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
  /** The only component that may serve the request. */
  readonly requiredComponent?: string;
  /** Key with a limit of slots, see `QUOTAS`. */
  readonly key?: Key;
}

export type Key = keyof typeof QUOTAS;

/** Slots that a key may lease. */
export const QUOTAS = { narrow: 2, wide: 6 } as const;

interface Served {
  readonly wish: LeaseWish;
  readonly componentId: string;
  /** Earlier requests that still wait. */
  readonly before: readonly LeaseWish[];
  /** Requests among `before` whose key is at its quota. */
  readonly overQuota: readonly LeaseWish[];
}

const requestOf = ({ slots, requiredComponent, key, ttlMs }: LeaseWish): AcquireRequest => ({
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

/** A queued request with the wish that the test made it from. */
interface QueuedWish extends QueuedRequest {
  readonly wish: LeaseWish;
}

export class LeaseModel {
  readonly index = emptyLeaseIndex();
  readonly waiting = new WaitQueue(this.index);
  /** Requests served in the last pass. */
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

  /** Appends a request to the queue, and serves it at once if no earlier one can use the capacity. */
  enqueue(wish: LeaseWish): void {
    const request = requestOf(wish);
    const queued: QueuedWish = {
      wish,
      request,
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

  /** Ends all leases of the component, as when it registers again. */
  removeComponent(componentId: string): void {
    for (const { id } of leasesOf(this.index, componentId)) removeLease(this.index, id);
    this.runPass();
  }

  /** Removes requests whose callers hung up. */
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
    for (const [position, id] of [...this.limits.keys()].entries())
      this.work.known[position] = slotsInUse(this.index, id);
    const all = [...this.waiting.all] as QueuedWish[];
    this.waiting.beginPass();
    const left = serveInOrder<QueuedWish>(all, {
      serve: (each) => this.serve(each, all),
      reserve: ({ request }) => reserveCapacityFor(request.route, this.pool, this.work),
      isWithinQuota: ({ request }) => this.waiting.isWithinQuota(request),
      keepWaiting: (each, isWithin) => {
        this.waiting.keep(each, isWithin);
        if (!isWithin) this.overQuota.add(each.wish);
      },
    });
    this.waiting.endPass(left);
  }

  private serve(each: QueuedWish, all: readonly QueuedWish[]): boolean {
    const { work, now, random } = this;
    const context = { work, now, random, splitAt: 0, mode: 'exact', aperture: null } as const;
    const pick = pickComponent(this.pool, each.request.route, context);
    if (!pick.ok) return false;
    const { slots, ttlMs, key = null } = each.wish;
    putLease(this.index, newLease(`l-${this.nextId++}`, pick.candidate.id, { slots, ttlMs, keyId: key }, this.now));
    this.work.known[pick.position]! += slots;
    const servedBefore = new Set(this.served.map(({ wish }) => wish));
    const before = all
      .slice(0, all.indexOf(each))
      .map(({ wish }) => wish)
      .filter((earlier) => !servedBefore.has(earlier));
    const overQuota = before.filter((earlier) => this.overQuota.has(earlier));
    this.served.push({ wish: each.wish, componentId: pick.candidate.id, before, overQuota });
    return true;
  }
}
