/** Previews the recovery that a failure of a component would start now. Pure; changes nothing. */
import type { FailureType } from './classify.ts';
import type { Cooldown } from './cooldown.ts';
import { cooldownUntil, nextCooldown } from './cooldown.ts';
import type { JudgedStep, PlannedAction, RecoveryFacts } from './recovery-plan.ts';
import { judgeSteps, planRecovery } from './recovery-plan.ts';
import type { RecoveryPolicies } from './recovery-policy.ts';
import { isControlAction } from './recovery-policy.ts';
import type { ThresholdPolicy } from './threshold.ts';
import { reachesThreshold } from './threshold.ts';

/** Why no recovery of a component can begin, whatever the failure. */
export type BeginObstacle = 'superseded' | 'not-in-service' | 'dependency-failed' | 'cooling-down';
/**
 * `frozen`: by configuration; `self-doubt`: the coordinator may be at fault; `mass-failure`: many components fail
 * together, and each must first stay down for a round of checks; `too-many`: recoveries affect a third of the type.
 */
export type ActionHold = 'frozen' | 'self-doubt' | 'mass-failure' | 'too-many';

interface Obstacle<R extends string> {
  readonly reason: R;
  readonly message: string;
}

/** The conditions for a recovery of one component, as its registry knows them. Plain data. */
export interface RecoveryConditions {
  readonly componentType: string;
  /** Recent failures that count. */
  readonly recentFailures: number;
  readonly threshold: ThresholdPolicy;
  /** Id of the running recovery, or null. */
  readonly recoveryId: string | null;
  /** Why no recovery can begin now, or null. */
  readonly obstacle: Obstacle<BeginObstacle> | null;
  /** The block on restart and scale-up (`disruptive`), and the block on any `other` action; null without a block. */
  readonly holds: { readonly disruptive: ActionHold | null; readonly other: ActionHold | null };
  readonly facts: RecoveryFacts;
  readonly policies: RecoveryPolicies;
  readonly cooldown: Cooldown | null;
  /** Slots of the guard: how many there are, how many are in use, and how many recoveries wait for one. */
  readonly guard: { readonly limit: number; readonly inUse: number; readonly waiting: number };
  /** Time of these conditions, epoch ms. */
  readonly now: number;
}

export interface PreviewedStep extends JudgedStep {
  /** The block on the step if it were due now; null without a block. */
  readonly blockedBy: ActionHold | null;
}

export interface RecoveryPreview {
  readonly failureType: FailureType;
  /** Includes the previewed failure. */
  readonly recentFailures: number;
  readonly threshold: number;
  readonly wouldBegin: boolean;
  /** Why no recovery would begin; null when one would. */
  readonly obstacle: Obstacle<BeginObstacle | 'recovering' | 'below-threshold'> | null;
  readonly recoveryId: string | null;
  readonly steps: readonly PreviewedStep[];
  readonly plan: readonly PlannedAction[];
  /** End of the present cooldown, epoch ms; null without one. */
  readonly cooldownUntil: number | null;
  readonly guard: RecoveryConditions['guard'];
  /** The pause after the recovery if it failed, ms. */
  readonly nextCooldownMs: number;
  /** The pause after the recovery if the component worked again, ms. */
  readonly nextCooldownWhenWorkingMs: number;
}

export function previewRecovery(
  failure: { readonly failureType: FailureType; readonly code: string | null },
  conditions: RecoveryConditions,
): RecoveryPreview {
  const { failureType } = failure;
  const recentFailures = 1 + conditions.recentFailures;
  const obstacle = obstacleOf(failure, conditions, recentFailures);
  const policy = conditions.policies[failureType];
  const { cooldown, now } = conditions;
  const until = cooldownUntil(cooldown);
  const pauseAfter = (works: boolean): number =>
    cooldownUntil(nextCooldown(cooldown, { startedAt: Math.max(now, until), acted: true, works }, policy, now)) - now;
  return {
    failureType,
    recentFailures,
    threshold: conditions.threshold.failureThreshold,
    wouldBegin: obstacle === null,
    obstacle,
    recoveryId: conditions.recoveryId,
    steps: judgeSteps(policy, conditions.facts).map((step) => ({ ...step, blockedBy: blockedBy(step, conditions) })),
    plan: planRecovery(policy, conditions.facts),
    cooldownUntil: until > now ? until : null,
    guard: conditions.guard,
    nextCooldownMs: pauseAfter(false),
    nextCooldownWhenWorkingMs: pauseAfter(true),
  };
}

function obstacleOf(
  { code }: { readonly code: string | null },
  { recoveryId, obstacle, threshold: { failureThreshold } }: RecoveryConditions,
  recentFailures: number,
): RecoveryPreview['obstacle'] {
  if (recoveryId !== null) return { reason: 'recovering', message: `${recoveryId} is running` };
  if (reachesThreshold({ code }, recentFailures, failureThreshold)) return obstacle;
  const message = `failure ${recentFailures} of ${failureThreshold} within the window`;
  return { reason: 'below-threshold', message };
}

function blockedBy({ step, verdict }: JudgedStep, { holds }: RecoveryConditions): ActionHold | null {
  if (verdict !== 'act' || step.action === 'alert') return null;
  return isControlAction(step.action) ? holds.disruptive : holds.other;
}
