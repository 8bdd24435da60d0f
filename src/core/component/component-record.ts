import type { ActiveDrill } from '../drill/active-drill.ts';
import type { HealthState } from '../health/health-state.ts';
import type { RecoveryOrder } from '../failure/failure-intake.ts';
import type { LoadState } from './load.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Registration } from './registration.ts';
import type { RootCause } from './root-cause.ts';

export interface ComponentRecord {
  readonly registration: Registration;
  /** Id of the registrar's key it was registered with; null when an operator did. Never shown. */
  readonly owner: string | null;
  /** Number of the claim it is stored under; grows with every registration of this id, unchanged ones too. */
  readonly claim: number;
  /** Number of the claim that last changed the registration: its ETag. */
  readonly generation: number;
  /** The type's revision at which it last changed. */
  readonly revision: number;
  readonly registeredAt: number;
  readonly updatedAt: number;
  readonly lifecycle: Lifecycle;
  readonly health: HealthState;
  readonly load: LoadState;
  readonly recovery: RecoveryState;
  readonly shadow: RootCause;
}

export interface RecoveryState {
  /** Recoveries begun so far: part of the id of the next, so that only one begins. */
  readonly generation: number;
  /** When it failed lately, epoch ms, the newest last: what counts while the history is away. */
  readonly recentFailures: readonly number[];
  /** Failures up to this time are settled and no longer count. Epoch ms. */
  readonly settledUntil: number;
  /** Recoveries in a row that proved nothing. */
  readonly failedInRow: number;
  /** No further recovery begins before. Epoch ms. */
  readonly notBefore: number;
  /** The last one that ended, so that ending it again answers the same. */
  readonly lastEnded: { readonly recoveryId: string; readonly outcome: RecoveryOutcome } | null;
  readonly active: ActiveRecovery | null;
  /** The failure that is being rehearsed with it; absent in records from before there were drills. */
  readonly drill?: ActiveDrill | null;
}

/** `suppressed`: it only suffered from a dependency. */
export type RecoveryOutcome = 'successful' | 'failed' | 'timeout' | 'cancelled' | 'suppressed';

export interface ActiveRecovery {
  readonly order: RecoveryOrder;
  /** It was allowed to take capacity away: counts against the type's third until it ends. */
  readonly disruptive: boolean;
  /** An operator cancelled it: no further action begins. */
  readonly cancelled: boolean;
  /** The standby that took over in its course: a repeated switchover promotes no second one. */
  readonly promoted: string | null;
  readonly verification: Verification | null;
}

/** The wait for proof that an action helped. */
export interface Verification {
  /** Position of the action in the plan. */
  readonly position: number;
  readonly since: number;
  /** Without proof by then, the next action is due. */
  readonly until: number;
  readonly successes: number;
}

/** Beyond any threshold that can be set. */
const MAX_RECENT = 100;

/** Remembers that it failed at `now`. */
export const withFailure = (record: ComponentRecord, now: number): ComponentRecord => ({
  ...record,
  recovery: { ...record.recovery, recentFailures: [...record.recovery.recentFailures, now].slice(-MAX_RECENT) },
});

/** Its failures before this time no longer count, nor does what happened to a predecessor of its id. Epoch ms. */
export const settledUntil = ({ recovery, registeredAt }: ComponentRecord): number =>
  Math.max(recovery.settledUntil, registeredAt - 1);

/** It came back: what failed before must not delay the next recovery. */
export const withoutCooldown = (record: ComponentRecord): ComponentRecord => ({
  ...record,
  recovery: { ...record.recovery, failedInRow: 0, notBefore: 0 },
});

export const NO_RECOVERY: RecoveryState = {
  generation: 0,
  recentFailures: [],
  settledUntil: 0,
  failedInRow: 0,
  notBefore: 0,
  lastEnded: null,
  active: null,
};
