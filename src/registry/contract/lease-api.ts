/** What a registry is asked and answers about leases. Times are epoch ms. */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import type { Candidate } from '../../core/balancing/candidate.ts';
import type { Explanation } from '../../core/balancing/explain.ts';
import type { NoPick, FallbackTier, RouteRequest } from '../../core/balancing/pick.ts';
import type { PreferenceName } from '../../core/balancing/preferences.ts';
import type { WorkOutcome, WorkResult } from '../../core/component/work-outcome.ts';
import type { KeyQuotas } from '../../core/access/key-quotas.ts';
import type { BlockGrant, BlockUpdate } from '../../core/lease/block.ts';
import type { QueueStatistics } from '../../core/lease/queue-statistics.ts';
import type { Lease } from '../../core/lease/lease.ts';
import type { Failure, Result } from '../../core/result.ts';

/** Who is to hold a lease. */
export interface LeaseHolder {
  readonly keyId: string;
  /** As the edge that asks knows them. */
  readonly quotas: KeyQuotas;
}

export interface AcquireRequest {
  readonly request: RouteRequest;
  readonly ttlMs: number;
  /** How long to wait for room, in the order of asking. */
  readonly waitMs: number;
  readonly explain: boolean;
  /** An isolate asks that would take a block of slots instead of one. */
  readonly takesBlock: boolean;
  /** Decides and takes nothing, and does not wait; under another policy when it names one. */
  readonly rehearsal: { readonly policy: PolicyName | null } | null;
  /** Absent or null: it counts for no key. */
  readonly holder?: LeaseHolder | null;
}

export interface Acquired {
  readonly ok: true;
  readonly candidate: Candidate;
  /** Null in a rehearsal, and where a block is granted. */
  readonly lease: Pick<Lease, 'id' | 'expiresAt'> | null;
  /** Granted in place of a lease: the isolate leases from it, this time as well. */
  readonly block: BlockGrant | null;
  readonly policy: PolicyName;
  readonly score: number;
  readonly revision: number;
  readonly relaxed: readonly PreferenceName[];
  readonly resort: FallbackTier | null;
  /** When it was asked for. */
  readonly explanation: Explanation | null;
}

export type NotAcquired =
  | (Failure<NoPick['reason']> & { readonly explanation: Explanation })
  /** Its key holds, or has waiting, as much as it may. */
  | (Failure<'lease-quota'> & { readonly explanation: null });

export type Acquisition = Acquired | NotAcquired;

/** How the work of a lease went. */
export interface Completion extends WorkResult {
  /** Given when the component failed, and not only the work: counts as a failure that a caller reports. */
  readonly error: { readonly code?: string; readonly message: string } | null;
}

export interface CompletedLease {
  readonly id: string;
  readonly componentId: string;
  readonly outcome: WorkOutcome;
  /** Work that the component has in flight after it. */
  readonly inFlight: number;
}

export type RenewedLease = Pick<Lease, 'id' | 'componentId' | 'slots' | 'expiresAt'>;

export type LeaseAnswer<T> = Result<T, 'unknown-lease' | 'lease-ended'>;

export interface LeaseQuery {
  readonly after: string | null;
  /** With 0 it is only asked whether there are any. */
  readonly limit: number;
  readonly componentId: string | null;
}

export interface LeasePage {
  /** In the order of their ids. */
  readonly items: Lease[];
  readonly more: boolean;
  readonly waiting: WaitingCallers;
  readonly lately: QueueStatistics;
  /** Keys that hold most, at most fifty; those whose callers wait as well. */
  readonly holders: readonly KeyHolding[];
}

export interface KeyHolding {
  readonly keyId: string;
  readonly slots: number;
  readonly waiting: number;
}

export interface WaitingCallers {
  readonly depth: number;
  /** How long the first of them has been waiting; 0 when nobody is. */
  readonly oldestMs: number;
  /** Those of them that wait for their own key to free something. */
  readonly byQuota: number;
}

/** What an isolate is answered of the blocks it holds. */
export interface BlockAnswer {
  readonly news: readonly BlockUpdate[];
  /** Room is short: no block is leased from until this is over, and what is free of them returned. */
  readonly isRecalled: boolean;
}
