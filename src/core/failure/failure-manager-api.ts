/**
 * The contract between a registry and the failure manager. The registry calls the manager through its binding and
 * never imports it: recovery depends on the registry, not the reverse.
 */
import type { FailureReport } from './failure.ts';
import type { ControlAction } from '../component/control-action.ts';
import type { FailureSource } from '../health/observe-health.ts';
import type { FailureType } from './classify.ts';
import type { FailureCount } from './threshold.ts';

/** A failure with the count of its component, in which it is included. */
export interface FailureBatchItem extends FailureCount {
  readonly report: FailureReport;
  /** The effective setting of the component. */
  readonly failureThreshold: number;
  /** The report is merged into a sum, which a later item brings. Absent: false. */
  readonly isRecordedLater?: boolean;
}

export interface FailureEvaluation {
  readonly failureId: string;
  readonly failureType: FailureType;
  readonly recentFailures: number;
  readonly unconfirmedReports: number;
  readonly threshold: number;
  /** Id of the recovery that was started or is already running; null when there is none. */
  readonly recoveryId: string | null;
  /** False when the history could not be written in time: the report stays in the outbox or in its sum. */
  readonly recorded: boolean;
}

/** The failure for which a recovery begins. */
export interface RecoveryCause {
  /** Epoch ms of the failure. A failure of an earlier registration with the same id causes no recovery. */
  readonly occurredAt: number;
  readonly failureId: string;
  readonly failureType: FailureType;
  /** Absent if unknown. */
  readonly source?: FailureSource;
  readonly reason: string;
}

/** `healthy`: proven; `unproven`: the wait has expired; `removed`, `cancelled`: proof is no longer needed. */
export type SignalOutcome = 'healthy' | 'unproven' | 'cancelled' | 'removed';

/** A message that a running recovery waits for. */
export interface RecoverySignal {
  readonly recoveryId: string;
  /** Position of the action in the plan. */
  readonly position: number;
  readonly outcome: SignalOutcome;
}

export interface FailureIntake {
  evaluate(items: readonly FailureBatchItem[]): Promise<FailureEvaluation[]>;
  /** Sends a signal to the recovery's workflow; returns true when it was accepted or no longer matters. */
  signal(signal: RecoverySignal): Promise<boolean>;
  /**
   * Ensures that the workflow of a begun recovery exists and is awake. Closes the recovery when its workflow has ended.
   */
  wake(order: RecoveryOrder): Promise<void>;
}

/** The cause of a recovery: a failure type, or an action requested by an operator. */
export type RecoveryTrigger = FailureType | typeof OPERATOR_REQUEST;
export const OPERATOR_REQUEST = 'operator_request';

/** The input of a recovery workflow. The same order always starts the same workflow. */
export interface RecoveryOrder {
  readonly recoveryId: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly failureType: RecoveryTrigger;
  /** Empty for an operator's request. */
  readonly failureId: string;
  readonly reason: string;
  /** The action that the operator requested; it is the whole plan. */
  readonly requestedAction?: ControlAction;
  readonly startedAt: number;
  readonly deadline: number;
  /** Id of the drill that caused the recovery; absent or null for a real failure. */
  readonly drillId?: string | null;
  /** True for a dry run: actions only report what they would do. */
  readonly dryRun?: boolean;
}
