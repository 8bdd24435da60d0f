/** Recoveries in the contract of the registry: what an operator requests, what a workflow reads and reports. */
import type { FailureType } from '../../core/failure/classify.ts';
import type { ControlAction } from '../../core/component/control-action.ts';
import type { RecoveryPolicy } from '../../core/failure/recovery-policy.ts';
import type { RecoveryFacts } from '../../core/failure/recovery-plan.ts';

export interface ActionRequest {
  readonly action: ControlAction;
  /** The caller's: asked again with it within a day, it is the same recovery. */
  readonly idempotencyKey: string | null;
  readonly reason: string | null;
  /** Whether or not it is held back. */
  readonly force: boolean;
}

export type ActionRefusal = 'being-removed' | 'no-control' | 'recovery-running' | 'held-back';

export interface RecoveryCause {
  /** Epoch ms of the failure: what happened to a predecessor under the same id is no cause. */
  readonly occurredAt: number;
  readonly failureId: string;
  readonly failureType: FailureType;
  readonly reason: string;
}

export interface RecoveryTarget {
  /** In force now for the class of the failure that it began with. */
  readonly policy: RecoveryPolicy;
  readonly facts: RecoveryFacts;
  readonly name: string;
}

/** What a control call is for. */
export interface ControlPurpose {
  readonly recoveryId: string;
  readonly action: ControlAction;
}

export interface ControlAccess {
  readonly url: string;
  /** Those that sign now, the newest first. */
  readonly secrets: readonly string[];
}

/** `shadowed`: it only suffers from a dependency, no action will help it; `frozen`: nothing but alerts for now. */
export type ActionPermission = 'permitted' | 'too-many' | 'not-recovering' | 'shadowed' | 'frozen';
