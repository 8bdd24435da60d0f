/** System health and the event log as callers see them. */
import * as z from 'zod';
import { AvailabilitySchema } from './availability.ts';
import { TimestampSchema, pageOf } from './common.ts';
import { HealthStatusSchema } from './component.ts';
import { EventSchema } from './events/cloud-event.ts';

const CountsSchema = z.object({
  total: z.int(),
  healthy: z.int(),
  degraded: z.int(),
  unhealthy: z.int(),
  unknown: z.int(),
});

export const SystemHealthSchema = z
  .object({
    status: HealthStatusSchema,
    components: CountsSchema,
    byType: z.record(
      z.string(),
      CountsSchema.extend({
        status: HealthStatusSchema,
        routable: z.int().meta({ description: 'Components that may be given work right now.' }),
        availability: AvailabilitySchema.meta({
          description: 'Of the time in which anybody was known, percent in which somebody could be given work.',
        }),
      }),
    ),
    lastUpdate: TimestampSchema.nullable(),
    stale: z.boolean().meta({
      description: 'The coordinator cannot be reached: the last that was heard of it, as long ago as `ageMs` says.',
    }),
    ageMs: z.int(),
    issues: z.array(
      z.object({
        severity: z.enum(['warning', 'critical']),
        code: z.enum([
          'component-unhealthy',
          'component-degraded',
          'type-unavailable',
          'dependency-unavailable',
          'self-doubt',
          'capacity-exhausted',
          'registry-silent',
          'history-unavailable',
          'recovery-frozen',
          'webhook-failing',
          'coordinator-unreachable',
        ]),
        message: z.string(),
        type: z.string().nullable().meta({ description: 'Null where it is of no type in particular.' }),
        componentId: z.string().nullable(),
        since: TimestampSchema,
        affects: z.int().meta({
          description: 'Components that cannot work because of this one; they are no issue of their own.',
        }),
      }),
    ),
  })
  .meta({ id: 'SystemHealth' });

export type SystemHealthResource = z.infer<typeof SystemHealthSchema>;

export const EventPageSchema = pageOf(EventSchema);
