import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailureType } from '../../../src/core/failure/classify.ts';
import { FAILURE_TYPES } from '../../../src/core/failure/classify.ts';
import type { RecoveryFacts } from '../../../src/core/failure/recovery-plan.ts';
import { judgeSteps, planRecovery } from '../../../src/core/failure/recovery-plan.ts';
import type { RecoveryAction, ConfiguredStep } from '../../../src/core/failure/recovery-policy.ts';
import { RECOVERY_ACTIONS, completePolicies } from '../../../src/core/failure/recovery-policy.ts';

const NONE: RecoveryFacts = { controlActions: [], hasStandby: false, autoScalingEnabled: false };
const RESTART: RecoveryFacts = { ...NONE, controlActions: ['restart'] };
const FULL: RecoveryFacts = { controlActions: ['restart', 'scale_up'], hasStandby: true, autoScalingEnabled: true };

const DEFAULTS = completePolicies();
const policyOf = (...actions: ConfiguredStep[]) => completePolicies({ timeout_failure: { actions } }).timeout_failure;

/** Kinds of action in order, consecutive repetitions counted once. */
const stepsOf = (failureType: FailureType, facts: RecoveryFacts): RecoveryAction[] =>
  planRecovery(DEFAULTS[failureType], facts)
    .map((planned) => planned.action)
    .filter((action, index, all) => action !== all[index - 1]);

describe('the default policies', () => {
  it.each<[FailureType, string, RecoveryFacts, RecoveryAction[]]>([
    ['health_check_failure', 'restart', RESTART, ['restart']],
    ['health_check_failure', 'a standby makes no difference', { ...RESTART, hasStandby: true }, ['restart']],
    ['health_check_failure', 'no control', NONE, ['alert']],
    ['connection_failure', 'no standby', RESTART, ['restart']],
    ['connection_failure', 'a standby', { ...RESTART, hasStandby: true }, ['switchover', 'restart']],
    ['connection_failure', 'a standby, no control', { ...NONE, hasStandby: true }, ['switchover', 'alert']],
    ['connection_failure', 'nothing', NONE, ['alert']],
    ['timeout_failure', 'scaling', FULL, ['scale_up', 'restart']],
    ['timeout_failure', 'scaling off', { ...FULL, autoScalingEnabled: false }, ['switchover', 'restart']],
    ['timeout_failure', 'no scale_up action', { ...FULL, controlActions: ['restart'] }, ['switchover', 'restart']],
    ['timeout_failure', 'scaling, no restart', { ...FULL, controlActions: ['scale_up'] }, ['scale_up', 'alert']],
    ['timeout_failure', 'no standby', RESTART, ['restart']],
    ['timeout_failure', 'nothing', NONE, ['alert']],
    ['internal_error', 'restart', RESTART, ['alert', 'restart']],
    ['internal_error', 'nothing', NONE, ['alert']],
    ['dependency_failure', 'everything', FULL, ['isolate']],
    ['dependency_failure', 'nothing', NONE, ['isolate']],
  ])('%s, %s', (failureType, _, facts, expected) => {
    expect(stepsOf(failureType, facts)).toEqual(expected);
  });

  it('try each action three times, isolate for five minutes, and wait five minutes after a failed recovery', () => {
    expect(DEFAULTS.connection_failure).toEqual({
      actions: [
        {
          action: 'switchover',
          attempts: 3,
          backoffMs: 500,
          verifyMs: 0,
          optional: true,
          onlyIfPreviousSkipped: false,
        },
        ...Array.from({ length: 2 }, () => ({
          action: 'restart',
          attempts: 3,
          backoffMs: 500,
          verifyMs: 60_000,
          optional: false,
          onlyIfPreviousSkipped: false,
          parameters: {},
        })),
      ],
      cooldownMs: 300_000,
      maxCooldownMs: 3_600_000,
    });
    expect(DEFAULTS.dependency_failure.actions).toMatchObject([{ action: 'isolate', durationMs: 300_000 }]);
  });

  it('give the reason for an alert once', () => {
    expect(planRecovery(DEFAULTS.health_check_failure, NONE)).toMatchObject([
      { action: 'alert', verifyMs: 60_000, note: 'no control endpoint can restart it' },
    ]);
    const scaled: RecoveryFacts = { ...NONE, controlActions: ['scale_up'] };
    expect(planRecovery(DEFAULTS.internal_error, scaled)).toMatchObject([
      { action: 'alert', note: 'its control endpoint does not support restart' },
    ]);
  });
});

describe('a configured policy', () => {
  it('replaces the policy of its failure type only', () => {
    const policies = completePolicies({ timeout_failure: { actions: [{ action: 'alert' }], cooldownMs: 1_000 } });
    expect(policies.timeout_failure).toMatchObject({
      actions: [{ action: 'alert', verifyMs: 60_000 }],
      cooldownMs: 1_000,
    });
    expect({ ...policies, timeout_failure: null }).toEqual({ ...DEFAULTS, timeout_failure: null });
  });

  it('is planned in its order, with its parameters', () => {
    const parameters = { grace: 5 };
    const plan = planRecovery(
      policyOf(
        { action: 'isolate', durationMs: 9_000, verifyMs: 0 },
        { action: 'restart', attempts: 1, backoffMs: 100, verifyMs: 7_000, parameters },
      ),
      RESTART,
    );
    expect(plan).toMatchObject([
      { action: 'isolate', durationMs: 9_000, verifyMs: 0, attempts: 3 },
      { action: 'restart', attempts: 1, backoffMs: 100, verifyMs: 7_000, parameters },
    ]);
  });

  it('fails an impossible step unless the step is optional', () => {
    const plain = policyOf({ action: 'scale_up' }, { action: 'switchover' }, { action: 'alert' });
    expect(judgeSteps(plain, NONE).map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['fail', 'autoScalingEnabled is false'],
      ['fail', 'there is no healthy standby with all of its capabilities'],
      ['act', null],
    ]);
    expect(planRecovery(plain, NONE)).toMatchObject([
      { action: 'scale_up', impossible: 'autoScalingEnabled is false' },
      // A standby may exist by then.
      { action: 'switchover', impossible: null },
      { action: 'alert' },
    ]);
    const optional = policyOf(
      { action: 'restart', optional: true },
      { action: 'isolate', onlyIfPreviousSkipped: true },
    );
    expect(planRecovery(optional, NONE)).toMatchObject([{ action: 'isolate' }]);
    expect(planRecovery(optional, RESTART)).toMatchObject([{ action: 'restart', verifyMs: 60_000 }]);
  });

  it('keeps consecutive alerts that differ in target or priority', () => {
    const [first, second] = [{ target: 'slack', priority: 'low' } as const, { target: 'pager' } as const];
    const policy = policyOf(
      { action: 'alert', ...first },
      { action: 'alert', ...first },
      { action: 'alert', ...second },
    );
    expect(planRecovery(policy, NONE)).toMatchObject([
      { action: 'alert', ...first, verifyMs: 0 },
      { action: 'alert', ...second, verifyMs: 60_000 },
    ]);
    // The alert in place of the restart would reach every channel.
    expect(planRecovery(policyOf({ action: 'restart' }, { action: 'alert', ...first }), NONE)).toMatchObject([first]);
  });

  it('becomes an alert if none of its steps is possible', () => {
    expect(planRecovery(policyOf({ action: 'switchover', optional: true }), NONE)).toMatchObject([
      { action: 'alert', verifyMs: 60_000, note: 'none of the configured actions is possible' },
    ]);
  });
});

const facts = fc.record<RecoveryFacts>({
  controlActions: fc.subarray(['restart', 'scale_up'] as const),
  hasStandby: fc.boolean(),
  autoScalingEnabled: fc.boolean(),
});
const step: fc.Arbitrary<ConfiguredStep> = fc.record(
  {
    action: fc.constantFrom(...RECOVERY_ACTIONS),
    verifyMs: fc.constantFrom(0, 5_000),
    optional: fc.boolean(),
    onlyIfPreviousSkipped: fc.boolean(),
  },
  { requiredKeys: ['action'] },
);
const policies = fc
  .array(step, { minLength: 1, maxLength: 8 })
  .map((actions) => completePolicies(Object.fromEntries(FAILURE_TYPES.map((type) => [type, { actions }]))));

describe('any policy', () => {
  const any = fc.oneof(fc.constant(DEFAULTS), policies);

  it('has a plan that ends with a verified action, and contains only possible steps', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAILURE_TYPES), any, facts, (failureType, set, known) => {
        const plan = planRecovery(set[failureType], known);
        expect(plan.at(-1)?.verifyMs).toBeGreaterThan(0);
        expect(plan.length).toBeLessThanOrEqual(8);
        for (const { action, impossible, optional } of plan) {
          if (action === 'restart') expect(known.controlActions).toContain('restart');
          if (action === 'scale_up' && impossible === null) expect(known.controlActions).toContain('scale_up');
          if (action === 'switchover' && optional) expect(known.hasStandby).toBe(true);
        }
      }),
    );
  });

  it('is not changed by a second completion', () => {
    fc.assert(
      fc.property(any, (set) => {
        expect(completePolicies(set)).toEqual(set);
      }),
    );
  });
});
