/** A lease: slots of a component, reserved for a limited time. Times are epoch ms. Plain data. */
import type { WorkOutcome } from '../component/work-outcome.ts';
import { WORK_OUTCOMES } from '../component/work-outcome.ts';

export interface Lease {
  readonly id: string;
  readonly componentId: string;
  readonly slots: number;
  readonly grantedAt: number;
  /** Expires at this time unless renewed. */
  readonly expiresAt: number;
  /** Key whose quota the lease counts against; null for a block and for a lease of a block. */
  readonly keyId: string | null;
}

/** How a lease ended: reported by its caller, expired or with its component. A block is returned by its isolate. */
export type LeaseEnd = WorkOutcome | 'expired' | 'removed' | 'returned';

/** An ended lease, kept for a while: completing it again returns the same result. */
export interface EndedLease extends Lease {
  readonly end: LeaseEnd;
  readonly endedAt: number;
  /** Work in flight on the component after the end. */
  readonly inFlight: number;
}

export interface LeaseTerms {
  readonly ttlMs: number;
  readonly slots: number;
  /** Key whose quota the lease counts against; absent or null for none. */
  readonly keyId?: string | null;
}

export const newLease = (
  id: string,
  componentId: string,
  { ttlMs, slots, keyId = null }: LeaseTerms,
  now: number,
): Lease => ({
  id,
  componentId,
  slots,
  grantedAt: now,
  expiresAt: now + ttlMs,
  keyId,
});

export const endedAs = (lease: Lease, end: LeaseEnd, inFlight: number, now: number): EndedLease => ({
  ...lease,
  end,
  endedAt: now,
  inFlight,
});

export const isWorkOutcome = (end: LeaseEnd): end is WorkOutcome => (WORK_OUTCOMES as readonly string[]).includes(end);
