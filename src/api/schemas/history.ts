/** How a component was: samples of its checks, and its transitions. */
import * as z from 'zod';
import { HealthStatusSchema } from './component.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';

const SampleSchema = z
  .object({
    kind: z.literal('sample'),
    at: TimestampSchema.meta({ description: 'When its time begins.' }),
    forMs: z.int().meta({ description: 'A minute; an hour of what is older than a day.' }),
    status: HealthStatusSchema.meta({ description: 'At its end.' }),
    checks: z.int(),
    failed: z.int(),
    responseTime: z
      .object({ min: z.number(), mean: z.number(), max: z.number() })
      .nullable()
      .meta({ description: 'ms, of the checks that passed.' }),
    availability: z
      .number()
      .nullable()
      .meta({ description: 'Percent of what was observed of it; null when nothing was.' }),
  })
  .meta({ id: 'HealthSample' });

const TransitionSchema = z
  .object({
    kind: z.literal('transition'),
    at: TimestampSchema,
    of: z.enum(['health', 'lifecycle']),
    from: z.string(),
    to: z.string(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Transition' });

export const HistoryPageSchema = pageOf(z.discriminatedUnion('kind', [SampleSchema, TransitionSchema]));

const time = z.iso.datetime({ offset: true }).optional();

export const HistoryQuerySchema = PageQuerySchema.extend({
  from: time.meta({ description: 'Nothing before.' }),
  to: time.meta({ description: 'Nothing at it or after.' }),
});
