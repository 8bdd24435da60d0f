/** Schemas of the recovery settings: the policy for each failure type, and how long history is stored. */
import * as z from 'zod';
import { FAILURE_TYPES } from '../failure/classify.ts';
import type { FailureType } from '../failure/classify.ts';
import { ALERT_PRIORITIES } from '../incident/alert-route.ts';
import { RECOVERY_ACTIONS, isControlAction } from '../failure/recovery-policy.ts';
import { jsonObject } from '../json-schema.ts';
import { WEBHOOK_ID } from '../webhook/webhook.ts';
import { flag, ms, oneOf, integer } from './bounds.ts';

const MAX_ACTIONS = 8;
const MAX_PARAMETERS = 1_024;
const DAY_MS = 86_400_000;

const RecoveryStepSchema = z
  .strictObject({
    action: oneOf(RECOVERY_ACTIONS),
    attempts: integer(1, 5)
      .optional()
      .meta({ description: 'Maximum number of attempts until the action is accepted. Default: 3.' }),
    backoffMs: ms(100, 10_000)
      .optional()
      .meta({ description: 'Pause before the second attempt, doubled before each further one. Default: 500 ms.' }),
    verifyMs: ms(0, 3_600_000)
      .optional()
      .meta({
        description:
          'Time in which checks must verify the component after the action. Default: 60 000 ms. 0 continues at once, ' +
          'which is the default of `switchover` and `alert` unless they are last.',
      }),
    optional: flag().optional().meta({
      description: 'Skips the action, instead of failing, if it is impossible: no standby, or no control endpoint.',
    }),
    onlyIfPreviousSkipped: flag()
      .optional()
      .meta({ description: 'Performs the action only if the one before it was skipped.' }),
    parameters: jsonObject(MAX_PARAMETERS)
      .optional()
      .meta({ description: 'Sent to the endpoint that restarts or scales up.' }),
    durationMs: ms(1_000, 86_400_000)
      .optional()
      .meta({ description: 'Duration of the isolation. Default: 300 000 ms.' }),
    target: z
      .string()
      .regex(WEBHOOK_ID.pattern, WEBHOOK_ID.description)
      .optional()
      .meta({
        description:
          'Id of the webhook that receives the alert: an alert channel, or `alerts`. Without it every alert channel ' +
          'receives the alert, and also if the webhook is deleted or disabled or selects other components.',
      }),
    priority: oneOf(ALERT_PRIORITIES)
      .optional()
      .meta({
        description:
          'Shown in the incident, its events and messages. PagerDuty shows `info`, `warning`, `error` or `critical`. ' +
          'Without it the severity of the incident decides.',
      }),
  })
  .superRefine(({ action, parameters, durationMs, target, priority }, context) => {
    const refuse = (path: string, only: string): void =>
      context.addIssue({
        code: 'custom',
        path: [path],
        message: `only with ${only}, not with ${action}`,
        input: action,
      });
    if (parameters !== undefined && !isControlAction(action)) refuse('parameters', 'restart and scale_up');
    if (durationMs !== undefined && action !== 'isolate') refuse('durationMs', 'isolate');
    if (target !== undefined && action !== 'alert') refuse('target', 'alert');
    if (priority !== undefined && action !== 'alert') refuse('priority', 'alert');
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
        const message = 'above 0 for the last action: no later action could verify the component';
        context.addIssue({ code: 'custom', path: [actions.length - 1, 'verifyMs'], message, input: 0 });
      })
      .superRefine((actions, context) => {
        if (!actions[0]?.onlyIfPreviousSkipped) return;
        const message = 'not for the first action: there is none before it';
        context.addIssue({ code: 'custom', path: [0, 'onlyIfPreviousSkipped'], message, input: true });
      })
      .readonly()
      .meta({ description: 'Actions in the order in which they are tried, until one is verified.' }),
    cooldownMs: ms(0, DAY_MS)
      .optional()
      .meta({
        description:
          'Time after a failed recovery in which no other begins, doubled with each recovery in a row. A component ' +
          'that works again waits a fifth of it. Default: 300 000 ms.',
      }),
    maxCooldownMs: ms(0, DAY_MS)
      .optional()
      .meta({ description: 'Upper limit of the doubled cooldown. Default: 3 600 000 ms.' }),
  })
  .superRefine(({ cooldownMs, maxCooldownMs }, context) => {
    if (cooldownMs === undefined || maxCooldownMs === undefined || cooldownMs <= maxCooldownMs) return;
    const message = `at least cooldownMs: ${maxCooldownMs} with ${cooldownMs}`;
    context.addIssue({ code: 'custom', path: ['maxCooldownMs'], message, input: maxCooldownMs });
  })
  .meta({ id: 'RecoveryPolicy' });

const byFailureType = Object.fromEntries(FAILURE_TYPES.map((type) => [type, RecoveryPolicySchema])) as Record<
  FailureType,
  typeof RecoveryPolicySchema
>;

export const RecoveryPoliciesSchema = z.strictObject(byFailureType).partial().meta({ id: 'RecoveryPolicies' });

const days = () => integer(1, 3_650, ' days').optional();

export const RetentionSchema = z
  .strictObject({ failureDays: days(), recoveryDays: days(), incidentDays: days() })
  .meta({ id: 'Retention' });
