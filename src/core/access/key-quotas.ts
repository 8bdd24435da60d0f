/**
 * What a key may hold of the leases of each type. A key without quotas is bound by what binds all: the room
 * there is, and half of the places in a line.
 */
export interface KeyQuotas {
  /** Slots that it may hold of one type at once; null for as many as there are. */
  readonly leaseSlots: number | null;
  /** Callers with it that may wait in the line of one type; null for half of the line. */
  readonly leaseWaiters: number | null;
}

export const NO_QUOTAS: KeyQuotas = { leaseSlots: null, leaseWaiters: null };

/** What is not named stays as it is. */
export type KeyQuotasChange = { readonly [Name in keyof KeyQuotas]?: KeyQuotas[Name] | undefined };

export const withQuotas = (
  quotas: KeyQuotas,
  { leaseSlots = quotas.leaseSlots, leaseWaiters = quotas.leaseWaiters }: KeyQuotasChange,
): KeyQuotas => ({ leaseSlots, leaseWaiters });

export const isSameQuotas = (a: KeyQuotas, b: KeyQuotas): boolean =>
  a.leaseSlots === b.leaseSlots && a.leaseWaiters === b.leaseWaiters;
