/** Recoveries in the contract of the registry: what an operator requests, what a workflow reads and reports. */
import type { FailureType } from '../../core/failure/classify.ts';
import type { ControlAction } from '../../core/component/control-action.ts';
import type { RecoveryPolicy } from '../../core/failure/recovery-policy.ts';
import type { RecoveryFacts } from '../../core/failure/recovery-plan.ts';

export interface ActionRequest {
  readonly action: ControlAction;
  /** Set by the caller. A request with the same key within a day returns the same recovery. */
  readonly idempotencyKey: string | null;
  readonly reason: string | null;
  /** Overrides `held-back`. */
  readonly force: boolean;
}

export type ActionRefusal = 'too-many-changes' | 'being-removed' | 'no-control' | 'recovery-running' | 'held-back';

export interface RecoveryCause {
  /** Epoch ms of the failure. A failure of an earlier registration with the same id causes no recovery. */
  readonly occurredAt: number;
  readonly failureId: string;
  readonly failureType: FailureType;
  readonly reason: string;
}

export interface RecoveryTarget {
  /** In force now for the class of the failure that started the recovery. */
  readonly policy: RecoveryPolicy;
  readonly facts: RecoveryFacts;
  readonly name: string;
}

export interface ControlPurpose {
  readonly recoveryId: string;
  readonly action: ControlAction;
}

export interface ControlAccess {
  readonly url: string;
  /** The secrets that sign now, newest first. */
  readonly secrets: readonly string[];
}

/**
 * `too-many`: self-doubt or the limit of disrupted components holds the action back; `dependency-failed`: a dependency
 * is the root cause, so no action helps; `frozen`: only alerts are permitted now.
 */
export type ActionPermission = 'permitted' | 'too-many' | 'not-recovering' | 'dependency-failed' | 'frozen';
