/**
 * The leases that a registry has given, in memory: who holds what until when, how many slots of each component are
 * taken, and how many each key holds. Mutable, because every lease moves it; whoever keeps it durable stores first.
 */
import type { Lease } from './lease.ts';

export interface LeaseIndex {
  /** By id. */
  readonly held: Map<string, Lease>;
  /** Slots taken, by component; who has none is not in it. */
  readonly taken: Map<string, number>;
  /** Slots held, by key; which holds none is not in it. */
  readonly byKey: Map<string, number>;
  /** No lease expires before, epoch ms; it may be later that one does. */
  nextExpiry: number;
}

export const emptyLeaseIndex = (): LeaseIndex => ({
  held: new Map(),
  taken: new Map(),
  byKey: new Map(),
  nextExpiry: Infinity,
});

export const slotsTaken = ({ taken }: LeaseIndex, componentId: string): number => taken.get(componentId) ?? 0;

export const slotsOfKey = ({ byKey }: LeaseIndex, keyId: string): number => byKey.get(keyId) ?? 0;

/** Writes a lease down; one that is known is renewed by it. */
export function noteLease(book: LeaseIndex, lease: Lease): void {
  dropLease(book, lease.id);
  book.held.set(lease.id, lease);
  count(book, lease, lease.slots);
  book.nextExpiry = Math.min(book.nextExpiry, lease.expiresAt);
}

/** Frees what it held; nothing when it has ended already. */
export function dropLease(book: LeaseIndex, id: string): void {
  const lease = book.held.get(id);
  if (!lease) return;
  book.held.delete(id);
  count(book, lease, -lease.slots);
}

/** Those whose time is over; looks at all of them only when there may be any. */
export const expiredLeases = ({ held, nextExpiry }: LeaseIndex, now: number): Lease[] =>
  now < nextExpiry ? [] : Array.from(held.values()).filter(({ expiresAt }) => expiresAt <= now);

/** Finds out when the next one expires; to be asked once those that had are dropped. */
export function lookAhead(book: LeaseIndex): void {
  book.nextExpiry = Infinity;
  for (const { expiresAt } of book.held.values()) book.nextExpiry = Math.min(book.nextExpiry, expiresAt);
}

export const leasesOf = ({ held, taken }: LeaseIndex, componentId: string): Lease[] =>
  taken.has(componentId) ? Array.from(held.values()).filter((lease) => lease.componentId === componentId) : [];

function count({ taken, byKey }: LeaseIndex, { componentId, keyId }: Lease, slots: number): void {
  add(taken, componentId, slots);
  if (keyId !== null) add(byKey, keyId, slots);
}

function add(counts: Map<string, number>, id: string, slots: number): void {
  const next = (counts.get(id) ?? 0) + slots;
  if (next > 0) counts.set(id, next);
  else counts.delete(id);
}
