/** What would happen if a component failed now, as callers ask for it and see it. */
import * as z from 'zod';
import { ComponentIdSchema } from '../../core/component/registration.ts';
import { ActionSchema, ErrorSchema, FailureTypeSchema, PlannedActionSchema } from './failure.ts';

export const PreviewRequestSchema = z
  .strictObject({ componentId: ComponentIdSchema, error: ErrorSchema })
  .meta({ id: 'RecoveryPreviewRequest', description: 'What fails, and how.' });

const PreviewedStepSchema = z.object({
  action: ActionSchema,
  attempts: z.int(),
  backoffMs: z.int(),
  verifyMs: z.int(),
  verdict: z.enum(['act', 'alert-instead', 'leave-out', 'fail']),
  reason: z.string().nullable().meta({ description: 'Why it is not simply done.' }),
  heldBy: z
    .enum(['frozen', 'self-doubt', 'too-many'])
    .nullable()
    .meta({ description: 'What would hold it back if its turn came now.' }),
});

const OBSTACLES = [
  'below-threshold',
  'recovering',
  'superseded',
  'not-in-service',
  'shadowed',
  'cooling-down',
] as const;

export const RecoveryPreviewSchema = z
  .object({
    componentId: z.string(),
    componentType: z.string(),
    failureType: FailureTypeSchema,
    recentFailures: z.int().meta({ description: 'Within the window, this one included.' }),
    threshold: z.int(),
    historyAvailable: z.boolean().meta({ description: 'False: counted from what the registry remembers.' }),
    wouldBegin: z.boolean(),
    obstacle: z
      .object({ reason: z.enum(OBSTACLES), message: z.string() })
      .nullable()
      .meta({ description: 'Why no recovery would begin.' }),
    recoveryId: z.string().nullable().meta({ description: 'The one that is running.' }),
    steps: z.array(PreviewedStepSchema).meta({ description: 'Each action of the policy with what becomes of it.' }),
    plan: z.array(PlannedActionSchema).meta({ description: 'What is left of them: what the recovery would do.' }),
    nextCooldownMs: z.int().meta({ description: 'The pause if it failed, ms.' }),
  })
  .meta({ id: 'RecoveryPreview' });
