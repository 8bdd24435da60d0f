/**
 * What the registry expects of the failure manager. The registry calls it through its binding and
 * never imports it, so that recovery stays a client of the registry and not the other way round.
 */
import type { FailureReport } from './failure.ts';
import type { ControlAction } from '../component/control-action.ts';
import type { FailureType } from './classify.ts';
import type { ThresholdPolicy } from './threshold.ts';

export interface FailureBatchItem {
  readonly report: FailureReport;
  /** Failures before this time were settled by an earlier recovery. Epoch ms. */
  readonly countSince: number;
  /** When this component failed lately, this failure included, epoch ms: what to count while the history is away. */
  readonly recentFailures: readonly number[];
  /** What is set for its type. */
  readonly policy: ThresholdPolicy;
}

export interface FailureEvaluation {
  readonly failureId: string;
  readonly failureType: FailureType;
  readonly recentFailures: number;
  readonly threshold: number;
  /** The recovery it started or that is already running, or null. */
  readonly recoveryId: string | null;
  /** False while the history could not be written: the report stays in the outbox. */
  readonly recorded: boolean;
}

/** `healthy`: proven; `unproven`: its time is over; `removed`, `cancelled`: nothing left to prove. */
export type SignalOutcome = 'healthy' | 'unproven' | 'cancelled' | 'removed';

/** Something a running recovery waits for. */
export interface RecoverySignal {
  readonly recoveryId: string;
  /** Position of the action it answers to. */
  readonly position: number;
  readonly outcome: SignalOutcome;
}

export interface FailureIntake {
  evaluate(items: readonly FailureBatchItem[]): Promise<FailureEvaluation[]>;
  /** Passes a signal to the recovery's workflow; true when it was taken or can no longer matter. */
  signal(signal: RecoverySignal): Promise<boolean>;
  /** Sees to it that the workflow of a begun recovery exists, is awake, and is not long over. */
  nudge(order: RecoveryOrder): Promise<void>;
}

/** Why there is a recovery: a failure of a class, or an operator who asked for an action. */
export type RecoveryTrigger = FailureType | typeof OPERATOR_REQUEST;
export const OPERATOR_REQUEST = 'operator_request';

/** Everything a recovery workflow is started with; the same order always makes the same workflow. */
export interface RecoveryOrder {
  readonly recoveryId: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly failureType: RecoveryTrigger;
  /** Empty where an operator asked for it. */
  readonly failureId: string;
  readonly reason: string;
  /** What the operator asked for: the whole plan. */
  readonly asked?: ControlAction;
  readonly startedAt: number;
  readonly deadline: number;
  /** The drill it belongs to; absent or null when it is real. */
  readonly drillId?: string | null;
  /** Of a drill: its actions only say what they would do. */
  readonly rehearsal?: boolean;
}
