/** All that is known of how a component is. */
import * as z from 'zod';
import { AvailabilitySchema } from './availability.ts';
import { TimestampSchema } from './common.ts';
import { ComponentHealthSchema, DetectionSchema, HealthStatusSchema, LifecycleSchema } from './component.ts';

export const HealthReportSchema = ComponentHealthSchema.extend({
  checkStatus: HealthStatusSchema.meta({ description: 'What our checks say; `unknown` when nothing is checked.' }),
  heartbeatStatus: HealthStatusSchema.meta({ description: 'What its heartbeats say.' }),
  consecutiveFailures: z.int().meta({ description: 'Checks in a row that failed.' }),
  consecutiveSuccesses: z.int().meta({ description: 'Checks in a row that passed.' }),
  backSince: TimestampSchema.nullable().meta({
    description: 'Since when it is back: its share of the work grows from then on.',
  }),
  nextCheck: TimestampSchema.nullable().meta({ description: 'Null when nobody checks it.' }),
  heartbeatDue: TimestampSchema.nullable().meta({ description: 'Null when it declared no heartbeat.' }),
  detection: DetectionSchema,
  lifecycle: z.object({
    state: LifecycleSchema,
    since: TimestampSchema,
    until: TimestampSchema.nullable().meta({ description: 'When it ends by itself.' }),
    next: z.enum(['active', 'standby', 'removed']).nullable().meta({ description: 'What follows.' }),
    reason: z.string().nullable(),
  }),
  notRoutable: z
    .enum(['lifecycle', 'weight', 'unknown', 'unhealthy'])
    .nullable()
    .meta({ description: 'Why it is given no work at all; null when it may be.' }),
  recoveryId: z.string().nullable().meta({ description: 'The recovery that is running.' }),
  availability: AvailabilitySchema,
}).meta({ id: 'HealthReport' });
