/** The settings of recovery: what is done about failures of each class, and how long history is kept. */
import * as z from 'zod';
import { FAILURE_TYPES } from '../failure/classify.ts';
import type { FailureType } from '../failure/classify.ts';
import { RECOVERY_ACTIONS, isRequested } from '../failure/recovery-policy.ts';
import { jsonObject } from '../json-schema.ts';
import { flag, ms, oneOf, whole } from './bounds.ts';

const MAX_ACTIONS = 8;
const MAX_PARAMETERS = 1_024;
const DAY_MS = 86_400_000;

const RecoveryStepSchema = z
  .strictObject({
    action: oneOf(RECOVERY_ACTIONS),
    attempts: whole(1, 5).optional().meta({ description: 'How often it is tried until it is accepted; 3.' }),
    backoffMs: ms(100, 10_000)
      .optional()
      .meta({ description: 'Before the second attempt, doubled before each further one; 500 ms.' }),
    verifyMs: ms(0, 3_600_000)
      .optional()
      .meta({
        description:
          'How long checks may take to prove the component after it; 60 000 ms. 0 goes on at once, as `switchover` and ' +
          '`alert` do that are not the last.',
      }),
    ifPossible: flag()
      .optional()
      .meta({ description: 'Left out where it cannot be done (no standby, nobody to ask), instead of failing.' }),
    insteadOfPrevious: flag().optional().meta({ description: 'Only where the action before it was left out.' }),
    parameters: jsonObject(MAX_PARAMETERS)
      .optional()
      .meta({ description: 'Passed on to whoever restarts or scales up.' }),
    forMs: ms(1_000, 86_400_000).optional().meta({ description: 'How long it is isolated; 300 000 ms.' }),
  })
  .superRefine(({ action, parameters, forMs }, context) => {
    const refuse = (path: string, only: string): void =>
      context.addIssue({
        code: 'custom',
        path: [path],
        message: `only with ${only}, not with ${action}`,
        input: action,
      });
    if (parameters !== undefined && !isRequested(action)) refuse('parameters', 'restart and scale_up');
    if (forMs !== undefined && action !== 'isolate') refuse('forMs', 'isolate');
  })
  .meta({ id: 'RecoveryStep' });

const RecoveryPolicySchema = z
  .strictObject({
    actions: z
      .array(RecoveryStepSchema)
      .min(1, 'at least one action')
      .max(MAX_ACTIONS, `at most ${MAX_ACTIONS} actions`)
      .superRefine((actions, context) => {
        if (actions.at(-1)?.verifyMs !== 0) return;
        const message = 'above 0 for the last action: nothing after it could prove the component';
        context.addIssue({ code: 'custom', path: [actions.length - 1, 'verifyMs'], message, input: 0 });
      })
      .superRefine((actions, context) => {
        if (!actions[0]?.insteadOfPrevious) return;
        const message = 'not for the first action: there is none before it';
        context.addIssue({ code: 'custom', path: [0, 'insteadOfPrevious'], message, input: true });
      })
      .readonly()
      .meta({ description: 'In the order in which they are tried until one is proven.' }),
    cooldownMs: ms(0, DAY_MS).optional().meta({
      description: 'None begins for so long after one that failed, doubled with each that fails in a row; 300 000 ms.',
    }),
    maxCooldownMs: ms(0, DAY_MS).optional().meta({ description: 'What that grows to at most; 3 600 000 ms.' }),
  })
  .superRefine(({ cooldownMs, maxCooldownMs }, context) => {
    if (cooldownMs === undefined || maxCooldownMs === undefined || cooldownMs <= maxCooldownMs) return;
    const message = `at least cooldownMs: ${maxCooldownMs} with ${cooldownMs}`;
    context.addIssue({ code: 'custom', path: ['maxCooldownMs'], message, input: maxCooldownMs });
  })
  .meta({ id: 'RecoveryPolicy' });

const byClass = Object.fromEntries(FAILURE_TYPES.map((type) => [type, RecoveryPolicySchema])) as Record<
  FailureType,
  typeof RecoveryPolicySchema
>;

export const RecoveryPoliciesSchema = z.strictObject(byClass).partial().meta({ id: 'RecoveryPolicies' });

const days = () => whole(1, 3_650, ' days').optional();

export const RetentionSchema = z
  .strictObject({ failureDays: days(), recoveryDays: days(), incidentDays: days() })
  .meta({ id: 'Retention' });
