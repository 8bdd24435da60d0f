/** Wire schemas of drills: an injected failure, with measured and promised times. */
import * as z from 'zod';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { DRILL_MODES } from '../../core/drill/active-drill.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';
import { RecoverySchema } from './failure.ts';

export const DrillRequestSchema = z
  .strictObject({
    componentId: ComponentIdSchema,
    fault: z.enum(DRILL_MODES).meta({
      description:
        'Check result that the drill injects: connection refused, no response, or HTTP 503. The component runs on.',
    }),
    execute: z.boolean().default(false).meta({
      description:
        'True: the recovery performs its actions. False: dry run, each action only reports what it would do.',
    }),
  })
  .meta({ id: 'DrillRequest' });

const DrillStepSchema = z.object({
  step: z.enum(['suspect', 'out-of-routing', 'unhealthy', 'recovery-started', 'switchover', 'proven']),
  afterMs: z.int().nullable().meta({ description: 'Time since the start of the drill, ms. Null: not reached.' }),
  promisedMs: z.int().nullable().meta({ description: 'Promised time with default settings, ms. Null: no promise.' }),
  passed: z.boolean().nullable(),
});

export const DrillSchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    componentType: z.string(),
    fault: z.enum(DRILL_MODES),
    execute: z.boolean(),
    outcome: z.enum(['running', 'proven', 'failed', 'timeout', 'cancelled', 'aborted']),
    passed: z
      .boolean()
      .nullable()
      .meta({ description: 'True if the outcome is `proven` and every promise was kept. Null during the drill.' }),
    startedAt: TimestampSchema,
    until: TimestampSchema.meta({ description: 'The drill ends by then at the latest.' }),
    faultEndedAt: TimestampSchema.nullable().meta({
      description: 'End of the failure injection. Null while the failure is injected.',
    }),
    endedAt: TimestampSchema.nullable(),
    recoveryId: z.string().nullable(),
    steps: z.array(DrillStepSchema),
    actions: RecoverySchema.shape.actions.meta({
      description: 'Actions of the recovery, or of its dry run. Empty while the history is unavailable.',
    }),
  })
  .meta({ id: 'Drill' });

export const DrillPageSchema = pageOf(DrillSchema);
export const DrillQuerySchema = PageQuerySchema.extend({ type: ComponentTypeSchema.optional() });
export type DrillResource = z.infer<typeof DrillSchema>;
