import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailureType } from '../../../src/core/failure/classify.ts';
import { FAILURE_TYPES } from '../../../src/core/failure/classify.ts';
import type { RecoveryAction, RecoveryFacts } from '../../../src/core/failure/recovery-plan.ts';
import { planRecovery } from '../../../src/core/failure/recovery-plan.ts';

const NONE: RecoveryFacts = { controlActions: [], hasStandby: false, autoScalingEnabled: false };
const RESTART: RecoveryFacts = { ...NONE, controlActions: ['restart'] };
const FULL: RecoveryFacts = { controlActions: ['restart', 'scale_up'], hasStandby: true, autoScalingEnabled: true };

/** The kinds of action in order, a repetition of the same one counted once. */
const stepsOf = (failureType: FailureType, facts: RecoveryFacts): RecoveryAction[] =>
  planRecovery(failureType, facts)
    .map((planned) => planned.action)
    .filter((action, index, all) => action !== all[index - 1]);

describe('planRecovery', () => {
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
    ['timeout_failure', 'nobody scales it', { ...FULL, controlActions: ['restart'] }, ['switchover', 'restart']],
    ['timeout_failure', 'scaling, no restart', { ...FULL, controlActions: ['scale_up'] }, ['scale_up', 'alert']],
    ['timeout_failure', 'no standby', RESTART, ['restart']],
    ['timeout_failure', 'nothing', NONE, ['alert']],
    ['dependency_failure', 'everything', FULL, ['isolate']],
    ['dependency_failure', 'nothing', NONE, ['isolate']],
  ])('%s, %s', (failureType, _, facts, expected) => {
    expect(stepsOf(failureType, facts)).toEqual(expected);
  });

  it('restarts and alerts for an internal error', () => {
    expect(stepsOf('internal_error', RESTART).toSorted()).toEqual(['alert', 'restart']);
    expect(stepsOf('internal_error', NONE)).toEqual(['alert']);
  });

  const facts = fc.record<RecoveryFacts>({
    controlActions: fc.subarray(['restart', 'scale_up'] as const),
    hasStandby: fc.boolean(),
    autoScalingEnabled: fc.boolean(),
  });

  it('always plans something, and ends with an action that can prove the component', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAILURE_TYPES), facts, (failureType, given) => {
        const plan = planRecovery(failureType, given);
        expect(plan.at(-1)?.verifyMs).toBeGreaterThan(0);
      }),
    );
  });

  it('plans nothing that cannot be done', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAILURE_TYPES), facts, (failureType, given) => {
        const actions = stepsOf(failureType, given);
        if (!given.hasStandby) expect(actions).not.toContain('switchover');
        if (!given.controlActions.includes('restart')) expect(actions).not.toContain('restart');
        const scales = given.autoScalingEnabled && given.controlActions.includes('scale_up');
        if (!scales) expect(actions).not.toContain('scale_up');
      }),
    );
  });
});
