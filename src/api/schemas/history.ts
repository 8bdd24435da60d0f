/** Wire schemas of the health history of a component: samples and transitions. */
import * as z from 'zod';
import { HealthStatusSchema } from './component.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';

const SampleSchema = z
  .object({
    kind: z.literal('sample'),
    at: TimestampSchema.meta({ description: 'Start of the sampled period.' }),
    durationMs: z
      .int()
      .meta({ description: 'Length of the sampled period, ms: a minute, or an hour if older than a day.' }),
    status: HealthStatusSchema.meta({ description: 'Status at the end of the period.' }),
    checks: z.int(),
    failed: z.int(),
    responseTime: z
      .object({ min: z.number(), mean: z.number(), max: z.number() })
      .nullable()
      .meta({ description: 'Response times of the successful checks, ms.' }),
    availability: z
      .number()
      .nullable()
      .meta({ description: 'Percent of the observed time. Null if nothing was observed.' }),
  })
  .meta({ id: 'HealthSample' });

const TransitionSchema = z
  .object({
    kind: z.literal('transition'),
    at: TimestampSchema,
    field: z.enum(['health', 'lifecycle']),
    from: z.string(),
    to: z.string(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Transition' });

export const HistoryPageSchema = pageOf(z.discriminatedUnion('kind', [SampleSchema, TransitionSchema]));

const time = z.iso.datetime({ offset: true }).optional();

export const HistoryQuerySchema = PageQuerySchema.extend({
  from: time.meta({ description: 'Only entries at or after this time, ISO 8601.' }),
  to: time.meta({ description: 'Only entries before this time, ISO 8601.' }),
});
