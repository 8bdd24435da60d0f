/**
 * The stored record of one component: its registration and everything the registry knows of it.
 */
import type { ActiveDrill } from '../drill/active-drill.ts';
import type { HealthState } from '../health/health-state.ts';
import type { Cooldown } from '../failure/cooldown.ts';
import type { RecoveryCause, RecoveryOrder } from '../failure/failure-manager-api.ts';
import type { LoadState } from './load.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Registration } from './registration.ts';
import type { RootCause } from './root-cause.ts';

export interface ComponentRecord {
  readonly registration: Registration;
  /** Id of the registrar key that registered the component; null when an operator did. Never returned to callers. */
  readonly owner: string | null;
  /**
   * Number of the claim under which the record is stored. Grows with every registration of the id, unchanged or not.
   */
  readonly claim: number;
  /** Number of the claim that last changed the registration: its ETag. */
  readonly generation: number;
  /** The type's revision at which the record last changed. */
  readonly revision: number;
  readonly registeredAt: number;
  readonly updatedAt: number;
  readonly lifecycle: Lifecycle;
  readonly health: HealthState;
  readonly load: LoadState;
  readonly recovery: RecoveryState;
  readonly dependencyState: RootCause;
}

export interface RecoveryState {
  /** Recoveries begun so far. Part of the next recovery's id, so that only one begins. */
  readonly generation: number;
  /** Times of recent failures that checks and heartbeats found, epoch ms, newest last. */
  readonly recentFailures: readonly number[];
  /** Recent reports of callers, newest last. Absent without any. */
  readonly recentReports?: readonly RecentReport[];
  /** Failures up to this time no longer count. Epoch ms. */
  readonly settledUntil: number;
  /** The pause after the last recovery; absent or null without one. */
  readonly cooldown?: Cooldown | null;
  /** A failure that the cooldown held back. Its recovery begins afterwards unless the component works by then. */
  readonly deferred?: RecoveryCause | null;
  /** The last permission to take capacity away; absent or null once the component works again. */
  readonly disruption?: Disruption | null;
  /** The last recovery that ended, so that ending the same recovery again returns the same result. */
  readonly lastEnded: { readonly recoveryId: string; readonly outcome: RecoveryOutcome } | null;
  readonly active: ActiveRecovery | null;
  /** The running drill. Absent in records stored before drills existed. */
  readonly drill?: ActiveDrill | null;
}

export interface RecentReport {
  /** Epoch ms. */
  readonly at: number;
  /** Id of the caller's key; null if unknown. */
  readonly by: string | null;
}

export interface Disruption {
  /** Epoch ms. */
  readonly at: number;
  /** Whether checks or heartbeats had found the component dead. */
  readonly isProven: boolean;
}

/**
 * `not-needed`: the component worked again before any action; `suppressed`: the failure was only the effect of a failed
 * dependency.
 */
export type RecoveryOutcome = 'successful' | 'not-needed' | 'failed' | 'timeout' | 'cancelled' | 'suppressed';

export interface ActiveRecovery {
  readonly order: RecoveryOrder;
  /**
   * The recovery was allowed to reduce capacity. Counts until its end towards the third of the type that may be
   * recovered.
   */
  readonly disruptive: boolean;
  /** An operator cancelled the recovery: no further action begins. */
  readonly cancelled: boolean;
  /** Id of the standby that this recovery promoted, so that a repeated switchover promotes no second one. */
  readonly promoted: string | null;
  readonly verification: Verification | null;
  /** Callers reported the failure while the checks passed, so a passed check does not refute it. Absent: false. */
  readonly checksPassed?: boolean;
}

/** The wait for checks to prove that the component works. */
export interface Verification {
  /** Position of the action in the plan; negative for a wait before an action. */
  readonly position: number;
  readonly since: number;
  /** If there is no proof by then, the next action is due. Epoch ms. */
  readonly until: number;
  readonly successes: number;
}

/** Larger than any failure threshold that can be configured. */
const MAX_RECENT_FAILURES = 100;

export const withFailure = (record: ComponentRecord, now: number): ComponentRecord => ({
  ...record,
  recovery: {
    ...record.recovery,
    recentFailures: [...record.recovery.recentFailures, now].slice(-MAX_RECENT_FAILURES),
  },
});

/** Failures before this time (epoch ms) do not count, nor do those of an earlier component with the same id. */
export const settledUntil = ({ recovery, registeredAt }: ComponentRecord): number =>
  Math.max(recovery.settledUntil, registeredAt - 1);

export const withReport = (record: ComponentRecord, report: RecentReport): ComponentRecord => ({
  ...record,
  recovery: {
    ...record.recovery,
    recentReports: [...(record.recovery.recentReports ?? []), report].slice(-MAX_RECENT_FAILURES),
  },
});

export const withActive = (record: ComponentRecord, active: ActiveRecovery): ComponentRecord => ({
  ...record,
  recovery: { ...record.recovery, active },
});

/** The component works again: its cooldown gets shorter, and what waited for its recovery is obsolete. */
export function withReturn(record: ComponentRecord): ComponentRecord {
  const { cooldown, deferred, disruption } = record.recovery;
  if (!cooldown && !deferred && !disruption) return record;
  const shortened = cooldown && { ...cooldown, works: true };
  return { ...record, recovery: { ...record.recovery, cooldown: shortened, deferred: null, disruption: null } };
}

export const NO_RECOVERY: RecoveryState = {
  generation: 0,
  recentFailures: [],
  settledUntil: 0,
  lastEnded: null,
  active: null,
};
