/**
 * What of a policy is done for this component as things stand: what is possible comes in as facts. Pure; the
 * workflow stores the plan when it begins, so that nothing that is set later changes a running recovery.
 */
import type { RecoveryPolicy, RecoveryStep } from './recovery-policy.ts';
import { PROOF_MS, completePolicies } from './recovery-policy.ts';

export interface RecoveryFacts {
  readonly controlActions: readonly ('restart' | 'scale_up')[];
  readonly hasStandby: boolean;
  readonly autoScalingEnabled: boolean;
}

/**
 * `act`: it is done; `alert-instead`: nobody can be asked for it, a person is told; `leave-out`: it is for where it
 * is possible; `fail`: it is tried, or recorded, and fails.
 */
export type StepVerdict = 'act' | 'alert-instead' | 'leave-out' | 'fail';

export interface JudgedStep {
  readonly step: RecoveryStep;
  readonly verdict: StepVerdict;
  /** Why it is not simply done. */
  readonly reason: string | null;
}

export interface PlannedAction extends RecoveryStep {
  /** What an alert says of itself, when it is in the place of something else. */
  readonly note: string | null;
  /** Why it fails without being tried. */
  readonly cannot: string | null;
}

/** Each action of the policy with what becomes of it. */
export function judgeSteps({ actions }: RecoveryPolicy, facts: RecoveryFacts): readonly JudgedStep[] {
  const judged: JudgedStep[] = [];
  for (const step of actions) judged.push(judgeStep(step, judged.at(-1), facts));
  return judged;
}

function judgeStep(step: RecoveryStep, before: JudgedStep | undefined, facts: RecoveryFacts): JudgedStep {
  if (step.insteadOfPrevious && before && before.verdict !== 'leave-out')
    return { step, verdict: 'leave-out', reason: `it is for where ${before.step.action} is left out` };
  const reason = obstacleTo(step, facts);
  if (reason === null) return { step, verdict: 'act', reason };
  if (step.ifPossible) return { step, verdict: 'leave-out', reason };
  return { step, verdict: step.action === 'restart' ? 'alert-instead' : 'fail', reason };
}

/** The plan: never empty, and its last action waits for proof. */
export function planRecovery(policy: RecoveryPolicy, facts: RecoveryFacts): readonly PlannedAction[] {
  const planned: PlannedAction[] = [];
  for (const { step, verdict, reason } of judgeSteps(policy, facts)) {
    if (verdict === 'leave-out') continue;
    if (verdict === 'alert-instead') planned.push(alertInstead(step, reason));
    // A standby may be there by the time it is wanted; leave to scale will not.
    else planned.push({ ...step, note: null, cannot: step.action === 'scale_up' ? reason : null });
  }
  const plan = planned.filter((action, at) => !(action.action === 'alert' && planned[at + 1]?.action === 'alert'));
  const last = plan.at(-1) ?? alertInstead(ALERT, 'nothing of what is set for it is possible');
  return [...plan.slice(0, -1), { ...last, verifyMs: last.verifyMs || PROOF_MS }];
}

/** A person is told, then it is watched for as long as the action would have been. */
export const alertInstead = (step: RecoveryStep, note: string | null): PlannedAction => ({
  ...ALERT,
  verifyMs: step.verifyMs,
  note,
  cannot: null,
});

const [ALERT] = completePolicies({ internal_error: { actions: [{ action: 'alert' }] } }).internal_error.actions as [
  RecoveryStep,
];

function obstacleTo({ action }: RecoveryStep, facts: RecoveryFacts): string | null {
  switch (action) {
    case 'restart':
      if (facts.controlActions.includes('restart')) return null;
      return facts.controlActions.length === 0
        ? 'it has no control endpoint to restart it by'
        : 'its control endpoint takes no restart';
    case 'scale_up':
      if (!facts.autoScalingEnabled) return 'autoScalingEnabled is false';
      return facts.controlActions.includes('scale_up') ? null : 'it has no control endpoint that takes scale_up';
    case 'switchover':
      return facts.hasStandby ? null : 'there is no healthy standby that can do all that it does';
    case 'isolate':
    case 'alert':
      return null;
    default:
      return action satisfies never;
  }
}
