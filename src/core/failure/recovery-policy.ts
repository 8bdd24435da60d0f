/**
 * Recovery policies: for each failure type the actions in order, and the cooldown after a recovery.
 * Configured policies may omit fields that have a default; `completePolicies` adds the defaults.
 */
import type { AlertRequest } from '../incident/alert-route.ts';
import type { JsonObject } from '../json.ts';
import type { FailureType } from './classify.ts';
import { FAILURE_TYPES } from './classify.ts';

export const RECOVERY_ACTIONS = ['restart', 'scale_up', 'switchover', 'isolate', 'alert'] as const;

export type RecoveryAction = (typeof RECOVERY_ACTIONS)[number];

/** `target` and `priority` are those of an alert. */
export interface RecoveryStep extends AlertRequest {
  readonly action: RecoveryAction;
  /** Maximum number of attempts until the action is accepted. */
  readonly attempts: number;
  /** Delay before the second attempt, doubled before each further one. ms */
  readonly backoffMs: number;
  /** Time for checks to prove that the action helped, ms; 0: continue with the next action without waiting. */
  readonly verifyMs: number;
  /** Omit the action from the plan when it is impossible; otherwise it fails. */
  readonly optional: boolean;
  /** Only when the previous action was omitted. */
  readonly onlyIfPreviousSkipped: boolean;
  /** Sent to the control endpoint of a restart or scale-up. */
  readonly parameters?: JsonObject | undefined;
  /** Duration of an isolation, ms. */
  readonly durationMs?: number | undefined;
}

export interface RecoveryPolicy {
  readonly actions: readonly RecoveryStep[];
  /** Pause after a failed recovery, doubled with each recovery in a row; after a proven one a fifth of it. ms */
  readonly cooldownMs: number;
  /** Upper bound of the doubled pause, ms. */
  readonly maxCooldownMs: number;
}

export type RecoveryPolicies = Readonly<Record<FailureType, RecoveryPolicy>>;

export type ConfiguredStep = { readonly [K in keyof RecoveryStep]?: RecoveryStep[K] | undefined } & Pick<
  RecoveryStep,
  'action'
>;

export interface ConfiguredPolicy {
  readonly actions: readonly ConfiguredStep[];
  readonly cooldownMs?: number | undefined;
  readonly maxCooldownMs?: number | undefined;
}

export type ConfiguredPolicies = { readonly [T in FailureType]?: ConfiguredPolicy | undefined };

export const PROOF_MS = 60_000;
const ISOLATION_MS = 300_000;
const FIRST_COOLDOWN_MS = 300_000;
const MAX_COOLDOWN_MS = 3_600_000;

const RESTARTS: readonly ConfiguredStep[] = [{ action: 'restart' }, { action: 'restart' }];
const SWITCHOVER: ConfiguredStep = { action: 'switchover', optional: true };

const DEFAULTS: Readonly<Record<FailureType, ConfiguredPolicy>> = {
  connection_failure: { actions: [SWITCHOVER, ...RESTARTS] },
  timeout_failure: {
    actions: [{ action: 'scale_up', optional: true }, { ...SWITCHOVER, onlyIfPreviousSkipped: true }, ...RESTARTS],
  },
  health_check_failure: { actions: RESTARTS },
  dependency_failure: { actions: [{ action: 'isolate' }] },
  internal_error: { actions: [{ action: 'alert' }, ...RESTARTS] },
};

/** The effective policies: the configured ones, completed with defaults. */
export function completePolicies(configured: ConfiguredPolicies = {}): RecoveryPolicies {
  const complete = FAILURE_TYPES.map((type) => [type, completePolicy(configured[type] ?? DEFAULTS[type])] as const);
  return Object.fromEntries(complete) as Record<FailureType, RecoveryPolicy>;
}

function completePolicy({ actions, cooldownMs = FIRST_COOLDOWN_MS, maxCooldownMs }: ConfiguredPolicy): RecoveryPolicy {
  return {
    actions: actions.map((step, at) => completeStep(step, at === actions.length - 1)),
    cooldownMs,
    maxCooldownMs: maxCooldownMs ?? Math.max(MAX_COOLDOWN_MS, cooldownMs),
  };
}

function completeStep(step: ConfiguredStep, isLast: boolean): RecoveryStep {
  const { action } = step;
  const isVerified = isLast || (action !== 'switchover' && action !== 'alert');
  return {
    action,
    attempts: step.attempts ?? 3,
    backoffMs: step.backoffMs ?? 500,
    verifyMs: step.verifyMs ?? (isVerified ? PROOF_MS : 0),
    optional: step.optional ?? false,
    onlyIfPreviousSkipped: step.onlyIfPreviousSkipped ?? false,
    ...(isControlAction(action) ? { parameters: step.parameters ?? {} } : {}),
    ...(action === 'alert' && step.target !== undefined ? { target: step.target } : {}),
    ...(action === 'alert' && step.priority !== undefined ? { priority: step.priority } : {}),
    ...(action === 'isolate' ? { durationMs: step.durationMs ?? ISOLATION_MS } : {}),
  };
}

/** True for actions that a control endpoint performs and that count as reducing capacity while they run. */
export const isControlAction = (action: RecoveryAction): action is 'restart' | 'scale_up' =>
  action === 'restart' || action === 'scale_up';
