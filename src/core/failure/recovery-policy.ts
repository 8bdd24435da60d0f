/**
 * What is done about a failure of each class: the actions in their order, and the pause after a recovery that
 * nothing came of. What somebody set may leave out whatever has a default; `completePolicies` fills it in.
 */
import type { JsonObject } from '../json.ts';
import type { FailureType } from './classify.ts';
import { FAILURE_TYPES } from './classify.ts';

export const RECOVERY_ACTIONS = ['restart', 'scale_up', 'switchover', 'isolate', 'alert'] as const;

export type RecoveryAction = (typeof RECOVERY_ACTIONS)[number];

export interface RecoveryStep {
  readonly action: RecoveryAction;
  /** How often it is tried until it is accepted. */
  readonly attempts: number;
  /** Before the second attempt, doubled before each further one. ms */
  readonly backoffMs: number;
  /** How long checks may take to prove the component after it, ms; 0: it proves nothing, go on. */
  readonly verifyMs: number;
  /** Left out of the plan where it cannot be done, instead of failing. */
  readonly ifPossible: boolean;
  /** Only where the one before it was left out. */
  readonly insteadOfPrevious: boolean;
  /** Passed on to whoever restarts or scales. */
  readonly parameters?: JsonObject | undefined;
  /** How long it is isolated, ms. */
  readonly forMs?: number | undefined;
}

export interface RecoveryPolicy {
  readonly actions: readonly RecoveryStep[];
  /** After a recovery that failed none begins for so long, doubled with each that fails in a row. ms */
  readonly cooldownMs: number;
  /** What the pause grows to at most, ms. */
  readonly maxCooldownMs: number;
}

export type RecoveryPolicies = Readonly<Record<FailureType, RecoveryPolicy>>;

export type SetStep = { readonly [K in keyof RecoveryStep]?: RecoveryStep[K] | undefined } & Pick<
  RecoveryStep,
  'action'
>;

export interface SetPolicy {
  readonly actions: readonly SetStep[];
  readonly cooldownMs?: number | undefined;
  readonly maxCooldownMs?: number | undefined;
}

export type SetPolicies = { readonly [T in FailureType]?: SetPolicy | undefined };

export const PROOF_MS = 60_000;
const ISOLATION_MS = 300_000;
const FIRST_COOLDOWN_MS = 300_000;
const MAX_COOLDOWN_MS = 3_600_000;

const RESTARTS: readonly SetStep[] = [{ action: 'restart' }, { action: 'restart' }];
const SWITCHOVER: SetStep = { action: 'switchover', ifPossible: true };

const DEFAULTS: Readonly<Record<FailureType, SetPolicy>> = {
  connection_failure: { actions: [SWITCHOVER, ...RESTARTS] },
  timeout_failure: {
    actions: [{ action: 'scale_up', ifPossible: true }, { ...SWITCHOVER, insteadOfPrevious: true }, ...RESTARTS],
  },
  health_check_failure: { actions: RESTARTS },
  dependency_failure: { actions: [{ action: 'isolate' }] },
  internal_error: { actions: [{ action: 'alert' }, ...RESTARTS] },
};

/** What is in force where this was set. */
export function completePolicies(set: SetPolicies = {}): RecoveryPolicies {
  const complete = FAILURE_TYPES.map((type) => [type, completePolicy(set[type] ?? DEFAULTS[type])] as const);
  return Object.fromEntries(complete) as Record<FailureType, RecoveryPolicy>;
}

function completePolicy({ actions, cooldownMs = FIRST_COOLDOWN_MS, maxCooldownMs }: SetPolicy): RecoveryPolicy {
  return {
    actions: actions.map((step, at) => completeStep(step, at === actions.length - 1)),
    cooldownMs,
    maxCooldownMs: maxCooldownMs ?? Math.max(MAX_COOLDOWN_MS, cooldownMs),
  };
}

function completeStep(step: SetStep, isLast: boolean): RecoveryStep {
  const { action } = step;
  const proves = isLast || (action !== 'switchover' && action !== 'alert');
  return {
    action,
    attempts: step.attempts ?? 3,
    backoffMs: step.backoffMs ?? 500,
    verifyMs: step.verifyMs ?? (proves ? PROOF_MS : 0),
    ifPossible: step.ifPossible ?? false,
    insteadOfPrevious: step.insteadOfPrevious ?? false,
    ...(isRequested(action) ? { parameters: step.parameters ?? {} } : {}),
    ...(action === 'isolate' ? { forMs: step.forMs ?? ISOLATION_MS } : {}),
  };
}

/** Done by somebody else, who is asked for it; takes capacity away meanwhile. */
export const isRequested = (action: RecoveryAction): action is 'restart' | 'scale_up' =>
  action === 'restart' || action === 'scale_up';

/** The pause after the last of so many recoveries in a row that failed. ms */
export const cooldownAfter = (failedInRow: number, { cooldownMs, maxCooldownMs }: RecoveryPolicy): number =>
  failedInRow === 0 ? 0 : Math.min(maxCooldownMs, cooldownMs * 2 ** (failedInRow - 1));
