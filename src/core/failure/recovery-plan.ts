/**
 * Which actions a failure calls for, in order, by its class. Pure: what is possible for this
 * component right now comes in as facts.
 */
import type { FailureType } from './classify.ts';

export type RecoveryAction = 'restart' | 'scale_up' | 'switchover' | 'isolate' | 'alert';

export interface RecoveryFacts {
  readonly controlActions: readonly ('restart' | 'scale_up')[];
  readonly hasStandby: boolean;
  readonly autoScalingEnabled: boolean;
}

export interface PlannedAction {
  readonly action: RecoveryAction;
  /** How long probes may take to prove the component after it, ms; 0: it proves nothing, go on. */
  readonly verifyMs: number;
}

const PROOF_MS = 60_000;
const proven = (action: RecoveryAction): PlannedAction => ({ action, verifyMs: PROOF_MS });
const RESTARTS: readonly PlannedAction[] = [proven('restart'), proven('restart')];
const ALERT: PlannedAction = { action: 'alert', verifyMs: 0 };
/** Nobody can restart it for us: tell a person, then see whether it comes back. */
const ALERT_AND_WATCH: readonly PlannedAction[] = [proven('alert')];

/** The plan for a failure class. A component without a way to restart it gets an alert that says so. */
export function planRecovery(failureType: FailureType, facts: RecoveryFacts): readonly PlannedAction[] {
  const restarts = facts.controlActions.includes('restart') ? RESTARTS : ALERT_AND_WATCH;
  const switchover = facts.hasStandby ? [{ action: 'switchover', verifyMs: 0 } as const] : [];
  switch (failureType) {
    case 'health_check_failure':
      return restarts;
    case 'connection_failure':
      return [...switchover, ...restarts];
    case 'timeout_failure':
      if (facts.autoScalingEnabled && facts.controlActions.includes('scale_up'))
        return [proven('scale_up'), ...restarts];
      return [...switchover, ...restarts];
    case 'internal_error':
      return restarts === RESTARTS ? [ALERT, ...restarts] : restarts;
    case 'dependency_failure':
      return [proven('isolate')];
    default:
      return failureType satisfies never;
  }
}
