/** Recoveries in the contract of the registry: what an operator requests, what a workflow reads and reports. */
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
 * `too-many`: self-doubt, a mass failure or the limit of disrupted components holds the action back; `answering`: a
 * check just passed, so the component may prove itself first; `overdue`: the time of the recovery is over;
 * `dependency-failed`: a dependency is the root cause, so no action helps; `frozen`: only alerts are permitted now.
 */
export type ActionPermission =
  | 'permitted'
  | 'too-many'
  | 'answering'
  | 'overdue'
  | 'not-recovering'
  | 'dependency-failed'
  | 'frozen';
