/** Wire schema of the health report of a component. */
import * as z from 'zod';
import { AvailabilitySchema } from './availability.ts';
import { TimestampSchema } from './common.ts';
import { ComponentHealthSchema, DetectionSchema, HealthStatusSchema, LifecycleSchema } from './component.ts';

export const HealthReportSchema = ComponentHealthSchema.extend({
  checkStatus: HealthStatusSchema.meta({ description: 'Status by health checks. `unknown` without a health check.' }),
  heartbeatStatus: HealthStatusSchema.meta({ description: 'Status by heartbeats.' }),
  consecutiveFailures: z.int().meta({ description: 'Failed checks in a row.' }),
  consecutiveSuccesses: z.int().meta({ description: 'Successful checks in a row.' }),
  slowStartSince: TimestampSchema.nullable().meta({
    description: 'Start of the slow start, in which the share of the component grows. Null: no slow start.',
  }),
  nextCheck: TimestampSchema.nullable().meta({ description: 'Null without a health check.' }),
  heartbeatDue: TimestampSchema.nullable().meta({ description: 'Null without a heartbeat in the registration.' }),
  detection: DetectionSchema,
  lifecycle: z.object({
    state: LifecycleSchema,
    since: TimestampSchema,
    until: TimestampSchema.nullable().meta({ description: 'Time at which the state ends by itself. Null: no end.' }),
    next: z.enum(['active', 'standby', 'removed']).nullable().meta({ description: 'State that follows at `until`.' }),
    reason: z.string().nullable(),
  }),
  notRoutable: z
    .enum(['lifecycle', 'weight', 'unknown', 'unhealthy'])
    .nullable()
    .meta({ description: 'Why the component gets no work at all. Null if it may get work.' }),
  recoveryId: z.string().nullable().meta({ description: 'Running recovery; null if none.' }),
  availability: AvailabilitySchema,
}).meta({ id: 'HealthReport' });
