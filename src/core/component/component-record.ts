/** A component as its registry holds it: what it said, how it is, how it is operated. Plain data. */
import type { HealthState } from '../health/health-state.ts';
import type { RecoveryOrder } from '../failure/failure-intake.ts';
import type { LoadState } from './load.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Registration } from './registration.ts';

export interface ComponentRecord {
  readonly registration: Registration;
  /** Number of the claim it was registered under; grows with every registration of this id. */
  readonly generation: number;
  /** The type's revision at which it last changed. */
  readonly revision: number;
  readonly registeredAt: number;
  readonly updatedAt: number;
  readonly lifecycle: Lifecycle;
  readonly health: HealthState;
  readonly load: LoadState;
  readonly recovery: RecoveryState;
}

export interface RecoveryState {
  /** Recoveries begun so far: part of the id of the next, so that only one begins. */
  readonly generation: number;
  /** Failures up to this time are settled and no longer count. Epoch ms. */
  readonly settledUntil: number;
  /** Recoveries in a row that proved nothing. */
  readonly failedInRow: number;
  /** No further recovery begins before. Epoch ms. */
  readonly notBefore: number;
  readonly active: ActiveRecovery | null;
}

export interface ActiveRecovery {
  readonly order: RecoveryOrder;
  /** It was allowed to take capacity away: counts against the type's third until it ends. */
  readonly disruptive: boolean;
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

export const NO_RECOVERY: RecoveryState = {
  generation: 0,
  settledUntil: 0,
  failedInRow: 0,
  notBefore: 0,
  active: null,
};
