/**
 * In-memory index of the leases of a registry: leases by id, and slots in use by component and by key. Mutable: every
 * lease updates it.
 *
 * Invariant: the registry stores a change before it applies the change to the index.
 */
import type { Lease } from './lease.ts';

export interface LeaseIndex {
  readonly byId: Map<string, Lease>;
  /** Slots in use by component; without entries of 0. */
  readonly slotsByComponent: Map<string, number>;
  /** Slots in use by key; without entries of 0. */
  readonly slotsByKey: Map<string, number>;
  /** Lower bound of the next expiry of any lease, epoch ms. */
  nextExpiry: number;
}

export const emptyLeaseIndex = (): LeaseIndex => ({
  byId: new Map(),
  slotsByComponent: new Map(),
  slotsByKey: new Map(),
  nextExpiry: Infinity,
});

export const slotsInUse = ({ slotsByComponent }: LeaseIndex, componentId: string): number =>
  slotsByComponent.get(componentId) ?? 0;

export const slotsOfKey = ({ slotsByKey }: LeaseIndex, keyId: string): number => slotsByKey.get(keyId) ?? 0;

/** Adds a lease, or replaces the one with the same id (a renewal). */
export function putLease(index: LeaseIndex, lease: Lease): void {
  removeLease(index, lease.id);
  index.byId.set(lease.id, lease);
  addSlots(index, lease, lease.slots);
  index.nextExpiry = Math.min(index.nextExpiry, lease.expiresAt);
}

/** Removes a lease and frees its slots. Does nothing if the lease has already ended. */
export function removeLease(index: LeaseIndex, id: string): void {
  const lease = index.byId.get(id);
  if (!lease) return;
  index.byId.delete(id);
  addSlots(index, lease, -lease.slots);
}

/** Returns the expired leases. Scans the index only if one may have expired. */
export const expiredLeases = ({ byId, nextExpiry }: LeaseIndex, now: number): Lease[] =>
  now < nextExpiry ? [] : Array.from(byId.values()).filter(({ expiresAt }) => expiresAt <= now);

/** Recomputes `nextExpiry`; to be called after the expired leases were removed. */
export function updateNextExpiry(index: LeaseIndex): void {
  index.nextExpiry = Infinity;
  for (const { expiresAt } of index.byId.values()) index.nextExpiry = Math.min(index.nextExpiry, expiresAt);
}

export const leasesOf = ({ byId, slotsByComponent }: LeaseIndex, componentId: string): Lease[] =>
  slotsByComponent.has(componentId)
    ? Array.from(byId.values()).filter((lease) => lease.componentId === componentId)
    : [];

function addSlots({ slotsByComponent, slotsByKey }: LeaseIndex, { componentId, keyId }: Lease, slots: number): void {
  add(slotsByComponent, componentId, slots);
  if (keyId !== null) add(slotsByKey, keyId, slots);
}

function add(counts: Map<string, number>, id: string, slots: number): void {
  const next = (counts.get(id) ?? 0) + slots;
  if (next > 0) counts.set(id, next);
  else counts.delete(id);
}
