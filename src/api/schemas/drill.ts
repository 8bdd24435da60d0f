/** Drills: a rehearsed failure, and how it went against what is promised. */
import * as z from 'zod';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { DRILL_WAYS } from '../../core/drill/active-drill.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';
import { RecoverySchema } from './failure.ts';

export const DrillRequestSchema = z
  .strictObject({
    componentId: ComponentIdSchema,
    way: z.enum(DRILL_WAYS).meta({
      description: 'What checks find of it: no connection, no answer, or a 503, though it answers as always.',
    }),
    execute: z.boolean().default(false).meta({
      description: 'True: its recovery really acts. False: each action says what it would have done.',
    }),
  })
  .meta({ id: 'DrillRequest' });

const DrillStepSchema = z.object({
  step: z.enum(['suspect', 'out-of-routing', 'unhealthy', 'recovery-started', 'switchover', 'proven']),
  afterMs: z.int().nullable().meta({ description: 'After the drill began; null: it has not come to that.' }),
  promisedMs: z.int().nullable().meta({ description: 'With default settings; null where nothing is promised.' }),
  passed: z.boolean().nullable(),
});

export const DrillSchema = z
  .object({
    id: z.string(),
    componentId: z.string(),
    componentType: z.string(),
    way: z.enum(DRILL_WAYS),
    execute: z.boolean(),
    outcome: z.enum(['running', 'proven', 'failed', 'timeout', 'cancelled', 'aborted']),
    passed: z.boolean().nullable().meta({ description: 'Proven, and every promise kept; null while it runs.' }),
    beganAt: TimestampSchema,
    until: TimestampSchema.meta({ description: 'It is over then at the latest.' }),
    liftedAt: TimestampSchema.nullable().meta({ description: 'When the failure ceased to be injected.' }),
    endedAt: TimestampSchema.nullable(),
    recoveryId: z.string().nullable(),
    steps: z.array(DrillStepSchema),
    actions: RecoverySchema.shape.actions.meta({
      description: 'What its recovery did, or would have done; empty in lists, and while the history is away.',
    }),
  })
  .meta({ id: 'Drill' });

export const DrillPageSchema = pageOf(DrillSchema);
export const DrillQuerySchema = PageQuerySchema.extend({ type: ComponentTypeSchema.optional() });
export type DrillResource = z.infer<typeof DrillSchema>;
