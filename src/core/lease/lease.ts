/** A lease: slots of a component, taken for a time. Times are epoch ms. Plain data. */
import type { WorkOutcome } from '../component/work-outcome.ts';
import { WORK_OUTCOMES } from '../component/work-outcome.ts';

export interface Lease {
  readonly id: string;
  readonly componentId: string;
  readonly slots: number;
  readonly grantedAt: number;
  /** Ends by itself then, unless it is renewed before. */
  readonly expiresAt: number;
  /** Id of the key it counts for; null where it counts for none: a block, and what was leased out of one. */
  readonly keyId: string | null;
}

/** How a lease ended: by its caller, by time, or with its component; a block by the isolate that had it. */
export type LeaseEnd = WorkOutcome | 'expired' | 'removed' | 'returned';

/** Remembered for a while, so that whoever completes it again is answered the same. */
export interface EndedLease extends Lease {
  readonly end: LeaseEnd;
  readonly endedAt: number;
  /** Work that its component had in flight after it. */
  readonly inFlight: number;
}

export interface LeaseTerms {
  readonly ttlMs: number;
  readonly slots: number;
  /** The key it counts for; absent or null for none. */
  readonly keyId?: string | null;
}

/** The lease as it begins. */
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
