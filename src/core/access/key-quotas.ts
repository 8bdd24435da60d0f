/**
 * Lease quotas of a key, by component type. Without quotas, a key is limited by the available capacity and to half of a
 * wait queue.
 */
export interface KeyQuotas {
  /** Slots of one type that the key may lease at once; null for no limit. */
  readonly leaseSlots: number | null;
  /** Requests with the key that may wait in the queue of one type; null for half of the queue. */
  readonly leaseWaiters: number | null;
}

export const NO_QUOTAS: KeyQuotas = { leaseSlots: null, leaseWaiters: null };

/** Omitted quotas stay unchanged. */
export type KeyQuotasChange = { readonly [Name in keyof KeyQuotas]?: KeyQuotas[Name] | undefined };

export const withQuotas = (
  quotas: KeyQuotas,
  { leaseSlots = quotas.leaseSlots, leaseWaiters = quotas.leaseWaiters }: KeyQuotasChange,
): KeyQuotas => ({ leaseSlots, leaseWaiters });

export const isSameQuotas = (a: KeyQuotas, b: KeyQuotas): boolean =>
  a.leaseSlots === b.leaseSlots && a.leaseWaiters === b.leaseWaiters;
