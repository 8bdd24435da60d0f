/** What one recovery can cause, whatever its component declares. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_TYPES } from '../../../src/core/failure/classify.ts';
import { planRecovery } from '../../../src/core/failure/recovery-plan.ts';
import { completePolicies, isControlAction } from '../../../src/core/failure/recovery-policy.ts';

const facts = fc.record({
  controlActions: fc.subarray(['restart', 'scale_up'] as const),
  hasStandby: fc.boolean(),
  autoScalingEnabled: fc.boolean(),
});

describe('a recovery with default settings', () => {
  it('has at most three actions, each with one event, and makes at most nine control calls', () => {
    const policies = completePolicies();
    fc.assert(
      fc.property(fc.constantFrom(...FAILURE_TYPES), facts, (failureType, given) => {
        const plan = planRecovery(policies[failureType], given);
        const calls = plan.filter(({ action }) => isControlAction(action)).map(({ attempts }) => attempts);
        expect(plan.length).toBeLessThanOrEqual(3);
        expect(calls.reduce((sum, attempts) => sum + attempts, 0)).toBeLessThanOrEqual(9);
      }),
    );
  });
});
