/**
 * The recovery plan of one component: the actions of a policy that are possible under given facts. Pure.
 * The workflow stores the plan when it begins, so that later configuration does not change a running recovery.
 */
import type { RecoveryPolicy, RecoveryStep } from './recovery-policy.ts';
import { PROOF_MS, completePolicies } from './recovery-policy.ts';

export interface RecoveryFacts {
  readonly controlActions: readonly ('restart' | 'scale_up')[];
  readonly hasStandby: boolean;
  readonly autoScalingEnabled: boolean;
}

/**
 * - `act`: the action runs.
 * - `alert-instead`: no endpoint can perform the action, so an alert replaces it.
 * - `skip`: the action is omitted, because it is impossible or its predecessor runs.
 * - `fail`: the action is attempted or only recorded, and fails.
 */
export type StepVerdict = 'act' | 'alert-instead' | 'skip' | 'fail';

export interface JudgedStep {
  readonly step: RecoveryStep;
  readonly verdict: StepVerdict;
  /** Why the verdict is not `act`, or null. */
  readonly reason: string | null;
}

export interface PlannedAction extends RecoveryStep {
  /** Why an alert replaces another action, or null. */
  readonly note: string | null;
  /** Why the action fails without an attempt, or null. */
  readonly impossible: string | null;
}

/** The verdict on each action of the policy, in order. */
export function judgeSteps({ actions }: RecoveryPolicy, facts: RecoveryFacts): readonly JudgedStep[] {
  const judged: JudgedStep[] = [];
  for (const step of actions) judged.push(judgeStep(step, judged.at(-1), facts));
  return judged;
}

function judgeStep(step: RecoveryStep, previous: JudgedStep | undefined, facts: RecoveryFacts): JudgedStep {
  if (step.onlyIfPreviousSkipped && previous && previous.verdict !== 'skip')
    return { step, verdict: 'skip', reason: `only used when ${previous.step.action} is left out` };
  const reason = obstacleTo(step, facts);
  if (reason === null) return { step, verdict: 'act', reason };
  if (step.optional) return { step, verdict: 'skip', reason };
  return { step, verdict: step.action === 'restart' ? 'alert-instead' : 'fail', reason };
}

/**
 * Builds the plan. Consecutive alerts become one, unless they have another target or priority.
 * Invariant: the plan is never empty, and its last action waits for proof.
 */
export function planRecovery(policy: RecoveryPolicy, facts: RecoveryFacts): readonly PlannedAction[] {
  const planned: PlannedAction[] = [];
  for (const { step, verdict, reason } of judgeSteps(policy, facts)) {
    if (verdict === 'skip') continue;
    if (verdict === 'alert-instead') planned.push(alertInstead(step, reason));
    // A standby may become available before its step is due; the reason against scaling will not change.
    else planned.push({ ...step, note: null, impossible: step.action === 'scale_up' ? reason : null });
  }
  const plan = planned.filter((action, at) => !isCoveredBy(action, planned[at + 1]));
  const last = plan.at(-1) ?? alertInstead(ALERT, 'none of the configured actions is possible');
  return [...plan.slice(0, -1), { ...last, verifyMs: last.verifyMs || PROOF_MS }];
}

/** True for an alert that the next one repeats, and for one that only replaces an action if another follows anyway. */
const isCoveredBy = (action: PlannedAction, next: PlannedAction | undefined): boolean =>
  action.action === 'alert' &&
  next?.action === 'alert' &&
  (action.note !== null || (action.target === next.target && action.priority === next.priority));

/** An alert in place of `step`, with the same wait for proof. */
export const alertInstead = (step: RecoveryStep, note: string | null): PlannedAction => ({
  ...ALERT,
  verifyMs: step.verifyMs,
  note,
  impossible: null,
});

const [ALERT] = completePolicies({ internal_error: { actions: [{ action: 'alert' }] } }).internal_error.actions as [
  RecoveryStep,
];

function obstacleTo({ action }: RecoveryStep, facts: RecoveryFacts): string | null {
  switch (action) {
    case 'restart':
      if (facts.controlActions.includes('restart')) return null;
      return facts.controlActions.length === 0
        ? 'no control endpoint can restart it'
        : 'its control endpoint does not support restart';
    case 'scale_up':
      if (!facts.autoScalingEnabled) return 'autoScalingEnabled is false';
      return facts.controlActions.includes('scale_up') ? null : 'no control endpoint supports scale_up';
    case 'switchover':
      return facts.hasStandby ? null : 'there is no healthy standby with all of its capabilities';
    case 'isolate':
    case 'alert':
      return null;
    default:
      return action satisfies never;
  }
}
