/** What a failure of a component would bring about now, worked out without changing anything. Pure. */
import type { FailureType } from './classify.ts';
import type { JudgedStep, PlannedAction, RecoveryFacts } from './recovery-plan.ts';
import { judgeSteps, planRecovery } from './recovery-plan.ts';
import type { RecoveryPolicies } from './recovery-policy.ts';
import { cooldownAfter, isRequested } from './recovery-policy.ts';
import type { ThresholdPolicy } from './threshold.ts';
import { countingSince, reachesThreshold } from './threshold.ts';

/** Why no recovery begins of a component, whatever fails. */
export type BeginObstacle = 'superseded' | 'not-in-service' | 'shadowed' | 'cooling-down';
/** `frozen`: by the setting; `self-doubt`: the fault may be ours; `too-many`: a third of the type is worked on. */
export type ActionHold = 'frozen' | 'self-doubt' | 'too-many';

interface Obstacle<R extends string> {
  readonly reason: R;
  readonly message: string;
}

/** How a component stands, as its registry knows it. Plain data. */
export interface RecoveryStanding {
  readonly componentType: string;
  /** Failures before this time do not count. Epoch ms. */
  readonly countSince: number;
  /** When it failed lately, epoch ms. */
  readonly recentFailures: readonly number[];
  readonly threshold: ThresholdPolicy;
  /** The recovery that is running, or null. */
  readonly recoveryId: string | null;
  /** Why none would begin whatever fails now, or null. */
  readonly obstacle: Obstacle<BeginObstacle> | null;
  /** What would hold a restart or scaling back, and what any other action; null for nothing. */
  readonly holds: { readonly disruptive: ActionHold | null; readonly other: ActionHold | null };
  readonly facts: RecoveryFacts;
  readonly policies: RecoveryPolicies;
  readonly failedInRow: number;
}

export interface PreviewedStep extends JudgedStep {
  /** What would hold it back when its turn came now. */
  readonly heldBy: ActionHold | null;
}

export interface RecoveryPreview {
  readonly failureType: FailureType;
  /** This one included. */
  readonly recentFailures: number;
  readonly threshold: number;
  readonly wouldBegin: boolean;
  /** Why it would not. */
  readonly obstacle: Obstacle<BeginObstacle | 'recovering' | 'below-threshold'> | null;
  readonly recoveryId: string | null;
  readonly steps: readonly PreviewedStep[];
  readonly plan: readonly PlannedAction[];
  /** The pause that would follow if it failed, ms. */
  readonly nextCooldownMs: number;
}

/** `recorded`: how many failures the history counts since `previewSince`; null when it is away. */
export function previewRecovery(
  failure: { readonly failureType: FailureType; readonly code: string | null },
  standing: RecoveryStanding,
  recorded: number | null,
  now: number,
): RecoveryPreview {
  const { failureType } = failure;
  const since = previewSince(standing, now);
  const remembered = standing.recentFailures.filter((at) => at > since).length;
  const recentFailures = 1 + Math.max(recorded ?? 0, remembered);
  const obstacle = obstacleOf(failure, standing, recentFailures);
  const policy = standing.policies[failureType];
  return {
    failureType,
    recentFailures,
    threshold: standing.threshold.failureThreshold,
    wouldBegin: obstacle === null,
    obstacle,
    recoveryId: standing.recoveryId,
    steps: judgeSteps(policy, standing.facts).map((step) => ({ ...step, heldBy: heldBy(step, standing) })),
    plan: planRecovery(policy, standing.facts),
    nextCooldownMs: cooldownAfter(standing.failedInRow + 1, policy),
  };
}

/** Start of the time in which failures would count, epoch ms. */
export const previewSince = ({ countSince, threshold }: RecoveryStanding, now: number): number =>
  countingSince(now, countSince, threshold);

function obstacleOf(
  { code }: { readonly code: string | null },
  { recoveryId, obstacle, threshold }: RecoveryStanding,
  recentFailures: number,
): RecoveryPreview['obstacle'] {
  if (recoveryId !== null) return { reason: 'recovering', message: `${recoveryId} is running` };
  if (reachesThreshold({ code }, recentFailures, threshold)) return obstacle;
  const message = `it is failure ${recentFailures} of ${threshold.failureThreshold} within the window`;
  return { reason: 'below-threshold', message };
}

function heldBy({ step, verdict }: JudgedStep, { holds }: RecoveryStanding): ActionHold | null {
  if (verdict !== 'act' || step.action === 'alert') return null;
  return isRequested(step.action) ? holds.disruptive : holds.other;
}
