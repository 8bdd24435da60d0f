/** Leases in the contract of the registry. Times are epoch ms. */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import type { CandidateCounts } from '../../core/balancing/candidate-counts.ts';
import type { Candidate } from '../../core/balancing/candidate.ts';
import type { Explanation } from '../../core/balancing/explain.ts';
import type { NoPick, FallbackTier, RouteRequest } from '../../core/balancing/pick.ts';
import type { PreferenceName } from '../../core/balancing/preferences.ts';
import type { WorkOutcome } from '../../core/component/work-outcome.ts';
import type { WorkCompletion } from '../../core/vital/work-report.ts';
import type { KeyQuotas } from '../../core/access/key-quotas.ts';
import type { BlockGrant, BlockUpdate } from '../../core/lease/lease-block.ts';
import type { QueueStatistics } from '../../core/lease/queue-statistics.ts';
import type { Lease } from '../../core/lease/lease.ts';
import type { Failure, Result } from '../../core/result.ts';

/** The API key for which a lease counts. */
export interface LeaseHolder {
  readonly keyId: string;
  /** Quotas of the key, as the requesting edge has cached them. */
  readonly quotas: KeyQuotas;
}

export interface AcquireRequest {
  readonly route: RouteRequest;
  readonly ttlMs: number;
  /** Longest wait for a free slot, ms, in order of arrival. */
  readonly waitMs: number;
  readonly explain: boolean;
  /** The requesting isolate accepts a block of slots in place of one lease. */
  readonly acceptsBlock: boolean;
  /** Decides without granting or waiting; under `policy` unless null. */
  readonly dryRun: { readonly policy: PolicyName | null } | null;
  /** Absent or null: the lease counts for no key. */
  readonly holder?: LeaseHolder | null;
}

export interface Acquired {
  readonly ok: true;
  readonly candidate: Candidate;
  /** The registration of the component as JSON text, for the response. */
  readonly registration: string;
  /** Null in a dry run, and when a block is granted. */
  readonly lease: Pick<Lease, 'id' | 'expiresAt'> | null;
  /** Granted in place of a lease: the isolate takes this lease, too, out of the block. */
  readonly block: BlockGrant | null;
  readonly policy: PolicyName;
  readonly score: number;
  readonly revision: number;
  readonly relaxed: readonly PreferenceName[];
  readonly fallbackTier: FallbackTier | null;
  /** Null unless requested. */
  readonly explanation: Explanation | null;
}

export type NotAcquired =
  | (Failure<NoPick['reason']> & { readonly explanation: Explanation; readonly counts: CandidateCounts })
  /** The key holds as many slots, or has as many waiting requests, as its quota allows. */
  | (Failure<'lease-quota'> & { readonly explanation: null });

export type Acquisition = Acquired | NotAcquired;

/** A completion whose `error` is set counts as a failure report of the caller. */
export type Completion = WorkCompletion;

export interface CompletedLease {
  readonly id: string;
  readonly componentId: string;
  readonly outcome: WorkOutcome;
  /** Work that the component has in flight after the completion. */
  readonly inFlight: number;
}

export type RenewedLease = Pick<Lease, 'id' | 'componentId' | 'slots' | 'expiresAt'>;

export type LeaseResult<T> = Result<T, 'unknown-lease' | 'lease-ended'>;

export interface LeaseQuery {
  readonly after: string | null;
  /** 0 asks only whether there are any. */
  readonly limit: number;
  readonly componentId: string | null;
}

export interface LeasePage {
  /** Ascending by id. */
  readonly items: Lease[];
  readonly more: boolean;
  readonly waiting: WaitingCallers;
  readonly recent: QueueStatistics;
  /** The keys with the most slots, at most fifty, including keys that only have waiting requests. */
  readonly holders: readonly KeyHolding[];
}

export interface KeyHolding {
  readonly keyId: string;
  readonly slots: number;
  readonly waiting: number;
}

export interface WaitingCallers {
  readonly depth: number;
  /** How long the oldest request has waited, ms; 0 when the queue is empty. */
  readonly oldestMs: number;
  /** Number of requests that wait for their own key to free slots. */
  readonly byQuota: number;
}

/** The registry's response to an isolate's block reports. */
export interface BlockResponse {
  readonly updates: readonly BlockUpdate[];
  /** Capacity is short: the isolate grants nothing out of its blocks and returns those without leases. */
  readonly isRecalled: boolean;
}
