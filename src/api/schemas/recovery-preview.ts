/** Wire schemas of the recovery preview: what would follow if a component failed now. */
import * as z from 'zod';
import { ComponentIdSchema } from '../../core/component/registration.ts';
import { TimestampSchema } from './common.ts';
import { ActionSchema, ErrorSchema, FailureTypeSchema, PlannedActionSchema } from './failure.ts';

export const PreviewRequestSchema = z
  .strictObject({ componentId: ComponentIdSchema, error: ErrorSchema })
  .meta({ id: 'RecoveryPreviewRequest', description: 'Component and error of the hypothetical failure.' });

const PreviewedStepSchema = z.object({
  action: ActionSchema,
  attempts: z.int(),
  backoffMs: z.int(),
  verifyMs: z.int(),
  verdict: z.enum(['act', 'alert-instead', 'skip', 'fail']),
  reason: z
    .string()
    .nullable()
    .meta({ description: 'Why the step would not be performed as configured. Null for `act`.' }),
  blockedBy: z
    .enum(['frozen', 'self-doubt', 'mass-failure', 'too-many'])
    .nullable()
    .meta({ description: 'What would block the step if it were due now. Null without a block.' }),
});

const OBSTACLES = [
  'below-threshold',
  'recovering',
  'superseded',
  'not-in-service',
  'dependency-failed',
  'cooling-down',
] as const;

export const RecoveryPreviewSchema = z
  .object({
    componentId: z.string(),
    componentType: z.string(),
    failureType: FailureTypeSchema,
    recentFailures: z.int().meta({ description: 'Failures within `failureWindow`, including this one.' }),
    threshold: z.int(),
    wouldBegin: z.boolean(),
    obstacle: z
      .object({ reason: z.enum(OBSTACLES), message: z.string() })
      .nullable()
      .meta({ description: 'Why no recovery would begin. Null if one would.' }),
    recoveryId: z.string().nullable().meta({ description: 'Running recovery; null if none.' }),
    steps: z.array(PreviewedStepSchema).meta({ description: 'Each step of the policy with its verdict.' }),
    plan: z.array(PlannedActionSchema).meta({ description: 'Actions that the recovery would perform.' }),
    cooldownUntil: TimestampSchema.nullable().meta({
      description: 'No recovery of the component begins before, except for a drill. Null without a cooldown.',
    }),
    guard: z.object({ limit: z.int(), inUse: z.int(), waiting: z.int() }).meta({
      description:
        'Slots for restarts and scalings of the type: how many there are, how many are in use, and how many ' +
        'recoveries wait for one.',
    }),
    nextCooldownMs: z.int().meta({ description: 'Cooldown after the recovery if it failed, ms.' }),
    nextCooldownWhenWorkingMs: z
      .int()
      .meta({ description: 'Cooldown after the recovery if the component worked again, ms.' }),
  })
  .meta({ id: 'RecoveryPreview' });
